"""What gateways share where there are several, and each has by itself where there is one."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from ..config import Config
from ..spi.limits import Limits
from ..spi.secrets import SecretStore
from ..storage.memory_cache import MemoryCache
from ..storage.memory_limits import MemoryLimits
from ..storage.redis_limits import LEASE_SECONDS, RedisLimits
from ..storage.shared import Shared

RENEW_SECONDS = LEASE_SECONDS / 3


@dataclass(slots=True, kw_only=True)
class State:
    """The parts that are either in this process or in Redis.

    Attributes:
        shared: None where this gateway is alone.
    """

    limits: Limits
    cache: MemoryCache
    shared: Shared | None = None

    @property
    def fault(self) -> str | None:
        """Why what is shared is not there; None: it is, or nothing is shared."""
        return self.shared.fault if self.shared else None

    async def renew(self) -> None:
        """Hold on to what running calls have of what is shared; to be done every `RENEW_SECONDS`.

        Raises:
            StoreUnavailable: Redis does not answer.
        """
        if isinstance(self.limits, RedisLimits):
            await self.limits.renew()

    async def aclose(self) -> None:
        """Tell Redis what was given back, and leave."""
        if isinstance(self.limits, RedisLimits):
            await self.limits.aclose()
        if self.shared is not None:
            await self.shared.aclose()


async def open_state(config: Config, secrets: SecretStore) -> State:
    """The state of a gateway. A Redis that does not answer is tried again while the gateway runs.

    Raises:
        ConfigError: What `shared` says cannot be used.
    """
    rule, exact = config.shared, config.cache.exact
    cache = MemoryCache(max_entries=exact.max_entries, max_bytes=exact.max_bytes)
    if rule.url is None:
        return State(limits=MemoryLimits(), cache=cache)
    url = rule.url if "://" in rule.url else await asyncio.to_thread(secrets.resolve, rule.url)
    password = rule.password and await asyncio.to_thread(secrets.resolve, rule.password)
    shared = Shared(url, password, rule.prefix)
    await shared.connect()
    return State(limits=RedisLimits(shared), cache=cache, shared=shared)
