"""LangChain's `ChatOpenAI` and `OpenAIEmbeddings`, given a URL and a key."""

from __future__ import annotations

import pytest
from langchain_core.messages import AIMessage, HumanMessage, ToolMessage
from langchain_core.tools import tool
from langchain_openai import ChatOpenAI, OpenAIEmbeddings
from openai import RateLimitError
from pydantic import SecretStr

from jupyter_mesh.testing.fake_openai import Behaviour, FakeOpenAI

from .conftest import Gateway
from .test_openai_client import TOOL_CALL, Person


@tool
def weather(city: str) -> str:
    """The weather in a city."""
    return f"Rain in {city}"


def chat_model(gateway: Gateway, model: str = "up/m") -> ChatOpenAI:
    return ChatOpenAI(
        model=model, base_url=gateway.base_url, api_key=SecretStr(gateway.key), max_retries=0
    )


@pytest.fixture
def model(gateway: Gateway) -> ChatOpenAI:
    return chat_model(gateway)


@pytest.mark.parametrize("name", ["up/m", "echo/echo"])
def test_it_invokes_and_streams(gateway: Gateway, name: str) -> None:
    model = chat_model(gateway, name)
    whole = model.invoke("Say hello.")
    assert isinstance(whole, AIMessage)
    chunks = list(model.stream("Say hello."))
    assert "".join(str(chunk.content) for chunk in chunks) == whole.content
    assert len(chunks) > 3
    assert whole.usage_metadata is not None
    call = gateway.request("api/calls?limit=2").body["calls"][1]
    assert call["tokens"]["output"] == whole.usage_metadata["output_tokens"]
    assert call["tokens"]["input"] == whole.usage_metadata["input_tokens"]


async def test_it_streams_asynchronously_and_in_batches(model: ChatOpenAI) -> None:
    text = "".join([str(chunk.content) async for chunk in model.astream("Say hello.")])
    assert text == Behaviour().text
    answers = await model.abatch(["one", "two", "three"])
    assert [answer.content for answer in answers] == [Behaviour().text] * 3


def test_tools_make_the_whole_round(upstream: FakeOpenAI, model: ChatOpenAI) -> None:
    upstream.script(Behaviour(tool_calls=(TOOL_CALL,)), Behaviour(text="Rain."))
    able = model.bind_tools([weather])
    asked = able.invoke("How is the weather in Oslo?")
    assert isinstance(asked, AIMessage)
    (call,) = asked.tool_calls
    assert (call["name"], call["args"], call["id"]) == ("weather", {"city": "Oslo"}, "call_1")
    told = ToolMessage(weather.invoke(call["args"]), tool_call_id="call_1")
    after = able.invoke([HumanMessage("How is the weather in Oslo?"), asked, told])
    assert after.content == "Rain."
    assert upstream.requests[1].json["messages"] == [
        {"role": "user", "content": "How is the weather in Oslo?"},
        {"role": "assistant", "content": None, "tool_calls": [TOOL_CALL]},
        {"role": "tool", "content": "Rain in Oslo", "tool_call_id": "call_1"},
    ]


@pytest.mark.parametrize("name", ["up/m", "echo/echo"])
def test_structured_output_is_an_instance(gateway: Gateway, name: str) -> None:
    person = chat_model(gateway, name).with_structured_output(Person).invoke("Who?")
    assert isinstance(person, Person)


def test_errors_are_those_of_openai(upstream: FakeOpenAI, model: ChatOpenAI) -> None:
    upstream.script(Behaviour(fault="rate_limited", retry_after="30"))
    with pytest.raises(RateLimitError):
        model.invoke("Say hello.")
    assert model.invoke("Say hello.").content == Behaviour().text


def test_embeddings_come_one_for_each_text(gateway: Gateway, upstream: FakeOpenAI) -> None:
    embeddings = OpenAIEmbeddings(
        model="up/e",
        base_url=gateway.base_url,
        api_key=SecretStr(gateway.key),
        check_embedding_ctx_length=False,  # else it sends token numbers of a model it must know
    )
    vectors = embeddings.embed_documents(["a blue whale", "a red fox"])
    assert len(vectors) == 2
    assert embeddings.embed_query("a blue whale") == pytest.approx(vectors[0])
    assert gateway.last_call()["operation"] == "embedding"
    assert len(upstream.requests) == 2
