"""Who may wait at a limit, and what those are told who may not: the same however it is counted."""

from __future__ import annotations

from math import ceil
from typing import Literal

from ..errors import LimitExceeded

MOST_WAITING = 32
"""Calls of one share that wait for a slot in one gateway; further ones are refused at once, so that
whoever sends more than they may makes nobody else wait.
"""
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
