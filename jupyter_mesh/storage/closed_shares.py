"""Shares of limits that will refuse the next call too, as a gateway knows without asking Redis."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..errors import LimitExceeded
from ..schemas.policy import LimitRule
from ..spi.limits import Share
from .limit_words import all_running, too_many

_LONGEST = 1.0
"""Seconds after which Redis is asked all the same: it may have lost what it held."""
_LONGEST_SLOTS = 0.2
"""The same where slots are taken: another gateway's may come free at any time."""
_MOST_REMEMBERED = 10_000


@dataclass(frozen=True, slots=True)
class _Closed:
    """A share that has refused a call.

    Attributes:
        rule: As it was then.
        until: Before this a further call would be refused, too.
        room: When the bucket of requests has one for a further call, behind those who wait; None:
            it is the slots that are taken.
    """

    rule: LimitRule
    until: float
    room: float | None


class ClosedShares:
    """What the latest refusals tell of the calls to come. Times are those of one monotonic clock.

    Who waits for a slot and leaves the line, or for a rate and leaves without, must `reopen` it.
    """

    def __init__(self) -> None:
        self._closed: dict[str, _Closed] = {}

    def rate_is_used_up(self, share: Share, wait: float, now: float) -> None:
        """A bucket of requests has no room for `wait` seconds: nobody takes from it what refills
        it, so that a call that comes earlier than its rule waits has to be refused as well.
        """
        until = now + min(wait - share.rule.wait_seconds, _LONGEST)
        self._close(share.name, _Closed(share.rule, until, now + wait))

    def queue_is_full(self, share: Share, now: float) -> None:
        """No slot is free, and as many calls wait for one here as may."""
        self._close(share.name, _Closed(share.rule, now + _LONGEST_SLOTS, None))

    def reopen(self, name: str) -> None:
        """One that waited at the share waits no more, so that there may be room earlier."""
        self._closed.pop(name, None)

    def refusal(self, shares: Sequence[Share], now: float) -> LimitExceeded | None:
        """What a call of these shares would be told now; None: Redis has to be asked."""
        if not self._closed:
            return None
        for share in shares:
            found = self._closed.get(share.name)
            if found is None:
                continue
            if found.until <= now or found.rule != share.rule:
                del self._closed[share.name]
            elif found.room is not None:
                return too_many("requests", found.room - now)
            else:
                return all_running(share.rule.parallel or 0)
        return None

    def _close(self, name: str, closed: _Closed) -> None:
        if len(self._closed) >= _MOST_REMEMBERED:
            self._closed.clear()
        self._closed[name] = closed
