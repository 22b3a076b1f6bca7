"""The vendors whose adapters are measured: the fake, our adapter, and the vendor's own client."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar

from jupyter_mesh.spi.provider import Provider, ProviderConfig
from jupyter_mesh.testing.attempts import provider_context
from jupyter_mesh.testing.fake_upstream import FakeUpstream
from jupyter_mesh.testing.secrets import StaticSecrets

KEY = "key-of-the-benchmark-0123456789"
PROMPT = "What is the median of a list, and how does it differ from the mean? " * 14
SECRETS = StaticSecrets({"env:KEY": KEY})


class Vendor(ABC):
    """One of them. The client is made once, as a program would."""

    name: ClassVar[str]
    model: ClassVar[str]

    @staticmethod
    @abstractmethod
    def fake() -> FakeUpstream:
        """What stands in for it."""

    @abstractmethod
    def provider(self, address: str) -> Provider:
        """Our adapter."""

    @abstractmethod
    def connect(self, address: str) -> None:
        """Make the vendor's client."""

    @abstractmethod
    async def whole(self) -> object:
        """A whole answer through it."""

    @abstractmethod
    async def streamed(self) -> int:
        """A stream through it; how many events came."""


def _provider(kind: type[Provider], settings: Mapping[str, object]) -> Provider:
    config: ProviderConfig = kind.Config.model_validate(settings)
    return kind(config, provider_context(secrets=SECRETS))


class OpenAI(Vendor):
    """The format that passes through unchanged."""

    name = "OpenAI"
    model = "gpt-4o-mini"
    _client: Any

    @staticmethod
    def fake() -> FakeUpstream:
        from jupyter_mesh.testing.fake_openai import FakeOpenAI

        return FakeOpenAI(api_key=KEY)

    def provider(self, address: str) -> Provider:
        from jupyter_mesh.providers.openai_compatible import OpenAICompatible

        return _provider(OpenAICompatible, {"base_url": f"{address}/v1", "api_key": "env:KEY"})

    def connect(self, address: str) -> None:
        import openai

        self._client = openai.AsyncOpenAI(base_url=f"{address}/v1", api_key=KEY, max_retries=0)

    async def whole(self) -> object:
        return await self._client.chat.completions.create(**self._asked())

    async def streamed(self) -> int:
        options = {"include_usage": True}
        stream = await self._client.chat.completions.create(
            **self._asked(), stream=True, stream_options=options
        )
        return len([event async for event in stream])

    def _asked(self) -> dict[str, Any]:
        return {"model": self.model, "messages": [{"role": "user", "content": PROMPT}]}


class Anthropic(Vendor):
    """Messages."""

    name = "Anthropic"
    model = "claude-sonnet-4-5"
    _client: Any

    @staticmethod
    def fake() -> FakeUpstream:
        from jupyter_mesh.testing.fake_anthropic import FakeAnthropic

        return FakeAnthropic(api_key=KEY)

    def provider(self, address: str) -> Provider:
        from jupyter_mesh.providers.anthropic import Anthropic as Adapter

        return _provider(Adapter, {"base_url": address, "api_key": "env:KEY"})

    def connect(self, address: str) -> None:
        import anthropic

        self._client = anthropic.AsyncAnthropic(base_url=address, api_key=KEY, max_retries=0)

    async def whole(self) -> object:
        return await self._client.messages.create(**self._asked())

    async def streamed(self) -> int:
        stream = await self._client.messages.create(**self._asked(), stream=True)
        return len([event async for event in stream])

    def _asked(self) -> dict[str, Any]:
        messages = [{"role": "user", "content": PROMPT}]
        return {"model": self.model, "max_tokens": 4096, "messages": messages}


class Bedrock(Vendor):
    """Converse, signed; the vendor's client is not asynchronous."""

    name = "AWS Bedrock"
    model = "anthropic.claude-3-haiku-20240307-v1:0"
    _client: Any
    _environment: ClassVar[dict[str, str]] = {
        "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
        "AWS_SECRET_ACCESS_KEY": KEY,
        "AWS_EC2_METADATA_DISABLED": "true",
    }

    @staticmethod
    def fake() -> FakeUpstream:
        from jupyter_mesh.testing.fake_bedrock import FakeBedrock, Keys

        return FakeBedrock(keys=Keys("AKIDEXAMPLE", KEY))

    def provider(self, address: str) -> Provider:
        import os

        from jupyter_mesh.providers.bedrock import Bedrock as Adapter

        os.environ.update(self._environment)
        return _provider(Adapter, {"base_url": address, "region": "us-east-1"})

    def connect(self, address: str) -> None:
        import boto3
        from botocore.config import Config

        self._client = boto3.client(
            "bedrock-runtime",
            region_name="us-east-1",
            endpoint_url=address,
            aws_access_key_id="AKIDEXAMPLE",
            aws_secret_access_key=KEY,
            config=Config(retries={"total_max_attempts": 1}, proxies={}),
        )

    async def whole(self) -> object:
        return self._client.converse(**self._asked())

    async def streamed(self) -> int:
        return len(list(self._client.converse_stream(**self._asked())["stream"]))

    def _asked(self) -> dict[str, Any]:
        return {
            "modelId": self.model,
            "messages": [{"role": "user", "content": [{"text": PROMPT}]}],
        }


class Vertex(Vendor):
    """Gemini."""

    name = "Google Vertex AI"
    model = "gemini-2.5-flash"
    _client: Any

    @staticmethod
    def fake() -> FakeUpstream:
        from jupyter_mesh.testing.fake_gemini import FakeGemini

        return FakeGemini(api_key=KEY)

    def provider(self, address: str) -> Provider:
        from jupyter_mesh.providers.vertex import Vertex as Adapter

        token = {"project": "p", "access_token": "env:KEY", "location": "europe-west4"}
        return _provider(Adapter, {"base_url": address, **token})

    def connect(self, address: str) -> None:
        from google import genai
        from google.auth.credentials import Credentials
        from google.genai import types

        class Preset(Credentials):
            """A token that is there."""

            def refresh(self, request: object) -> None:
                raise AssertionError

        credentials = Preset()
        credentials.token = KEY
        options = types.HttpOptions(base_url=address, api_version="v1")
        self._client = genai.Client(
            vertexai=True,
            project="p",
            location="europe-west4",
            credentials=credentials,
            http_options=options,
        )

    async def whole(self) -> object:
        models = self._client.aio.models
        return await models.generate_content(model=self.model, contents=PROMPT)

    async def streamed(self) -> int:
        models = self._client.aio.models
        stream = await models.generate_content_stream(model=self.model, contents=PROMPT)
        return len([event async for event in stream])


class Cohere(Vendor):
    """Version 2 of its chat."""

    name = "Cohere"
    model = "command-a-03-2025"
    _client: Any

    @staticmethod
    def fake() -> FakeUpstream:
        from jupyter_mesh.testing.fake_cohere import FakeCohere

        return FakeCohere(api_key=KEY)

    def provider(self, address: str) -> Provider:
        from jupyter_mesh.providers.cohere import Cohere as Adapter

        return _provider(Adapter, {"base_url": address, "api_key": "env:KEY"})

    def connect(self, address: str) -> None:
        import cohere

        self._client = cohere.AsyncClientV2(api_key=KEY, base_url=address)

    async def whole(self) -> object:
        return await self._client.chat(model=self.model, messages=self._messages())

    async def streamed(self) -> int:
        stream = self._client.chat_stream(model=self.model, messages=self._messages())
        return len([event async for event in stream])

    def _messages(self) -> list[dict[str, str]]:
        return [{"role": "user", "content": PROMPT}]


VENDORS: tuple[type[Vendor], ...] = (OpenAI, Anthropic, Bedrock, Vertex, Cohere)
