"""The contract of all providers, kept by Anthropic's."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from jupyter_mesh.spi.provider import Provider
from jupyter_mesh.testing.contracts import ProviderContract
from jupyter_mesh.testing.fake_anthropic import FakeAnthropic
from tests.providers.anthropic_connection import MODEL, SECRET, connect


class TestAnthropic(ProviderContract):
    title = "Anthropic"
    model = MODEL
    cannot = frozenset({"seed", "penalties", "n", "logprobs"})
    fake: FakeAnthropic

    def upstream(self) -> FakeAnthropic:
        return self.fake

    @asynccontextmanager
    async def open(self) -> AsyncGenerator[Provider]:
        async with FakeAnthropic(api_key=SECRET) as self.fake:
            provider = connect(self.fake)
            yield provider
            await provider.aclose()

    async def assert_upstream_closed(self, provider: Provider) -> None:
        for received in self.fake.requests:
            await self.fake.wait_for(received)
