"""Cohere keeps the shipped contract, over the wire."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from jupyter_mesh.providers.cohere import Cohere
from jupyter_mesh.providers.cohere_config import CohereConfig
from jupyter_mesh.spi.provider import Provider
from jupyter_mesh.testing.attempts import provider_context
from jupyter_mesh.testing.contracts import ProviderContract
from jupyter_mesh.testing.fake_cohere import Behaviour, FakeCohere
from jupyter_mesh.testing.secrets import StaticSecrets

SECRET = "co-test-0123456789abcdefABCDEF"


def connect(fake: FakeCohere, **settings: object) -> Cohere:
    """A provider that talks to `fake`, with a key."""
    config = CohereConfig.model_validate(
        {"base_url": fake.base_url, "api_key": "env:CO_API_KEY", **settings}
    )
    secrets = StaticSecrets({"env:CO_API_KEY": SECRET})
    return Cohere(config, provider_context(secrets=secrets))


class TestCohere(ProviderContract):
    title = "Cohere"
    model = "command-a-03-2025"
    embedding_model = "embed-v4.0"
    rerank_model = "rerank-v3.5"
    cannot = frozenset({"n", "safety blocks", "reasoning tokens"})
    fake: FakeCohere

    def upstream(self) -> FakeCohere:
        return self.fake

    @asynccontextmanager
    async def open(self) -> AsyncGenerator[Provider]:
        async with FakeCohere(api_key=SECRET) as fake:
            fake.default = Behaviour(piece_delay=0.005)
            self.fake = fake
            provider = connect(fake)
            yield provider
            await provider.aclose()

    async def assert_upstream_closed(self, provider: Provider) -> None:
        if self.fake.requests:  # a call cancelled at once may never have been sent
            await self.fake.wait_for(self.fake.requests[-1])
            assert self.fake.requests[-1].end == "client_gone"
