"""OpenAI's format, on the server's side."""

from __future__ import annotations

from typing import Literal

import orjson

from ...providers.conversation import (
    Media,
    Part,
    Text,
    ToolCall,
    ToolResult,
    conversation,
    stop_sequences,
    tool_choice,
    tools,
    wanted_shape,
)
from ...schemas.json import Json, JsonObject, as_int, as_object, as_str
from ..fake_upstream.behaviour import Behaviour
from ..fake_upstream.dialect import Dialect, Streamed
from ..fake_upstream.heard import Heard, Said
from ..fake_upstream.record import Received
from .answers import Answers

_KINDS = {429: "requests", 500: "server_error", 503: "overloaded_error"}
_PARAMETERS = (
    *("max_tokens", "temperature", "top_p", "seed", "n", "logprobs", "reasoning_effort"),
    *("presence_penalty", "frequency_penalty"),
)


class OpenAIDialect(Dialect):
    """As `api.openai.com` and vLLM speak.

    Args:
        owned_by: The owner that the list of models names for each, `vllm` for one.
    """

    def __init__(self, owned_by: str = "fake") -> None:
        self._owned_by = owned_by

    def answer(
        self, received: Received, behaviour: Behaviour
    ) -> JsonObject | list[Json] | Streamed | None:
        body = as_object(orjson.loads(received.body)) or {}
        answers = Answers(body, behaviour, received.number)
        match received.path.removeprefix("/v1").removeprefix("/"):
            case "chat/completions" | "completions":
                return streamed(answers) if body.get("stream") is True else answers.whole()
            case "embeddings":
                return answers.embeddings()
            case "rerank":
                return answers.ranking()
            case "classify":
                return answers.labels()
            case _:
                return None

    def heard(self, received: Received) -> Heard:
        body = received.json
        talk = conversation(body)
        choice, shape = tool_choice(body), wanted_shape(body)
        heard = Heard(
            model=as_str(body.get("model")) or "",
            system=[text.text for text in talk.system],
            turns=[_said(turn.role, turn.parts) for turn in talk.turns],
            tools={tool.name: tool.schema for tool in tools(body)},
            tool_choice=None if choice is None else choice.name or choice.kind,
            schema=None if shape is None else shape.schema or {},
            parameters={name: body[name] for name in _PARAMETERS if body.get(name) is not None},
        )
        if stops := stop_sequences(body):
            heard.parameters["stop"] = [*stops]
        if (most := as_int(body.get("max_completion_tokens"))) is not None:
            heard.parameters["max_tokens"] = most
        return heard

    def models(self, received: Received, names: tuple[str, ...]) -> JsonObject | None:
        if received.path != "/v1/models":
            return None
        rows: list[Json] = [
            {"id": name, "object": "model", "created": 0, "owned_by": self._owned_by}
            for name in names
        ]
        return {"object": "list", "data": rows}

    def error(
        self, status: int, message: str, code: str | None = None, param: str | None = None
    ) -> JsonObject:
        kind = _KINDS.get(status, "invalid_request_error")
        shown: Json = 503 if status == 503 else code
        return {"error": {"message": message, "type": kind, "param": param, "code": shown}}

    def error_event(self, message: str) -> bytes:
        error: JsonObject = {"message": message, "type": "server_error", "code": None}
        return frame({"error": error})

    def text_event(self, text: str) -> bytes:
        choice: JsonObject = {"index": 0, "delta": {"content": text}, "finish_reason": None}
        return frame({"choices": [choice]})


def _said(role: Literal["user", "assistant"], parts: tuple[Part, ...]) -> Said:
    said = Said(role=role)
    for part in parts:
        match part:
            case Text(text):
                said.texts.append(text)
            case Media():
                said.images.append(part.data or part.url)
            case ToolCall():
                said.calls.append((part.name, orjson.loads(part.arguments)))
            case ToolResult():
                texts = (one.text for one in part.content if isinstance(one, Text))
                said.results.append((part.id, "".join(texts)))
    return said


def streamed(answers: Answers) -> Streamed:
    """The chunks as server-sent events, and the end mark."""
    return Streamed([*(frame(chunk) for chunk in answers.chunks()), b"data: [DONE]\n\n"])


def frame(event: JsonObject) -> bytes:
    """One server-sent event without a name."""
    return b"data: %s\n\n" % orjson.dumps(event)
