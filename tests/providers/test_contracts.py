"""The shipped contract, kept by the providers in this package that need no model on disk."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from jupyter_mesh.providers.echo import Echo, EchoConfig
from jupyter_mesh.spi.provider import Provider
from jupyter_mesh.testing.attempts import provider_context
from jupyter_mesh.testing.contracts import ProviderContract
from jupyter_mesh.testing.fake_openai import Behaviour, FakeOpenAI
from tests.providers.conftest import connect


class TestOpenAICompatible(ProviderContract):
    title = "OpenAI and compatible"
    model = "fake-model"
    embedding_model = "fake-embedding"
    rerank_model = "fake-reranker"
    completion_model = "fake-model"
    fake: FakeOpenAI

    def upstream(self) -> FakeOpenAI:
        return self.fake

    @asynccontextmanager
    async def open(self) -> AsyncGenerator[Provider]:
        async with FakeOpenAI() as fake:
            fake.default = Behaviour(piece_delay=0.005)
            self.fake = fake
            provider = connect(fake)
            yield provider
            await provider.aclose()

    async def assert_upstream_closed(self, provider: Provider) -> None:
        if self.fake.requests:  # a call cancelled at once may never have been sent
            await self.fake.wait_for(self.fake.requests[-1])
            assert self.fake.requests[-1].end == "client_gone"


class TestEcho(ProviderContract):
    model = "echo"
    embedding_model = "echo"
    completion_model = "echo"
    cannot = frozenset({"tools", "parallel tools", "tool choice", "logprobs"})

    @asynccontextmanager
    async def open(self) -> AsyncGenerator[Provider]:
        provider = Echo(EchoConfig(delay_ms=0), provider_context())
        yield provider
        await provider.aclose()
