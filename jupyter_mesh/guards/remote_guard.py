"""What guards share that are services: they begin with a connection, and end with it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Iterable
from typing import TypeVar

from ..outbound.authorization import (
    Authorization,
    KeyHeader,
    NoAuthorization,
    TokenHeader,
    secret_of,
)
from ..outbound.azure_identity import EntraTokens
from ..outbound.faults import Faults
from ..schemas.catalog import Residency
from ..spi.guard import Guard, GuardConfig, GuardTools
from .remote_config import AzureConfig, RemoteGuardConfig
from .remote_service import RemoteService

Result = TypeVar("Result")


class RemoteGuard(Guard):
    """A guard that is a service over HTTP."""

    Config: type[GuardConfig] = RemoteGuardConfig
    faults_type: type[Faults] = Faults
    """Names failures as this service says them."""

    def __init__(self, config: GuardConfig) -> None:
        super().__init__(config)
        assert isinstance(config, RemoteGuardConfig)
        self._remote = config
        self._service: RemoteService | None = None

    @property
    def residency(self) -> Residency:
        return self._remote.residency

    @property
    def asks(self) -> tuple[str, ...]:
        return ()

    @property
    def service(self) -> RemoteService:
        """The service, once this guard has started."""
        assert self._service is not None, "the guard has not started"
        return self._service

    def start(self, name: str, tools: GuardTools) -> None:
        who = f"The guard {name!r}"
        authorization = self.authorization(who, tools)
        self._service = RemoteService(name, self._remote, tools, authorization, self.faults_type)

    async def aclose(self) -> None:
        if self._service is not None:
            await self._service.aclose()

    def authorization(self, who: str, tools: GuardTools) -> Authorization:
        """Who asks: by default a bearer token, where one is configured."""
        if self._remote.api_key is None:
            return NoAuthorization()
        return KeyHeader(tools.secrets, self._remote.api_key)


def azure_authorization(settings: AzureConfig, who: str, tools: GuardTools) -> Authorization:
    """Who asks a service of Azure AI."""
    if settings.api_key is not None:
        return KeyHeader(
            tools.secrets, settings.api_key, header="Ocp-Apim-Subscription-Key", scheme=""
        )
    assert settings.identity is not None
    secret = settings.client_secret
    tokens = EntraTokens(
        settings.identity,
        settings.scope,
        who,
        tenant_id=settings.tenant_id,
        client_id=settings.client_id,
        client_secret=None if secret is None else lambda: secret_of(tools.secrets, secret),
        known_values=tools.secrets.known_values,
    )
    return TokenHeader(tokens.fetch)


async def together(asked: Iterable[Awaitable[Result]]) -> list[Result]:
    """All results in order; with the first failure the rest is given up."""
    tasks = [asyncio.ensure_future(one) for one in asked]
    try:
        return await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
