"""Users of the Hub by their names, as it says to the service itself."""

from __future__ import annotations

import time
from collections.abc import Callable

from .answers import HubAnswers
from .hub_api import HubApi, HubUser


class HubUsers(HubAnswers):
    """Args:
    api: The Hub.
    token: Of the service, which may read users' groups.
    cache_seconds: How old an answer may be.
    clock: Seconds; any beginning, never backwards.
    """

    def __init__(
        self,
        api: HubApi,
        token: str,
        cache_seconds: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        async def ask(name: str) -> HubUser | None:
            return await api.named(name, token)

        super().__init__(ask, api.url, cache_seconds, clock)

    async def knows(self, name: str) -> bool:
        """Whether there is such a user. Raises as `find`."""
        return await self.find(name) is not None
