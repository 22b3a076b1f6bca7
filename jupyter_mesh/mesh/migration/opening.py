"""To whom what is taken over is open, and what else opens with it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from ...schemas.policy import GroupRule
from .hub_policy import HubPolicy

if TYPE_CHECKING:
    from .plan import PlannedObject

_THERE = ("new", "replace", "same")


def allowed_by(objects: Sequence[PlannedObject]) -> list[str]:
    """What a group allows that opens everything that is taken over."""
    there = [one for one in objects if one.verdict in _THERE]
    connections = [f"{one.name}/*" for one in there if one.kind == "connections"]
    return [*connections, *(one.name for one in there if one.kind == "aliases")]


def notices_of(objects: Sequence[PlannedObject], before: HubPolicy, after: HubPolicy) -> list[str]:
    """What an admin should know before it is set."""
    return [*_connections(objects, after), *_groups(objects, before, after)]


def _connections(objects: Sequence[PlannedObject], after: HubPolicy) -> Iterator[str]:
    groups = after.config.groups
    names = [one.name for one in objects if one.kind == "connections" and one.taken]
    for name in names:
        if not groups:
            yield (
                f"connections {name}: the hub has no groups, so it is open to everybody there; "
                "--group NAME opens it to a group."
            )
            continue
        opening = sorted(group for group, rule in groups.items() if _opens(rule, name))
        said = f"open to {', '.join(opening)}" if opening else "open to no group yet"
        yield f"connections {name}: {said}."


def _groups(objects: Sequence[PlannedObject], before: HubPolicy, after: HubPolicy) -> Iterator[str]:
    taken = [one.name for one in objects if one.kind == "groups" and one.taken]
    if taken and not before.config.groups:
        yield (
            "The hub has no groups yet, so everything is open to everybody. With the first one, "
            "people may use only what their groups allow."
        )
    for name in taken:
        rule, old = after.config.groups[name], before.config.groups.get(name)
        more = sorted(
            one
            for one in before.config.connections
            if _opens(rule, one) and (old is None or not _opens(old, one))
        )
        if more:
            yield f"groups {name}: it also opens the hub's own {', '.join(more)}."


def _opens(rule: GroupRule, connection: str) -> bool:
    """Whether it opens a model of this connection."""
    return any(fnmatchcase(connection, glob.partition("/")[0]) for glob in rule.allow)
