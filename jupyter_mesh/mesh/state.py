"""What gateways share where there are several, and each has by itself where there is one."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass

from ..config import CacheRule, Config
from ..errors import MeshError, StoreUnavailable
from ..spi.cache import Cache
from ..spi.limits import Limits
from ..spi.similar import SimilarQuestions
from ..storage.cache_seal import CacheSeal, key_in
from ..storage.memory_cache import MemoryCache
from ..storage.memory_limits import MemoryLimits
from ..storage.memory_similar import MemorySimilar
from ..storage.redis_cache import RedisCache
from ..storage.redis_limits import LEASE_SECONDS, RedisLimits
from ..storage.redis_similar import RedisSimilar
from ..storage.secrets import Secrets
from ..storage.shared import Shared

_log = logging.getLogger("jupyter_mesh")
_CHANGES = "changes"
"""The channel on which gateways tell each other that what is configured was changed."""
RENEW_SECONDS = LEASE_SECONDS / 3


@dataclass(slots=True, kw_only=True)
class State:
    """The parts that are either in this process or in Redis.

    Attributes:
        shared: None where this gateway is alone.
    """

    limits: Limits
    cache: Cache
    similar: SimilarQuestions
    shared: Shared | None = None

    def resize(self, rule: CacheRule) -> None:
        """Keep no more answers and questions than this."""
        self.cache.resize(rule.exact.max_entries, rule.exact.max_bytes)
        self.similar.resize(rule.semantic.max_entries)

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

    async def announce(self) -> None:
        """Tell the other gateways that what is configured was changed. Without it, or where Redis
        is gone, they find out when they next look.
        """
        if self.shared is not None:
            with suppress(StoreUnavailable):
                await self.shared.publish(_CHANGES)

    async def follow(self, refresh: Callable[[], Awaitable[None]]) -> None:
        """Call `refresh` whenever another gateway announces a change, until this is cancelled."""

        async def told() -> None:
            try:
                await refresh()
            except MeshError as error:
                _log.warning("A change cannot be taken over yet: %s", error)

        if self.shared is not None:
            await self.shared.listen(_CHANGES, told)

    async def aclose(self) -> None:
        """Tell Redis what was given back, and leave."""
        if isinstance(self.limits, RedisLimits):
            await self.limits.aclose()
        if self.shared is not None:
            await self.shared.aclose()


async def open_state(config: Config, secrets: Secrets) -> State:
    """The state of a gateway. A Redis that does not answer is tried again while the gateway runs.

    Raises:
        ConfigError: What `shared` says cannot be used.
    """
    rule, exact = config.shared, config.cache.exact
    questions = config.cache.semantic.max_entries
    if rule.url is None:
        return State(
            limits=MemoryLimits(),
            cache=MemoryCache(exact.max_entries, exact.max_bytes),
            similar=MemorySimilar(questions),
        )
    url = rule.url if "://" in rule.url else await asyncio.to_thread(secrets.resolve, rule.url)
    password = rule.password and await asyncio.to_thread(secrets.resolve, rule.password)
    shared = Shared(url, password, rule.prefix)
    await shared.connect()
    seal = CacheSeal(await asyncio.to_thread(key_in, secrets))
    return State(
        limits=RedisLimits(shared),
        cache=RedisCache(shared, seal, exact.max_entries, exact.max_bytes),
        similar=RedisSimilar(shared, seal, questions),
        shared=shared,
    )
