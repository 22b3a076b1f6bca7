"""Names in a configuration that must stand for something, as far as that is known without asking
anybody.
"""

from __future__ import annotations

import difflib
import os
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from fnmatch import fnmatchcase
from functools import cache
from importlib.metadata import entry_points
from importlib.util import find_spec
from typing import TYPE_CHECKING

from .providers.discover import OFFERED

if TYPE_CHECKING:
    from .config import Config
    from .schemas.guard_rules import Target
    from .schemas.policy import Scope

_BUILT_IN = ("patterns", "secrets")
PRESIDIO_VARIABLE = "JUPYTER_MESH_PRESIDIO"
"""`off`: do as if Presidio were not installed."""


def standard_detectors() -> tuple[str, ...]:
    """What `standard` stands for: patterns and secrets, and Presidio where it is installed."""
    if os.environ.get(PRESIDIO_VARIABLE) == "off" or not _presidio_is_there():
        return _BUILT_IN
    return (*_BUILT_IN, "presidio")


@cache
def _presidio_is_there() -> bool:
    """Looked up without loading it, which takes a second."""
    registered = entry_points(group="jupyter_mesh.guard.v1", name="presidio")
    return bool(registered) and find_spec("presidio_analyzer") is not None


def near(name: str, valid: Iterable[str]) -> str:
    """` (did you mean 'x'?)`, or the list of valid names."""
    names = sorted(valid)
    # `limit` is `limit_usd`, however near `on_limit` looks.
    longer = [full for full in names if full.startswith(f"{name}_")]
    close = longer or difflib.get_close_matches(name, names, n=1)
    if close:
        return f" (did you mean {close[0]!r}?)"
    return f" (there are: {', '.join(names) or 'none'})"


def wrong_names(config: Config) -> Iterator[str]:
    """Each name that stands for nothing, with its place and the nearest valid one. A rule for it
    would never apply, and nobody would notice.
    """
    yield from _wrong_aliases(config)
    yield from _wrong_guards(config)
    yield from _wrong_targets(config)
    yield from _globs_for_groups(config)
    yield from _wrong_keys(config)
    yield from _wrong_embedding(config)
    yield from _wrong_use_cases(config)
    yield from _wrong_purposes(config)
    yield from _wrong_accounts(config)
    yield from _wrong_raises(config)
    if (name := config.default_model) is not None and name not in config.aliases:
        models = _Models(config, OFFERED if config.offers else ())
        if fault := models.fault_of(name):
            yield f"default_model: {fault}"


def doubtful_names(config: Config) -> Iterator[str]:
    """Each name in `groups` that stands for nothing yet: a model may come later."""
    models = _Models(config, OFFERED if config.offers else ())
    for name, rule in config.groups.items():
        for glob in rule.allow:
            aliases = [alias for alias in config.aliases if fnmatchcase(alias, glob)]
            if not aliases and not models.may_match(glob):
                known = {*config.aliases, *models.listed}
                yield f"groups.{name}.allow: {glob!r} matches nothing yet{near(glob, known)}"
            for alias in aliases:
                behind = config.aliases[alias].models
                if not any(fnmatchcase(model, one) for model in behind for one in rule.allow):
                    yield (
                        f"groups.{name}.allow: {alias!r} is allowed, but none of the models "
                        f"behind it ({', '.join(behind)})"
                    )
    for place, scope in _scopes(config):
        # A group may also come from the Hub or from who signs in.
        if scope.group not in (None, "*", *config.groups):
            yield f"{place}.scope: no group {scope.group!r} here{near(scope.group, config.groups)}"

    yield from _doubtful_callers(config)


def _doubtful_callers(config: Config) -> Iterator[str]:
    """Groups and applications that a guard rule is for, and that nobody here has."""
    # Keys are also made later, each with an application of its own.
    known = {"notebook", *(key.application for key in config.keys if key.application)}
    known.update(one.application for one in config.use_cases.values())
    for place, target in _callers(config):
        if target.group not in (None, *config.groups):
            hint = near(target.group, config.groups)
            yield f"{place}.group: no group {target.group!r} here{hint}"
        wanted = target.application
        if wanted is not None and not any(fnmatchcase(one, wanted) for one in known):
            yield f"{place}.application: no application {wanted!r} here yet{near(wanted, known)}"


def _callers(config: Config) -> Iterator[tuple[str, Target]]:
    for n, rule in enumerate(config.screening):
        yield f"screening[{n}].for", rule.target
    for n, rule in enumerate(config.moderation):
        yield f"moderation[{n}].for", rule.target


def _globs_for_groups(config: Config) -> Iterator[str]:
    for place, target in _callers(config):
        group = target.group
        if group is not None and group not in config.groups and set(group) & set("*?["):
            yield f"{place}.group: a group is named in full, so {group!r} is none"


def _scopes(config: Config) -> Iterator[tuple[str, Scope]]:
    for n, rule in enumerate(config.budgets):
        yield f"budgets[{n}]", rule.scope
    for n, rule in enumerate(config.limits):
        yield f"limits[{n}]", rule.scope


def _wrong_raises(config: Config) -> Iterator[str]:
    budgets = {rule.name: rule for rule in config.all_budgets if rule.name}
    for name, rule in config.raises.items():
        budget = budgets.get(rule.budget)
        if budget is None:
            hint = near(rule.budget, budgets)
            yield f"raises.{name}.budget: no budget has the name {rule.budget!r}{hint}"
        elif rule.share is not None and not _has_share(budget.scope, rule.share):
            yield f"raises.{name}.share: {rule.budget!r} has no share {rule.share!r}"


def _has_share(scope: Scope, share: str) -> bool:
    """Whether a budget of this scope may be apart for `share`, such as `user=ada`."""
    wanted = scope.model_dump(include={"user", "application", "key", "group"}, exclude_none=True)
    parts = [one.partition("=") for one in share.split("&")]
    named = {field: value for field, _, value in parts}
    return named.keys() == wanted.keys() and all(
        wanted[field] in ("*", value) for field, value in named.items()
    )


def _wrong_purposes(config: Config) -> Iterator[str]:
    models = _Models(config, OFFERED if config.offers else ())
    for name, rule in config.groups.items():
        for glob in rule.purposes_for:
            if not models.may_match(glob):
                hint = near(glob, models.listed or models.connections)
                yield f"groups.{name}.purposes_for: there is no model {glob!r}{hint}"


class _Models:
    """What `connection/model` may stand for.

    Args:
        config: Where connections are written, with the models they list; without a list nobody
            knows yet.
        offered: Connections that may come without being written.
    """

    def __init__(self, config: Config, offered: Iterable[str] = ()) -> None:
        self._written = config.connections.keys()
        self._lists: dict[str, Mapping[str, object]] = {
            **{name: {} for name in offered},
            **{name: rule.models for name, rule in config.connections.items()},
        }

    @property
    def connections(self) -> set[str]:
        """Their names."""
        return set(self._lists)

    def near(self, connection: str) -> str:
        """What may have been meant by one that is not there; what is only offered is not listed."""
        if difflib.get_close_matches(connection, self._lists, n=1):
            return near(connection, self._lists)
        if not self._written:
            return " (no connection is written here)"
        return near(connection, self._written)

    @property
    def listed(self) -> set[str]:
        """The models that are written."""
        return {f"{name}/{model}" for name, models in self._lists.items() for model in models}

    def fault_of(self, id: str) -> str | None:
        """Why `id` is no model; None when it may be one."""
        connection, _, model = id.partition("/")
        models = self._lists.get(connection)
        if models is None:
            return f"{id!r} needs a connection {connection!r}{self.near(connection)}"
        if models and model not in models:
            return f"{connection!r} lists no model {model!r}{near(model, models)}"
        return None

    def may_match(self, glob: str) -> bool:
        """Whether a name or glob may match a model."""
        head, slash, _ = glob.partition("/")
        for name, models in self._lists.items():
            if any(fnmatchcase(f"{name}/{model}", glob) for model in models):
                return True
            if not models and (("*" in head) or (slash and fnmatchcase(name, head))):
                return True
        return False


def _wrong_aliases(config: Config) -> Iterator[str]:
    models = _Models(config)
    for alias, rule in config.aliases.items():
        if "/" in alias:
            yield f"aliases.{alias}: an alias has no slash; that is for `connection/model`"
        for model in rule.models:
            if fault := models.fault_of(model):
                yield f"aliases.{alias}: {fault}"


def _wrong_embedding(config: Config) -> Iterator[str]:
    rule = config.cache.semantic
    if not rule.enabled or rule.embedding is None:
        return
    connection, _, model = rule.embedding.partition("/")
    models = config.connections[connection].models if connection in config.connections else {}
    if fault := _Models(config).fault_of(rule.embedding):
        yield f"cache.semantic.embedding: {fault}"
    elif model not in models or not models[model].internal:
        yield (
            f"cache.semantic.embedding: {rule.embedding!r} must be listed under its connection as "
            "`internal: true`, so that nobody else uses it"
        )


def fault_of_asked(config: Config, id: str) -> str | None:
    """Why the mesh itself could not ask `connection/model`; None when it may be able to."""
    if fault := _Models(config).fault_of(id):
        return fault
    connection, _, model = id.partition("/")
    listed = config.connections[connection].models
    if model in listed and not listed[model].internal:
        return f"{id!r} must be listed under its connection as `internal: true`"
    return None


def _wrong_guards(config: Config) -> Iterator[str]:
    detectors = {"standard", *standard_detectors(), *config.guards}
    for n, rule in enumerate(config.screening):
        for name in rule.detectors:
            if name not in detectors:
                yield f"screening[{n}]: no detector {name!r}{near(name, detectors)}"
    for n, rule in enumerate(config.moderation):
        if rule.guard is not None and rule.guard not in config.guards:
            yield f"moderation[{n}]: no guard {rule.guard!r}{near(rule.guard, config.guards)}"
        for name in rule.detectors:
            if name not in detectors:
                yield f"moderation[{n}]: no detector {name!r}{near(name, detectors)}"


def _wrong_targets(config: Config) -> Iterator[str]:
    models = _Models(config, OFFERED if config.offers else ())
    for place, connection, model in _targets(config):
        if connection and not any(fnmatchcase(one, connection) for one in models.connections):
            hint = models.near(connection)
            yield f"{place}.connection: there is no {connection!r}{hint}"
        if model and not models.may_match(model):
            hint = near(model, models.listed or models.connections)
            yield f"{place}.model: there is no {model!r}{hint}"


def _targets(config: Config) -> Iterator[tuple[str, str | None, str | None]]:
    """(place, connection, model) of every rule that is for some of them only."""
    for n, rule in enumerate(config.screening):
        yield f"screening[{n}].for", rule.target.connection, rule.target.model
    for n, rule in enumerate(config.moderation):
        yield f"moderation[{n}].for", rule.target.connection, rule.target.model
    for n, rule in enumerate(config.budgets):
        yield f"budgets[{n}].scope", rule.scope.connection, rule.scope.model
    for n, rule in enumerate(config.limits):
        yield f"limits[{n}].scope", rule.scope.connection, rule.scope.model


def _wrong_keys(config: Config) -> Iterator[str]:
    holders: dict[str, list[str]] = {}
    for key in config.keys:
        holders.setdefault(key.hash, []).append(repr(key.name))
    for names in holders.values():
        if len(names) > 1:
            yield f"keys: {' and '.join(names)} have one hash, so nobody could tell them apart"
    for name, times in Counter(key.name for key in config.keys).items():
        if times > 1:
            yield f"keys: {times} keys are called {name!r}; each needs a name of its own"


def _wrong_use_cases(config: Config) -> Iterator[str]:
    declared: dict[tuple[str, str | None], list[str]] = {}
    for name, rule in config.use_cases.items():
        declared.setdefault((rule.application, rule.purpose), []).append(repr(name))
    for (application, purpose), names in declared.items():
        if len(names) > 1:
            use = f"{application!r} for {'any purpose' if purpose is None else repr(purpose)}"
            yield f"use_cases: {' and '.join(names)} are both {use}; declare it once"


def _wrong_accounts(config: Config) -> Iterator[str]:
    for name, rule in config.service_accounts.items():
        if name == "*" or not name:
            yield f"service_accounts: {name!r} is no name of a user"
        if rule.owner in config.service_accounts:
            yield f"service_accounts.{name}.owner: {rule.owner!r} is a program; name a person"
