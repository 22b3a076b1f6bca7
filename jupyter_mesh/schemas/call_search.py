"""Which recorded calls somebody asks for, and which of them they may see."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Literal, TypeAlias

View: TypeAlias = Literal["own", "team", "all"]
"""One's own calls; those of the groups one may see too; everybody's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Whose:
    """The calls that somebody may see: those of `user` and those made in one of `groups`.

    With neither: everybody's.
    """

    user: str | None = None
    groups: frozenset[str] = frozenset()

    def includes(self, user: str, groups: frozenset[str]) -> bool:
        """Whether a call of `user`, made as a member of `groups`, is among them."""
        if self.user is None and not self.groups:
            return True
        return user == self.user or not self.groups.isdisjoint(groups)


EVERYBODY = Whose()


@dataclass(frozen=True, slots=True, kw_only=True)
class CallSearch:
    """What is asked for; every field that is set must match.

    Attributes:
        model: `connection/name` of what answered; where nothing did, the name that was asked for.
        since: The call began then or later; `until`: before.
        min_cost: USD; calls without a known price do not match.
        has_finding: Whether a guard found something.
        verdict: What a guard did: `redact`, `block` or `alert`.
        finding: What a guard found, such as `EMAIL_ADDRESS`, or the guard's name.
        tag: Name and value of a tag; a value that is no text is written as JSON.
    """

    user: str | None = None
    group: str | None = None
    application: str | None = None
    model: str | None = None
    connection: str | None = None
    purpose: str | None = None
    outcome: str | None = None
    document: str | None = None
    key: str | None = None
    operation: str | None = None
    error_code: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    min_cost: Decimal | None = None
    has_finding: bool | None = None
    verdict: str | None = None
    finding: str | None = None
    tag: tuple[str, str] | None = None


ALL_CALLS = CallSearch()
