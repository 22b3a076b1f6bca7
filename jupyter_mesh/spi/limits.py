"""Where limits are counted: in one process, or for all gateways together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from ..errors import LimitExceeded
from ..schemas.frozen import frozen
from ..schemas.policy import LimitRule


@frozen
class Share:
    """One share of one limit that a call falls under.

    Attributes:
        name: Of the rule and of whose share it is; the same in every gateway.
        slot: Whether it needs one of the rule's parallel slots; a call made for another one that
            has one does not.
    """

    name: str
    rule: LimitRule
    slot: bool = True


@frozen
class Left:
    """What is left of a share in this minute, below zero where more was used; None: no such limit.

    Attributes:
        share: Of which.
        requests: After this call.
        tokens: After what this call may need.
    """

    share: Share
    requests: float | None
    tokens: float | None


class Grant(Protocol):
    """What a call has of every share it falls under."""

    @property
    def left(self) -> Sequence[Left]:
        """What is left for others, a share each."""
        ...

    def end(self, tokens: int) -> None:
        """Give the slots back; `tokens` is what the call has used in place of what it was granted.
        Awaits nothing, since a call may end by being cancelled.
        """
        ...


class Limits(Protocol):
    """Counts requests and tokens in buckets that hold a minute's allowance and refill evenly, and
    parallel calls in slots.
    """

    async def take(self, shares: Sequence[Share], tokens: int) -> Grant:
        """Wait until every share has room for one more call of at most `tokens`, but in none longer
        than its rule's `wait_seconds`.

        Raises:
            LimitExceeded: One has no room in time; nothing is held.
            LimitsUnavailable: Nobody knows; the call must not be made.
        """
        ...

    def closed(self, shares: Sequence[Share]) -> LimitExceeded | None:
        """Why `take` would refuse one more call at once, whatever it needs; None where it might
        not. Asks nobody: what this process counts itself, or was told by its latest refusals.
        """
        ...
