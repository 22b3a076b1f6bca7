"""Who calls with which API key."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from ..config import KeyRule
from ..schemas.principal import Principal, Scope

_SCOPES = frozenset({Scope.USE, Scope.CONFIGURE, Scope.READ_USAGE})


@dataclass(frozen=True, slots=True)
class KeyHolder:
    """A key and whoever brings it."""

    rule: KeyRule
    principal: Principal
    expires: datetime | None


def key_holders(rules: Iterable[KeyRule]) -> dict[str, KeyHolder]:
    """Holders by the hash of their key."""
    return {
        rule.hash: KeyHolder(rule, _principal(rule), in_utc(rule.expires) if rule.expires else None)
        for rule in rules
    }


def in_utc(moment: datetime) -> datetime:
    """A moment in UTC; one without a zone is taken to be."""
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


def _principal(rule: KeyRule) -> Principal:
    return Principal(
        user=rule.user,
        groups=frozenset(rule.groups),
        scopes=_SCOPES | {Scope.AUDIT, Scope.ADMIN} if rule.admin else _SCOPES,
        via="key",
        application=rule.application,
        key_id=rule.name,
        models=rule.models or None,
        purpose=rule.purpose,
    )
