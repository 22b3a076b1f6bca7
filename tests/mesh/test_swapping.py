"""One conversation, with tools and pictures, goes on whatever model its alias is led to."""

from __future__ import annotations

import base64
import zlib
from contextlib import ExitStack
from pathlib import Path

import pytest

from jupyter_mesh.schemas.events import Answer, Chunk
from jupyter_mesh.schemas.json import Json, JsonObject, as_list, as_object, as_str, dig
from jupyter_mesh.schemas.request import Operation, parse_request
from jupyter_mesh.testing.fake_upstream import Behaviour, FakeUpstream

from .vendors import BLIND, OF_OPENAIS_SHAPE, VENDORS, Vendor, give_keys
from .world import Outcome, ask, mesh_of, put

TOOL: JsonObject = {
    "type": "function",
    "function": {
        "name": "weather",
        "description": "The weather in a city.",
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string"}},
            "required": ["city"],
        },
    },
}
CALL: JsonObject = {
    "id": "call_abc123DEF",
    "type": "function",
    "function": {"name": "weather", "arguments": '{"city": "Oslo"}'},
}


def png() -> str:
    """A picture of one grey pixel, in base64."""

    def piece(kind: bytes, data: bytes) -> bytes:
        checked = kind + data
        return len(data).to_bytes(4) + checked + zlib.crc32(checked).to_bytes(4)

    head = (1).to_bytes(4) * 2 + bytes([8, 0, 0, 0, 0])
    pieces = piece(b"IHDR", head) + piece(b"IDAT", zlib.compress(b"\0\x80")) + piece(b"IEND", b"")
    return base64.b64encode(b"\x89PNG\r\n\x1a\n" + pieces).decode()


PIXEL = png()


def message_of(outcome: Outcome) -> JsonObject:
    """What the model said, as a client keeps it for the next turn."""
    assert outcome.error is None, outcome.error
    for event in outcome.events:
        if isinstance(event, Answer):
            return as_object(dig(event.data, "choices", 0, "message")) or {}
    said: JsonObject = {"role": "assistant", "content": ""}
    calls: dict[int, JsonObject] = {}
    for event in outcome.events:
        if isinstance(event, Chunk):
            delta = as_object(dig(event.data, "choices", 0, "delta")) or {}
            said["content"] = f"{said['content']}{as_str(delta.get('content')) or ''}"
            for piece in as_list(delta.get("tool_calls")) or []:
                take_piece(calls, as_object(piece) or {})
    if calls:
        said |= {"content": None, "tool_calls": [*calls.values()]}
    return said


def take_piece(calls: dict[int, JsonObject], piece: JsonObject) -> None:
    index = piece.get("index")
    assert isinstance(index, int)
    function = as_object(piece.get("function")) or {}
    if index not in calls:
        rest = {name: value for name, value in piece.items() if name != "index"}
        calls[index] = {**rest, "function": {"arguments": "", **function}}
        return
    so_far = as_object(calls[index]["function"]) or {}
    more = as_str(function.get("arguments")) or ""
    calls[index]["function"] = {**so_far, "arguments": f"{so_far['arguments']}{more}"}


@pytest.mark.parametrize("stream", [False, True])
async def test_a_conversation_with_tools_and_pictures_goes_on_with_every_vendor(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stream: bool
) -> None:
    give_keys(monkeypatch)
    vendors = (*VENDORS, *OF_OPENAIS_SHAPE)
    with ExitStack() as stack:
        fakes = [stack.enter_context(vendor.fake()) for vendor in vendors]
        connections = {
            vendor.provider: vendor.connection(fake)
            for vendor, fake in zip(vendors, fakes, strict=True)
        }
        messages: list[Json] = []
        version: int | None = None
        async with mesh_of(tmp_path, connections) as mesh:
            # Twice around: each vendor also gets what every other one said.
            for number, (vendor, fake) in enumerate([*zip(vendors, fakes, strict=True)] * 2):
                target = f"{vendor.provider}/{vendor.model}"
                version = await put(mesh, "aliases", "any", version, models=[target])
                fake.script(Behaviour(tool_calls=(CALL,)), Behaviour(text=f"Answer {number}."))
                messages.append(question(number))
                asked = {"model": "any", "tools": [TOOL], "stream": stream}
                for _ in range(2):
                    request = parse_request(Operation.CHAT, {**asked, "messages": [*messages]})
                    outcome = await ask(mesh, request)
                    said = message_of(outcome)
                    messages.append(said)
                    for call in as_list(said.get("tool_calls")) or []:
                        result = {"role": "tool", "tool_call_id": dig(call, "id")}
                        messages.append({**result, "content": "4 degrees"})
                assert said["content"] == f"Answer {number}."
                check_what_was_heard(vendor, fake, number)


def question(number: int) -> JsonObject:
    url: JsonObject = {"url": f"data:image/png;base64,{PIXEL}"}
    return {
        "role": "user",
        "content": [
            {"type": "text", "text": f"Question {number}?"},
            {"type": "image_url", "image_url": url},
        ],
    }


def check_what_was_heard(vendor: Vendor, fake: FakeUpstream, number: int) -> None:
    """The last request held the whole conversation so far."""
    heard = fake.dialect.heard(fake.requests[-1])
    turns = heard.turns
    texts = [text for turn in turns for text in turn.texts]
    expected = [text for one in range(number) for text in (f"Question {one}?", f"Answer {one}.")]
    assert texts == [*expected, f"Question {number}?"], vendor.provider
    assert [image for turn in turns for image in turn.images] == [PIXEL] * (number + 1)
    calls = [call for turn in turns for call in turn.calls]
    assert calls == [("weather", {"city": "Oslo"})] * (number + 1)
    results = [text for turn in turns for _, text in turn.results]
    assert len(results) == number + 1
    assert all("4 degrees" in text for text in results)


async def test_a_vendor_that_reads_text_only_refuses_pictures_and_takes_the_rest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    give_keys(monkeypatch)
    with BLIND.fake() as fake:
        async with mesh_of(tmp_path, {"blind": BLIND.connection(fake)}) as mesh:
            body: JsonObject = {"model": f"blind/{BLIND.model}", "tools": [TOOL]}
            request = parse_request(Operation.CHAT, {**body, "messages": [question(0)]})
            refused = await ask(mesh, request)
            assert refused.error is not None
            assert "text only" in str(refused.error)
            assert fake.requests == []
            fake.script(Behaviour(tool_calls=(CALL,)))
            words: JsonObject = {"role": "user", "content": "How is it in Oslo?"}
            said = message_of(
                await ask(mesh, parse_request(Operation.CHAT, {**body, "messages": [words]}))
            )
            assert as_list(said.get("tool_calls"))
