"""The fakes are faithful: the vendors' own SDKs drive them, unmocked, over a socket."""

from __future__ import annotations

import ai21
import openai
import pytest
from ai21.models.chat import ChatMessage
from huggingface_hub import AsyncInferenceClient

from jupyter_mesh.schemas.json import JsonObject
from jupyter_mesh.testing.fake_upstream import Behaviour, FakeUpstream
from jupyter_mesh.testing.fake_vendors import (
    AI21Dialect,
    AzureDialect,
    DatabricksDialect,
    HuggingFaceDialect,
    NimDialect,
    SnowflakeDialect,
)

KEY = "vendor-key-1"
ASK = [{"role": "user", "content": "hi"}]
TEXT = Behaviour().text


def test_azures_client_by_deployment() -> None:
    with FakeUpstream(AzureDialect(missing=("gone",)), api_key=KEY) as fake:
        client = openai.AzureOpenAI(
            azure_endpoint=fake.address, api_key=KEY, api_version="2024-10-21", max_retries=0
        )
        answer = client.chat.completions.create(model="my-gpt", messages=ASK)
        assert answer.choices[0].message.content == TEXT
        chunks = list(client.chat.completions.create(model="my-gpt", messages=ASK, stream=True))
        assert not chunks[0].choices  # what the filter found in the prompt
        texts = [one.choices[0].delta.content for one in chunks if one.choices]
        assert "".join(text for text in texts if text) == TEXT
        vectors = client.embeddings.create(model="e", input=["a", "b"], encoding_format="float")
        assert len(vectors.data) == 2
        with pytest.raises(openai.NotFoundError, match="deployment"):
            client.chat.completions.create(model="gone", messages=ASK)
        wrong = openai.AzureOpenAI(
            azure_endpoint=fake.address, api_key="other", api_version="2024-10-21", max_retries=0
        )
        with pytest.raises(openai.AuthenticationError):
            wrong.chat.completions.create(model="my-gpt", messages=ASK)


@pytest.mark.parametrize(
    ("dialect", "path"),
    [
        (AzureDialect(), "/openai/v1"),
        (NimDialect(), "/v1"),
        (DatabricksDialect(), "/serving-endpoints"),
        (DatabricksDialect(), "/ai-gateway/mlflow/v1"),
        (SnowflakeDialect(), "/api/v2/cortex/v1"),
        (HuggingFaceDialect(), "/v1"),
    ],
    ids=lambda one: one if isinstance(one, str) else type(one).__name__,
)
def test_openais_client_at_each_vendors_address(dialect: AzureDialect, path: str) -> None:
    with FakeUpstream(dialect, api_key=KEY) as fake:
        client = openai.OpenAI(base_url=f"{fake.address}{path}", api_key=KEY, max_retries=0)
        answer = client.chat.completions.create(model="m", messages=ASK)
        assert answer.choices[0].message.content == TEXT
        chunks = client.chat.completions.create(
            model="m", messages=ASK, stream=True, stream_options={"include_usage": True}
        )
        assert list(chunks)[-1].usage is not None
        wrong = openai.OpenAI(base_url=f"{fake.address}{path}", api_key="other", max_retries=0)
        with pytest.raises(openai.AuthenticationError):
            wrong.chat.completions.create(model="m", messages=ASK)


def test_nvidias_containers_want_to_know_what_is_embedded() -> None:
    with FakeUpstream(NimDialect(), api_key=KEY) as fake:
        client = openai.OpenAI(base_url=f"{fake.address}/v1", api_key=KEY, max_retries=0)
        with pytest.raises(openai.BadRequestError, match="input_type"):
            client.embeddings.create(model="e", input=["a"])
        wanted = {"input_type": "query"}
        assert client.embeddings.create(model="e", input=["a"], extra_body=wanted).data


@pytest.mark.parametrize(
    ("dialect", "path", "field"),
    [
        (DatabricksDialect(), "/serving-endpoints", {"seed": 1}),
        (SnowflakeDialect(), "/api/v2/cortex/v1", {"max_tokens": 3}),
    ],
)
def test_strict_vendors_refuse_what_they_do_not_have(
    dialect: DatabricksDialect, path: str, field: JsonObject
) -> None:
    with FakeUpstream(dialect) as fake:
        client = openai.OpenAI(base_url=f"{fake.address}{path}", api_key=KEY, max_retries=0)
        with pytest.raises(openai.BadRequestError, match=next(iter(field))):
            client.chat.completions.create(model="m", messages=ASK, extra_body=field)


def test_ai21s_client() -> None:
    with FakeUpstream(AI21Dialect(), api_key=KEY) as fake:
        client = ai21.AI21Client(api_key=KEY, api_host=fake.address + "/studio/v1", num_retries=0)
        messages = [ChatMessage(role="user", content="hi")]
        answer = client.chat.completions.create(model="jamba-mini", messages=messages)
        assert answer.choices[0].message.content == TEXT
        assert answer.usage.total_tokens > 0
        chunks = list(
            client.chat.completions.create(model="jamba-mini", messages=messages, stream=True)
        )
        texts = [one.choices[0].delta.content for one in chunks]
        assert "".join(text for text in texts if text) == TEXT
        assert chunks[-1].usage is not None


async def test_hugging_faces_client() -> None:
    async with FakeUpstream(HuggingFaceDialect(), api_key=KEY) as fake:
        client = AsyncInferenceClient(base_url=f"{fake.address}/v1", api_key=KEY)
        answer = await client.chat_completion(ASK, model="a/b")
        assert answer.choices[0].message.content == TEXT
        stream = await client.chat_completion(ASK, model="a/b", stream=True)
        texts = [one.choices[0].delta.content async for one in stream if one.choices]
        assert "".join(text for text in texts if text) == TEXT
        url = f"{fake.address}/hf-inference/models/a/b/pipeline/feature-extraction"
        vectors = await AsyncInferenceClient(api_key=KEY).feature_extraction("one text", model=url)
        assert len(vectors) == 8
