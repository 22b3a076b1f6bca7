"""Google's signatures come back through APIs that have no field for them, by their own clients."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import anthropic
import httpx
import openai
import pytest
from anthropic.types import Message

from jupyter_mesh.schemas.json import as_list, dig
from jupyter_mesh.testing.fake_gemini import Behaviour, FakeGemini
from jupyter_mesh.testing.gateway_process import GatewayProcess

from .conftest import PROVIDER_KEY, Gateway
from .held import Held
from .test_openai_client import TOOL_CALL

GEMINI = "google/gemini-3-pro-preview"
STREAMED = pytest.mark.parametrize("stream", [False, True])
PARAMETERS: Any = {"type": "object", "properties": {"city": {"type": "string"}}}


def call(number: int, signature: str | None) -> Any:
    beside = {"google": {"thought_signature": signature}}
    one = {**TOOL_CALL, "id": f"call_{number}"}
    return one if signature is None else {**one, "extra_content": beside}


CALLS = (call(1, "Zmlyc3Q="), call(2, None), call(3, "dGhpcmQ="))
"""As Gemini signs them: where it has thought, and not each."""


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Gateway, FakeGemini]]:
    with FakeGemini(api_key=PROVIDER_KEY) as google:
        process = GatewayProcess(tmp_path_factory.mktemp("signatures"))
        connection = {
            "provider": "vertex",
            "base_url": google.base_url,
            "project": "p",
            "access_token": "env:PROVIDER_KEY",
            "models": {"gemini-3-pro-preview": {"price": {"input": 1, "output": 10}}},
        }
        process.configure(
            {"connections": {"google": connection}, "cache": {"exact": {"enabled": False}}}
        )
        process.start(PROVIDER_KEY=PROVIDER_KEY)
        try:
            yield Gateway(process, google), google
        finally:
            process.stop()


@pytest.fixture
def google(running: tuple[Gateway, FakeGemini]) -> FakeGemini:
    running[1].forget()
    running[1].requests.clear()
    return running[1]


def sent_signatures(google: FakeGemini) -> list[str | None]:
    """Beside the calls of the last request."""
    contents = as_list(google.requests[-1].json["contents"]) or []
    parts = [part for one in contents for part in as_list(dig(one, "parts")) or []]
    return [dig(one, "thoughtSignature") for one in parts if dig(one, "functionCall")]


@STREAMED
def test_through_the_responses_api(
    running: tuple[Gateway, FakeGemini], google: FakeGemini, stream: bool
) -> None:
    google.script(Behaviour(tool_calls=CALLS, reasoning="Hm."), Behaviour(text="4 degrees."))
    tool: Any = {"type": "function", "name": "weather", "parameters": PARAMETERS, "strict": False}
    asked: list[Any] = [{"role": "user", "content": "How is it?"}]
    gateway = running[0]
    held = Held()
    over = httpx.Client(transport=held)
    with openai.OpenAI(
        base_url=gateway.base_url, api_key=gateway.key, max_retries=0, http_client=over
    ) as client:
        first: Any
        if stream:
            with client.responses.stream(model=GEMINI, input=asked, tools=[tool]) as events:
                *_, last = events
            first = last.response
        else:
            first = client.responses.create(model=GEMINI, input=asked, tools=[tool])
        asked += [item.model_dump(exclude_none=True) for item in first.output]
        for item in first.output:
            if item.type == "function_call":
                result = {"type": "function_call_output", "call_id": item.call_id, "output": "4"}
                asked.append(result)
        answer = client.responses.create(model=GEMINI, input=asked, tools=[tool])
    assert held.problems == []
    assert answer.output_text == "4 degrees."
    assert sent_signatures(google) == ["Zmlyc3Q=", None, "dGhpcmQ="]


@STREAMED
def test_through_anthropics_api(
    running: tuple[Gateway, FakeGemini], google: FakeGemini, stream: bool
) -> None:
    google.script(Behaviour(tool_calls=CALLS, reasoning="Hm."), Behaviour(text="4 degrees."))
    tool: Any = {"name": "weather", "input_schema": PARAMETERS}
    asked: list[Any] = [{"role": "user", "content": "How is it?"}]
    gateway = running[0]
    url = f"{gateway.process.url}anthropic"
    fixed: Any = {"model": GEMINI, "max_tokens": 100, "tools": [tool]}
    with anthropic.Anthropic(base_url=url, api_key=gateway.key, max_retries=0) as client:
        if stream:
            with client.messages.stream(messages=asked, **fixed) as events:
                first = events.get_final_message()
        else:
            first = client.messages.create(messages=asked, **fixed)
        Message.model_validate(first.model_dump(by_alias=True))
        asked.append(
            {"role": "assistant", "content": first.model_dump(exclude_none=True)["content"]}
        )
        uses = [block for block in first.content if block.type == "tool_use"]
        assert [(one.name, one.input) for one in uses] == [("weather", {"city": "Oslo"})] * 3
        results = [{"type": "tool_result", "tool_use_id": one.id, "content": "4"} for one in uses]
        asked.append({"role": "user", "content": results})
        answer = client.messages.create(messages=asked, **fixed)
    assert answer.content[0].text == "4 degrees."
    assert sent_signatures(google) == ["Zmlyc3Q=", None, "dGhpcmQ="]


SAID: Any = {
    "candidates": [
        {
            "content": {
                "role": "model",
                "parts": [{"text": "It is cold."}, {"text": "", "thoughtSignature": "c2FpZA=="}],
            },
            "finishReason": "STOP",
        }
    ],
    "usageMetadata": {"promptTokenCount": 5, "candidatesTokenCount": 3, "totalTokenCount": 8},
}


@pytest.mark.parametrize("api", ["responses", "messages"])
def test_what_is_said_comes_back_signed_too(
    running: tuple[Gateway, FakeGemini], google: FakeGemini, api: str
) -> None:
    google.script(Behaviour(answer=SAID))
    gateway = running[0]
    asked: list[Any] = [{"role": "user", "content": "How is it?"}]
    again: Any = {"role": "user", "content": "And now?"}
    if api == "responses":
        with openai.OpenAI(base_url=gateway.base_url, api_key=gateway.key) as client:
            with client.responses.stream(model=GEMINI, input=asked) as events:
                *_, last = events
            output = json.loads(last.response.model_dump_json(exclude_none=True))["output"]
            client.responses.create(model=GEMINI, input=[*asked, *output, again])
    else:
        url = f"{gateway.process.url}anthropic"
        with anthropic.Anthropic(base_url=url, api_key=gateway.key) as other:
            fixed: Any = {"model": GEMINI, "max_tokens": 100}
            said = other.messages.create(messages=asked, **fixed).model_dump(exclude_none=True)
            turn: Any = {"role": "assistant", "content": said["content"]}
            other.messages.create(messages=[*asked, turn, again], **fixed)
    contents = as_list(google.requests[-1].json["contents"]) or []
    assert dig(contents, 1, "parts") == [{"text": "It is cold.", "thoughtSignature": "c2FpZA=="}]
