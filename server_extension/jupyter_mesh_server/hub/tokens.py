"""Whose a token is, as the Hub says."""

from __future__ import annotations

import time
from collections.abc import Callable

from .answers import HubAnswers
from .hub_api import HubApi, HubUser


class HubTokens(HubAnswers):
    """Args:
    api: The Hub.
    cache_seconds: How old an answer may be.
    clock: Seconds; any beginning, never backwards.
    """

    def __init__(
        self, api: HubApi, cache_seconds: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        super().__init__(api.whose, api.url, cache_seconds, clock)

    async def owner(self, token: str, *, now: bool = False) -> HubUser | None:
        """Whose it is; None where the Hub does not know it. Takes and raises what `find` does."""
        return await self.find(token, now=now)
