"""How far texts go to be looked through, and rules that say how far they may."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from fnmatch import fnmatchcase

from ..config import Config, standard_detectors
from ..errors import ConfigError
from ..schemas.catalog import Residency
from ..schemas.guard_rules import ModerationRule, ScreeningRule, Target
from ..spi.guard import Guard
from .plugins import Plugins

_NEAREST_FIRST = (Residency.LOCAL, Residency.REGION, Residency.EXTERNAL)


def reach(guard: Guard, config: Config, plugins: Plugins) -> Residency:
    """How far the texts go that `guard` is shown: its own service, or the models it asks."""
    asked = (_of_connection(model.partition("/")[0], config, plugins) for model in guard.asks)
    return max((guard.residency, *asked), key=_far)


def farthest(guards: Iterable[Guard], config: Config, plugins: Plugins) -> Residency:
    """How far the texts go that all of `guards` are shown."""
    return max((reach(one, config, plugins) for one in guards), key=_far, default=Residency.LOCAL)


def check_text_stays(config: Config, guards: Mapping[str, Guard], plugins: Plugins) -> list[str]:
    """Where texts go farther to be looked through than to be answered although no rule says that
    they may, in words.

    Raises:
        ConfigError: A rule uses a guard that shows texts to somebody farther away than it lets
            them go.
    """
    doubts: list[str] = []
    for place, rule, name in _uses(config):
        goes = reach(guards[name], config, plugins)
        if rule.text_stays is not None and _far(goes) > _far(Residency(rule.text_stays)):
            raise ConfigError(
                f"{place}: `text_stays` is {rule.text_stays!r}, but the guard {name!r} shows the "
                f"text to a service that is {goes.value!r}. Use another guard, or say so under "
                "`text_stays`."
            )
        nearer = sorted(_nearer(rule.target, goes, config, plugins))
        if rule.text_stays is None and nearer:
            doubts.append(
                f"{place}: what is meant for {', '.join(nearer)} is shown to the guard {name!r}, "
                f"which is {goes.value!r}. Say so with `text_stays: {goes.value}`, or say under "
                "`for` which models the rule is for."
            )
    return doubts


def _uses(config: Config) -> Iterator[tuple[str, ScreeningRule | ModerationRule, str]]:
    """Each rule, with its place, and each guard it uses."""
    for number, rule in enumerate(config.screening):
        for name in _named(rule.detectors):
            yield f"screening[{number}]", rule, name
    for number, rule in enumerate(config.moderation):
        for name in _named(rule.guards):
            yield f"moderation[{number}]", rule, name


def _named(guards: Iterable[str]) -> Iterator[str]:
    for name in guards:
        yield from standard_detectors() if name == "standard" else (name,)


def _nearer(target: Target, goes: Residency, config: Config, plugins: Plugins) -> Iterator[str]:
    """The connections that a rule covers and that are nearer than its texts go."""
    if goes is Residency.LOCAL:
        return
    model = (target.model or "*").partition("/")[0]
    for name in config.connections:
        is_covered = fnmatchcase(name, target.connection or "*") and fnmatchcase(name, model)
        residency = _of_connection(name, config, plugins)
        if is_covered and target.residency in (None, residency) and _far(goes) > _far(residency):
            yield name


def _of_connection(name: str, config: Config, plugins: Plugins) -> Residency:
    """Where a connection is; one that is not there, or does not load, may be anywhere."""
    rule = config.connections.get(name)
    if rule is None:
        return Residency.EXTERNAL
    if rule.residency is not None:
        return rule.residency
    try:
        is_local = plugins.provider(rule.provider).local
    except ConfigError:  # told where the connection is made
        return Residency.EXTERNAL
    return Residency.LOCAL if is_local else Residency.EXTERNAL


def _far(residency: Residency) -> int:
    return _NEAREST_FIRST.index(residency)
