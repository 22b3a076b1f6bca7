"""The contract of all providers, kept by those of OpenAI's shape."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import ClassVar

from jupyter_mesh.providers.ai21 import AI21
from jupyter_mesh.providers.azure_openai import AzureOpenAI
from jupyter_mesh.providers.databricks import Databricks
from jupyter_mesh.providers.huggingface_inference import HuggingFaceInference
from jupyter_mesh.providers.nvidia_nim import NvidiaNim
from jupyter_mesh.providers.openai_vendor import OpenAIVendor
from jupyter_mesh.providers.snowflake import Snowflake
from jupyter_mesh.spi.provider import Provider
from jupyter_mesh.testing.contracts import ProviderContract
from jupyter_mesh.testing.fake_upstream import Behaviour, Dialect, FakeUpstream
from jupyter_mesh.testing.fake_vendors import (
    AI21Dialect,
    AzureDialect,
    DatabricksDialect,
    HuggingFaceDialect,
    NimDialect,
    SnowflakeDialect,
)
from tests.providers.vendor_connections import SECRET, connect


class VendorContract(ProviderContract):
    """The contract, over a fake of the vendor."""

    kind: ClassVar[type[OpenAIVendor]]
    path: ClassVar[str] = ""
    settings: ClassVar[dict[str, object]] = {}
    fake: FakeUpstream

    @abstractmethod
    def dialect(self) -> Dialect:
        """The vendor's."""

    def upstream(self) -> FakeUpstream:
        return self.fake

    @asynccontextmanager
    async def open(self) -> AsyncGenerator[Provider]:
        async with FakeUpstream(self.dialect(), api_key=SECRET) as self.fake:
            self.fake.default = Behaviour(piece_delay=0.005)
            provider = connect(self.kind, self.fake, self.path, **self.settings)
            yield provider
            await provider.aclose()

    async def assert_upstream_closed(self, provider: Provider) -> None:
        for received in self.fake.requests:
            await self.fake.wait_for(received)


class TestAzureOpenAI(VendorContract):
    title = "Azure OpenAI"
    kind = AzureOpenAI
    model = "my-gpt"
    embedding_model = "my-embedding"
    completion_model = "my-gpt"

    def dialect(self) -> Dialect:
        return AzureDialect()


class TestAzureOpenAIByDeployment(TestAzureOpenAI):
    settings: ClassVar[dict[str, object]] = {"api_version": "2024-10-21"}


class TestNvidiaNim(VendorContract):
    title = "NVIDIA NIM"
    kind = NvidiaNim
    path = "/v1"
    model = "meta/llama-3.3-70b-instruct"
    embedding_model = "nvidia/nv-embedqa-e5-v5"
    rerank_model = "nvidia/llama-3.2-nv-rerankqa-1b-v2"
    completion_model = "meta/llama-3.3-70b-instruct"

    def dialect(self) -> Dialect:
        return NimDialect()


class TestDatabricks(VendorContract):
    title = "Databricks (MosaicML)"
    kind = Databricks
    model = "databricks-claude-sonnet-4"
    embedding_model = "databricks-gte-large-en"
    completion_model = "my-completions"
    cannot = frozenset({"seed", "penalties"})

    def dialect(self) -> Dialect:
        return DatabricksDialect()


class TestDatabricksGateway(TestDatabricks):
    path = "/ai-gateway/mlflow/v1"


class TestAI21(VendorContract):
    title = "AI21"
    kind = AI21
    path = "/studio/v1"
    model = "jamba-large"
    cannot = frozenset(
        {
            *("seed", "penalties", "logprobs", "images", "image URLs", "JSON schema", "n"),
            *("tool choice", "reasoning effort", "list of models"),
        }
    )

    def dialect(self) -> Dialect:
        return AI21Dialect()


class TestSnowflake(VendorContract):
    title = "Snowflake Cortex"
    kind = Snowflake
    path = "/api/v2/cortex/v1"
    model = "claude-sonnet-4-5"
    embedding_model = "snowflake-arctic-embed-m-v1.5"
    settings: ClassVar[dict[str, object]] = {"account": "my-org"}
    cannot = frozenset(
        {"seed", "penalties", "n", "logprobs", "embedding dimensions", "list of models"}
    )

    def dialect(self) -> Dialect:
        return SnowflakeDialect()


class TestHuggingFaceInference(VendorContract):
    title = "Hugging Face Inference"
    kind = HuggingFaceInference
    path = "/v1"
    model = "meta-llama/Llama-3.3-70B-Instruct"
    embedding_model = "intfloat/multilingual-e5-large"
    cannot = frozenset({"embedding dimensions"})

    def dialect(self) -> Dialect:
        return HuggingFaceDialect()
