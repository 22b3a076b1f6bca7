"""Which budgets and limits a call falls under, and the name of its share in each."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TypeAlias

from ..schemas.policy import Scope
from ..schemas.principal import Principal
from .snapshot import Candidate

Caller: TypeAlias = tuple[str, str, str | None]
"""All of a caller, but for the groups, that tells which shares are theirs."""


def caller(principal: Principal) -> Caller:
    """User, application and key."""
    return principal.user, principal.application, principal.key_id


def shares(scope: Scope, principal: Principal, groups: frozenset[str]) -> tuple[str, ...]:
    """The keys of the caller's shares, such as `user=ada`; none when the scope does not apply to
    the caller.

    `*` gives everyone a share apart, and so each group: whoever is in two has two. A name gives one
    share to all it names. Connection and model are judged per candidate, by `reaches`.
    """
    parts: list[str] = []
    for name, wanted, actual in (
        ("user", scope.user, principal.user),
        ("application", scope.application, principal.application),
        ("key", scope.key, principal.key_id),
    ):
        if wanted is None:
            continue
        if actual is None or (wanted != "*" and wanted != actual):
            return ()
        parts.append(f"{name}={actual}")
    if scope.group is None:
        return ("&".join(parts),)
    own = sorted(groups) if scope.group == "*" else groups & {scope.group}
    return tuple("&".join([*parts, f"group={group}"]) for group in own)


def reaches(scope: Scope, candidate: Candidate) -> bool:
    """Whether a scope's connection and model (names or globs) cover `candidate`."""
    facts = candidate.facts
    return (scope.connection is None or fnmatchcase(facts.connection, scope.connection)) and (
        scope.model is None or fnmatchcase(facts.id, scope.model)
    )
