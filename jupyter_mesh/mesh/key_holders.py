"""Who calls with which API key: what the key says, and no more than its maker may still."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal, TypeAlias

from ..config import Config, KeyRule
from ..schemas.policy import GroupRule
from ..schemas.principal import Principal, Scope

Role: TypeAlias = Literal["user", "auditor", "admin"]

_USER = frozenset({Scope.USE, Scope.CONFIGURE, Scope.READ_USAGE})
_SCOPES: Mapping[Role, frozenset[Scope]] = {
    "user": _USER,
    "auditor": _USER | {Scope.AUDIT},
    "admin": _USER | {Scope.AUDIT, Scope.ADMIN},
}
_RANK: Mapping[Role, int] = {"user": 0, "auditor": 1, "admin": 2}


@dataclass(frozen=True, slots=True)
class KeyHolder:
    """A key and whoever brings it."""

    rule: KeyRule
    principal: Principal
    expires: datetime | None


def key_holders(config: Config, *, makers_are_known: bool = True) -> dict[str, KeyHolder]:
    """Holders by the hash of their key.

    Args:
        config: What is in force.
        makers_are_known: Whether the configuration says who is an admin; else, as where Jupyter's
            own login decides, a key keeps what it was given.
    """
    roles = _roles(config) if makers_are_known else None
    return {
        rule.hash: KeyHolder(
            rule, _principal(rule, config, roles), in_utc(rule.expires) if rule.expires else None
        )
        for rule in config.keys
        if (account := config.service_accounts.get(rule.user)) is None or account.enabled
    }


def in_utc(moment: datetime) -> datetime:
    """A moment in UTC; one without a zone is taken to be."""
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


def _principal(rule: KeyRule, config: Config, roles: Mapping[str, Role] | None) -> Principal:
    role, groups = _asked(rule), frozenset(rule.groups)
    if roles is not None and rule.maker is not None:
        makers = _role(roles, rule.maker)
        role = min(role, makers, key=_RANK.__getitem__)
        if makers != "admin":
            groups = frozenset(_still_in(rule.user, groups, config.groups))
    return Principal(
        user=rule.user,
        groups=groups,
        scopes=_SCOPES[role],
        via="key",
        application=rule.application,
        key_id=rule.name,
        models=rule.models or None,
        purpose=rule.purpose,
    )


def _asked(rule: KeyRule) -> Role:
    return "admin" if rule.admin else "auditor" if rule.auditor else "user"


def _still_in(user: str, groups: Iterable[str], known: Mapping[str, GroupRule]) -> Iterable[str]:
    """Those of `groups` that the user is in; a group the policy does not know opens nothing."""
    for name in groups:
        rule = known.get(name)
        if rule is not None and not {user, "*"}.isdisjoint(rule.members):
            yield name


def _roles(config: Config) -> dict[str, Role]:
    """What everybody may be by the configuration: by their groups, and by keys of theirs, as far as
    whoever made those may be it as well. Nobody is anything by a key they made for themselves.
    """
    roles: dict[str, Role] = {}
    for group in config.groups.values():
        for member in group.members:
            roles[member] = _higher(roles.get(member), group.role)
    changed = True
    while changed:
        changed = False
        for rule in config.keys:
            given = _asked(rule)
            if rule.maker is not None:
                given = min(given, _role(roles, rule.maker), key=_RANK.__getitem__)
            higher = _higher(roles.get(rule.user), given)
            if higher != roles.get(rule.user, "user"):
                roles[rule.user] = higher
                changed = True
    return roles


def _role(roles: Mapping[str, Role], user: str) -> Role:
    """What somebody may be, by their own name and as everybody."""
    return _higher(roles.get("*"), roles.get(user, "user"))


def _higher(one: Role | None, other: Role) -> Role:
    return max(one or "user", other, key=_RANK.__getitem__)
