"""The Redis that several gateways share: a deadline for every operation, and none while it is gone.

A Redis that hangs is worse than one that is gone. So each operation ends by its deadline, and after
a few failures no call waits for Redis any more: it is tried in the background until it answers.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, TypeAlias

from ..errors import ConfigError, StoreUnavailable
from .patience import patience

if TYPE_CHECKING:
    from redis.asyncio import BlockingConnectionPool, Redis

Argument: TypeAlias = "str | bytes | int | float"

RETRY_SECONDS = 1.0
"""How often a Redis that is gone is tried again, and what callers are told to wait."""
_DEADLINE = 1.0
_CONNECT_SECONDS = 10.0
_FAILURES = 3
_CONNECTIONS = 64

_log = logging.getLogger("jupyter_mesh")


class Script:
    """A Lua script: what it does, it does at once.

    Args:
        source: Its text.
    """

    def __init__(self, source: str) -> None:
        self.source = source
        self.sha = hashlib.sha1(source.encode(), usedforsecurity=False).hexdigest()


class Shared:
    """A pool of connections to one Redis.

    Args:
        url: `redis://` or `rediss://`, with host, port and number of the database.
        password: None where Redis asks for none.
        prefix: How every key begins.
        deadline: Seconds for one operation.

    Raises:
        ConfigError: The URL is not one, or the extra `redis` is not installed.
    """

    def __init__(
        self, url: str, password: str | None, prefix: str, deadline: float = _DEADLINE
    ) -> None:
        self._pool = _pool(url, password)
        self._redis = _client(self._pool)
        # In braces, so that a cluster keeps all of them where one script can reach them.
        self._prefix = f"{{{prefix}}}:"
        self._deadline = deadline
        self._failures = 0
        self._fault: str | None = None
        self._probing: asyncio.Task[None] | None = None
        self._returns: list[Callable[[], Awaitable[object]]] = []
        where = self._pool.connection_kwargs
        self.address = f"{where.get('host', 'localhost')}:{where.get('port', 6379)}"

    @property
    def fault(self) -> str | None:
        """Why it is not asked at the moment; None: it is."""
        return self._fault

    def key(self, *parts: str) -> str:
        """The name of a key in Redis."""
        return self._prefix + ":".join(parts)

    def on_return(self, work: Callable[[], Awaitable[object]]) -> None:
        """Do `work` when Redis is back, before anybody else is let in."""
        self._returns.append(work)

    async def connect(self) -> None:
        """See whether it answers; if not, it is tried again in the background."""
        try:
            await self._ask("PING")
        except StoreUnavailable as error:
            self._rest(error.__cause__)

    async def command(self, *parts: Argument) -> object:
        """One command.

        Raises:
            StoreUnavailable: Redis does not answer in time, or not as it should.
        """
        if self._fault is not None:
            raise self._gone()
        return await self._ask(*parts)

    async def run(
        self, script: Script, keys: Sequence[str], arguments: Sequence[Argument] = ()
    ) -> object:
        """One script. Raises as `command`."""
        if self._fault is not None:
            raise self._gone()
        return await self._evaluate(script, keys, arguments)

    async def restore(
        self, script: Script, keys: Sequence[str], arguments: Sequence[Argument]
    ) -> object:
        """`run`, also for those who are called because Redis is back."""
        return await self._evaluate(script, keys, arguments)

    async def publish(self, channel: str) -> None:
        """Tell everybody who listens. Raises as `command`."""
        await self.command("PUBLISH", self.key(channel), b"1")

    async def listen(self, channel: str, told: Callable[[], Awaitable[object]]) -> None:
        """Call `told` whenever something is published on `channel`, and after every interruption,
        for as long as this is awaited.
        """
        from redis.asyncio.client import PubSub
        from redis.exceptions import RedisError

        while True:
            try:
                async with PubSub(self._pool, ignore_subscribe_messages=True) as heard:
                    await heard.subscribe(self.key(channel))
                    await told()
                    while True:
                        if await heard.get_message(timeout=60.0) is not None:
                            await told()
            except (RedisError, OSError) as error:
                _log.debug("Nothing is heard from Redis: %s", error)
            await asyncio.sleep(RETRY_SECONDS)

    async def aclose(self) -> None:
        """Close the connections."""
        if self._probing is not None:
            self._probing.cancel()
            await asyncio.gather(self._probing, return_exceptions=True)
        await self._redis.aclose()
        await self._pool.disconnect()

    async def _evaluate(
        self, script: Script, keys: Sequence[str], arguments: Sequence[Argument]
    ) -> object:
        from redis.exceptions import NoScriptError

        try:
            return await self._ask("EVALSHA", script.sha, len(keys), *keys, *arguments)
        except StoreUnavailable as error:
            if not isinstance(error.__cause__, NoScriptError):
                raise
        return await self._ask("EVAL", script.source, len(keys), *keys, *arguments)

    async def _ask(self, *parts: Argument) -> object:
        from redis.exceptions import NoScriptError, RedisError

        try:
            async with patience(self._deadline):
                reply = await _execute(self._redis, parts)
        except NoScriptError as error:
            raise StoreUnavailable("The script is not known.") from error
        except (RedisError, OSError) as error:  # TimeoutError is an OSError
            self._failures += 1
            if self._failures >= _FAILURES:
                self._rest(error)
            raise self._gone(error) from error
        self._failures = 0
        return reply

    def _rest(self, error: BaseException | None) -> None:
        """Ask nothing more until it answers again."""
        if self._fault is None:
            self._fault = _reason(error)
            _log.error("Redis at %s %s; it is tried again.", self.address, self._fault)
            self._probing = asyncio.create_task(self._probe())

    async def _probe(self) -> None:
        while True:
            await asyncio.sleep(RETRY_SECONDS)
            try:
                await self._ask("PING")
                for work in self._returns:
                    await work()
            except StoreUnavailable:
                continue
            self._fault = None
            _log.warning("Redis at %s answers again.", self.address)
            return

    def _gone(self, error: BaseException | None = None) -> StoreUnavailable:
        reason = self._fault if error is None else _reason(error)
        return StoreUnavailable(
            f"The Redis at {self.address} that the gateways share {reason}.",
            retry_after=RETRY_SECONDS,
        )


def _reason(error: BaseException | None) -> str:
    """Half a sentence that quotes nothing that was sent."""
    from redis.exceptions import AuthenticationError

    if isinstance(error, AuthenticationError):
        return "refuses the password"
    if isinstance(error, TimeoutError) or "timeout" in type(error).__name__.lower():
        return "does not answer in time"
    if isinstance(error, OSError) or type(error).__name__ == "ConnectionError":
        return "cannot be reached"
    return f"answers with an error ({str(error).split(' ', 1)[0][:40]})"


def _execute(redis: Redis, parts: Sequence[Argument]) -> Awaitable[object]:
    return redis.execute_command(*parts)  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]


def _pool(url: str, password: str | None) -> BlockingConnectionPool:
    try:
        from redis.asyncio import BlockingConnectionPool
        from redis.asyncio.retry import Retry
        from redis.backoff import NoBackoff
    except ImportError as error:
        raise ConfigError(
            "`shared.url` needs Redis' client: pip install 'jupyter-mesh[redis]'"
        ) from error
    given = {} if password is None else {"password": password}
    try:
        return BlockingConnectionPool.from_url(  # pyright: ignore[reportUnknownMemberType]
            url,
            max_connections=_CONNECTIONS,
            # The deadline of each operation is shorter, and knows who is late.
            timeout=None,
            socket_timeout=None,
            socket_connect_timeout=_CONNECT_SECONDS,
            # Once: a connection from before Redis was started again is found out by using it.
            retry=Retry(NoBackoff(), 1),
            **given,
        )
    except (ValueError, TypeError):
        raise ConfigError(
            "`shared.url` must be redis://HOST:PORT/NUMBER, or rediss:// for TLS."
        ) from None


def _client(pool: BlockingConnectionPool) -> Redis:
    from redis.asyncio import Redis

    return Redis(connection_pool=pool)
