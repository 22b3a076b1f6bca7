"""Calls and chunks for tests that run no pipeline."""

from __future__ import annotations

from decimal import Decimal

import orjson

from jupyter_mesh.pipeline.call import Call
from jupyter_mesh.pipeline.snapshot import Snapshot
from jupyter_mesh.schemas.events import Chunk
from jupyter_mesh.schemas.json import Json, JsonObject
from jupyter_mesh.schemas.principal import Principal, Scope
from jupyter_mesh.schemas.request import Operation, parse_request
from jupyter_mesh.schemas.spend import Usage

ADA = Principal(user="ada", scopes=frozenset(Scope))
USAGE: JsonObject = {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5}


def chat_body(**fields: Json) -> JsonObject:
    return {"model": "x/y", "messages": [{"role": "user", "content": "hi"}], **fields}


def chat_call(**fields: Json) -> Call:
    request = parse_request(Operation.CHAT, chat_body(**fields))
    return Call(id="call_1", principal=ADA, snapshot=Snapshot(), request=request)


def data_of(text: str) -> JsonObject:
    choices: list[Json] = [{"index": 0, "delta": {"content": text}, "finish_reason": None}]
    return {
        "id": "c1",
        "object": "chat.completion.chunk",
        "created": 7,
        "model": "y",
        "choices": choices,
    }


def chunk(text: str) -> Chunk:
    data = data_of(text)
    return Chunk(data, orjson.dumps(data))


def usage_chunk() -> Chunk:
    data: JsonObject = {**data_of(""), "choices": [], "usage": USAGE}
    return Chunk(data, orjson.dumps(data), usage_only=True)


def report_a_cost(call: Call) -> None:
    call.report.model = "x/y"
    call.report.usage = Usage(input=3, output=2)
    call.report.cost = Decimal("0.001200000000")
    call.report.cache = "miss"
    call.report.total_ms = 12.5
    call.report.finish_reason = "stop"
    call.notice("fallback", "x/z did not answer.")
