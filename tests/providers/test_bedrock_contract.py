"""The contract of all providers, kept by Bedrock's with models of several makes."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from jupyter_mesh.spi.provider import Provider
from jupyter_mesh.testing.contracts import ProviderContract
from jupyter_mesh.testing.fake_bedrock import FakeBedrock
from tests.providers.bedrock_connection import KEYS, MODEL, OLD, connect

NEVER = frozenset({"seed", "penalties", "n", "logprobs", "image URLs", "reasoning tokens"})


class TestBedrock(ProviderContract):
    title = "AWS Bedrock"
    model = MODEL
    embedding_model = "amazon.titan-embed-text-v2:0"
    rerank_model = "cohere.rerank-v3-5:0"
    cannot = NEVER
    fake: FakeBedrock

    def upstream(self) -> FakeBedrock:
        return self.fake

    @asynccontextmanager
    async def open(self) -> AsyncGenerator[Provider]:
        async with FakeBedrock(keys=KEYS) as self.fake:
            provider = connect(self.fake)
            yield provider
            await provider.aclose()

    async def assert_upstream_closed(self, provider: Provider) -> None:
        for received in self.fake.requests:
            await self.fake.wait_for(received)


class TestBedrockOldClaude(TestBedrock):
    """Answers in JSON by way of a tool, and does not think."""

    model = OLD
    embedding_model = "cohere.embed-v4:0"
    rerank_model = "amazon.rerank-v1:0"
    cannot = NEVER | {"reasoning effort"}


class TestBedrockOpenWeights(TestBedrock):
    model = "openai.gpt-oss-120b-1:0"
    embedding_model = "amazon.nova-2-multimodal-embeddings-v1:0"
