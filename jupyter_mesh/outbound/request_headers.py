"""The headers of each request to one vendor: fixed ones, who asks, and those the admin set."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Protocol

from .. import __version__
from ..errors import ProviderUnavailable
from ..spi.provider import Attempt
from ..spi.secrets import SecretStore
from .authorization import Authorization, secret_of
from .faults import Faults
from .http import Deadline
from .settings import SECRET_REFERENCES

_OF_EACH = {
    "Content-Type": "application/json",
    "Accept-Encoding": "identity",
    "User-Agent": f"jupyter-mesh/{__version__}",
}

_PART = 0.9
"""Of the time a call has, for credentials to come: the pipeline, which gives up on the call when
that time ends, would take it for one that was sent.
"""


class Addressed(Protocol):
    """Where requests go, and the headers that the admin set; values may be secret references."""

    @property
    def base_url(self) -> str: ...
    @property
    def headers(self) -> Mapping[str, str]: ...


class RequestHeaders:
    """Makes them.

    Args:
        settings: Of the connection.
        secrets: Where its secrets are.
        authorization: Shows who asks.
        of_vendor: Headers that every request to this vendor has.
    """

    def __init__(
        self,
        settings: Addressed,
        secrets: SecretStore,
        authorization: Authorization,
        of_vendor: Mapping[str, str],
    ) -> None:
        self._settings = settings
        self._secrets = secrets
        self._authorization = authorization
        self._fixed = {**_OF_EACH, **of_vendor}

    async def prepare(self, deadline: Deadline, faults: Faults) -> None:
        """Read what takes its time only once, such as a secret from a file.

        Raises:
            ConfigError: A secret is not there.
            ProviderUnavailable: It takes most of the time until `deadline`.
        """
        try:
            async with asyncio.timeout_at(_latest(deadline)):
                await asyncio.to_thread(self._read_secrets)
        except TimeoutError:
            raise _late(deadline, faults) from None

    async def of(
        self,
        path: str,
        body: bytes,
        deadline: Deadline,
        faults: Faults,
        *,
        attempt: Attempt | None = None,
        more: Mapping[str, str] | None = None,
        method: str = "POST",
    ) -> dict[str, str]:
        """Those of one request.

        Raises:
            ConfigError: A secret is not there.
            ProviderError: A token cannot be had, or not well before `deadline`: nothing was
                sent.
        """
        headers = {**self._fixed, **(more or {})}
        if attempt is not None:
            headers["X-Client-Request-Id"] = attempt.call_id
            if attempt.traceparent is not None:
                headers["traceparent"] = attempt.traceparent
        url = path if "://" in path else f"{self._settings.base_url}/{path}"
        if not self._authorization.waits:
            headers |= await self._authorization.headers(method, url, body)
        else:
            try:
                async with asyncio.timeout_at(_latest(deadline)):
                    headers |= await self._authorization.headers(method, url, body)
            except TimeoutError:
                raise _late(deadline, faults) from None
        for name, value in self._settings.headers.items():
            is_secret = value.startswith(SECRET_REFERENCES)
            headers[name] = secret_of(self._secrets, value) if is_secret else value
        return headers

    def _read_secrets(self) -> None:
        for value in self._settings.headers.values():
            if value.startswith(SECRET_REFERENCES):
                secret_of(self._secrets, value)
        self._authorization.prepare()


def _latest(deadline: Deadline) -> float:
    return deadline.at - (1 - _PART) * deadline.allowed


def _late(deadline: Deadline, faults: Faults) -> ProviderUnavailable:
    return ProviderUnavailable(
        f"{faults.who} got no credentials within {_PART * deadline.allowed:g} s, so nothing was "
        "sent. Try again in a moment; if it stays so, an admin should check where they come from."
    )
