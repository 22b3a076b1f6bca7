"""How a connection shows the vendor who asks: headers for each request, tokens kept fresh."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Iterable, Mapping

from ..errors import ConfigError
from ..schemas.frozen import frozen
from ..spi.secrets import SecretStore
from .fetched import Fetched

_EARLY = 300.0
"""Seconds before a token ends at which the next one is fetched."""

_SERVES = 5.0
"""Seconds before it ends until which a token is shown."""

_REMEMBERED = 4
"""Tokens that were shown and are kept out of messages: a slow answer may be about an older one."""


class Authorization(ABC):
    """Who asks. One instance for each connection, for many requests at once on one event loop."""

    @property
    def waits(self) -> bool:
        """Whether the next headers may have to be waited for; False: they are there at once."""
        return True

    @abstractmethod
    async def headers(self, method: str, url: str, body: bytes) -> Mapping[str, str]:
        """The headers to add to a request.

        Args:
            method: Upper case.
            url: The whole address.
            body: As it goes over the wire: some vendors want it signed.

        Raises:
            ConfigError: What it needs is not there.
            ProviderError: A token cannot be had.
        """

    def prepare(self) -> None:  # noqa: B027 - most have nothing to read
        """Read what takes its time, such as a secret from a file. Called in a thread.

        Raises:
            ConfigError: What it needs is not there.
        """

    def known_values(self) -> Iterable[str]:
        """Tokens that stand in no secret store, and must not stand in a message either."""
        return ()

    def forget(self, shown: Mapping[str, str]) -> None:  # noqa: B027 - a key gets no fresher
        """The vendor has refused what was shown: fetch a new token for the next request.

        Args:
            shown: The headers of the request: a late refusal is none of a newer token.
        """


class NoAuthorization(Authorization):
    """For servers that ask for nothing."""

    @property
    def waits(self) -> bool:
        return False

    async def headers(self, method: str, url: str, body: bytes) -> Mapping[str, str]:
        return {}


class KeyHeader(Authorization):
    """A key or token as it is, in a header.

    Args:
        secrets: Where it is.
        reference: Its name there.
        header: The header's name.
        scheme: What stands before it, such as `Bearer`; empty: nothing.
        others: Fixed headers beside it.
    """

    def __init__(
        self,
        secrets: SecretStore,
        reference: str,
        *,
        header: str = "Authorization",
        scheme: str = "Bearer",
        others: Mapping[str, str] | None = None,
    ) -> None:
        self._secrets = secrets
        self._reference = reference
        self._header = header
        self._before = f"{scheme} " if scheme else ""
        self._others = others or {}

    @property
    def waits(self) -> bool:
        return False

    async def headers(self, method: str, url: str, body: bytes) -> Mapping[str, str]:
        key = secret_of(self._secrets, self._reference)
        return {self._header: f"{self._before}{key}", **self._others}

    def prepare(self) -> None:
        secret_of(self._secrets, self._reference)


@frozen
class Token:
    """A token and when it ends, in seconds of `time.time()`."""

    value: str
    ends_at: float


class TokenHeader(Authorization):
    """A token that ends, fetched in a thread when it is needed and before it ends.

    Args:
        fetch: Gets a new one; it may block.
        header: The header's name.
        scheme: What stands before it, such as `Bearer`; empty: nothing.
        others: Fixed headers beside it.
    """

    def __init__(
        self,
        fetch: Callable[[], Token],
        *,
        header: str = "Authorization",
        scheme: str = "Bearer",
        others: Mapping[str, str] | None = None,
    ) -> None:
        self._header = header
        self._before = f"{scheme} " if scheme else ""
        self._others = others or {}
        self._fetched = Fetched(fetch, self._keep)
        self._shown: deque[str] = deque(maxlen=_REMEMBERED)

    @property
    def waits(self) -> bool:
        return self._left() <= _SERVES

    async def headers(self, method: str, url: str, body: bytes) -> Mapping[str, str]:
        return {self._header: f"{self._before}{await self._fresh()}", **self._others}

    def known_values(self) -> Iterable[str]:
        return tuple(self._shown)

    def forget(self, shown: Mapping[str, str]) -> None:
        token = self._fetched.value
        if token is not None and shown.get(self._header) == f"{self._before}{token.value}":
            self._fetched.drop()

    async def _fresh(self) -> str:
        token, left = self._fetched.value, self._left()
        if token is not None and left > _EARLY:
            return token.value
        if token is not None and left > _SERVES:  # nobody need wait
            self._fetched.start()
            return token.value
        return (await self._fetched.wait()).value

    def _left(self) -> float:
        """Seconds that the token serves."""
        token = self._fetched.value
        return 0.0 if token is None else token.ends_at - time.time()

    def _keep(self, token: Token) -> None:
        self._shown.append(token.value)


def secret_of(secrets: SecretStore, reference: str) -> str:
    """The secret, fit for a header.

    Raises:
        ConfigError: It is not there, or holds characters that no key has.
    """
    value = secrets.resolve(reference).strip()
    if not value.isprintable() or not value.isascii():
        raise ConfigError(
            f"The secret {reference} holds characters that no key has; store it again."
        )
    return value
