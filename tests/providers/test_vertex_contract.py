"""Google Vertex AI keeps the shipped contract, over the wire."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from jupyter_mesh.providers.vertex import Vertex
from jupyter_mesh.providers.vertex_config import VertexConfig
from jupyter_mesh.spi.provider import Provider
from jupyter_mesh.testing.attempts import provider_context
from jupyter_mesh.testing.contracts import ProviderContract
from jupyter_mesh.testing.fake_gemini import Behaviour, FakeGemini
from jupyter_mesh.testing.secrets import StaticSecrets

TOKEN = "ya29.test-0123456789abcdefABCDEF"


def connect(fake: FakeGemini, **settings: object) -> Vertex:
    """A provider that talks to `fake`, with an access token unless told otherwise."""
    who = {} if "api_key" in settings else {"project": "p", "access_token": "env:TOKEN"}
    config = VertexConfig.model_validate({"base_url": fake.base_url, **who, **settings})
    secrets = StaticSecrets({"env:TOKEN": TOKEN, "env:KEY": "AIzaSy-test-0123456789"})
    return Vertex(config, provider_context(secrets=secrets))


class TestVertex(ProviderContract):
    title = "Google Vertex AI"
    model = "gemini-2.5-flash"
    embedding_model = "text-embedding-005"
    fake: FakeGemini

    def upstream(self) -> FakeGemini:
        return self.fake

    @asynccontextmanager
    async def open(self) -> AsyncGenerator[Provider]:
        async with FakeGemini(api_key=TOKEN) as fake:
            fake.default = Behaviour(piece_delay=0.005)
            self.fake = fake
            provider = connect(fake)
            yield provider
            await provider.aclose()

    async def assert_upstream_closed(self, provider: Provider) -> None:
        if self.fake.requests:  # a call cancelled at once may never have been sent
            await self.fake.wait_for(self.fake.requests[-1])
            assert self.fake.requests[-1].end == "client_gone"


class TestGemini3(TestVertex):
    """It insists on signatures, and is told levels of thought."""

    model = "gemini-3-pro-preview"
    embedding_model = "gemini-embedding-2"
