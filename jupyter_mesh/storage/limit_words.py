"""What callers are told who have reached a limit: the same however limits are counted."""

from __future__ import annotations

from math import ceil
from typing import Literal

from ..errors import LimitExceeded

_SLOT_WAIT = 1.0
"""Seconds after which a call of one's own may have ended: nobody knows."""


def too_many(what: Literal["requests", "tokens"], wait: float) -> LimitExceeded:
    """Of a rate, with the seconds until there is room again: rounded up, so that there is."""
    return LimitExceeded(
        f"Too many {what} per minute for your share of this limit; try again in {ceil(wait)} s.",
        retry_after=ceil(wait * 100) / 100,
    )


def all_running(parallel: int) -> LimitExceeded:
    """Of calls at once."""
    return LimitExceeded(
        f"{parallel} calls of yours are running already; wait for one to end.",
        retry_after=_SLOT_WAIT,
    )
