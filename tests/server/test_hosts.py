"""What both hosts must do, over real sockets."""

from __future__ import annotations

import asyncio
import logging
from functools import partial
from urllib.parse import urlsplit

import orjson
import pytest
from jupyter_mesh_server import calling, sse
from jupyter_mesh_server.exchange import MAX_BODY
from jupyter_mesh_server.sse import EventStream

from jupyter_mesh.schemas.events import Events
from jupyter_mesh.schemas.json import JsonObject

from .calls import chat_body, chunk, data_of
from .conftest import Host, Reply, until
from .scripted_mesh import SECRET

CHAT = "/v1/chat/completions"


def ask_for(script: str, **fields: object) -> JsonObject:
    return {**chat_body(), "model": f"script/{script}", **fields}  # type: ignore[dict-item]


def frames(reply: Reply) -> list[bytes]:
    return [f.removeprefix(b"data: ") for f in reply.body.removesuffix(b"\n\n").split(b"\n\n")]


async def test_a_chat_is_answered_with_the_providers_bytes_and_our_headers(host: Host) -> None:
    reply = await host.ask("POST", CHAT, json=ask_for("answer"))
    assert reply.status == 200
    assert reply.json["choices"][0]["message"]["content"] == "ab"
    assert reply.headers["Content-Type"] == "application/json"
    assert reply.headers["X-Mesh-Model"] == "x/y"
    assert reply.headers["X-Mesh-Cost-USD"] == "0.0012"
    assert reply.headers["X-Mesh-Request-Id"] == "call_0"
    assert "mesh" not in reply.json


async def test_a_chat_streams_and_ends_with_done(host: Host) -> None:
    reply = await host.ask("POST", CHAT, json=ask_for("answer", stream=True))
    assert reply.status == 200
    assert reply.headers["Content-Type"] == "text/event-stream"
    assert reply.headers["X-Mesh-Request-Id"] == "call_0"
    assert reply.headers["Cache-Control"] == "no-store"
    first, second, done = frames(reply)
    assert [orjson.loads(first), orjson.loads(second)] == [data_of("a"), data_of("b")]
    assert done == b"[DONE]"


async def test_our_client_gets_details_in_stream_and_whole(host: Host) -> None:
    headers = {**host.user, "X-Mesh-Details": "1"}
    whole = await host.ask("POST", CHAT, headers=headers, json=ask_for("answer"))
    assert whole.json["mesh"]["cost_usd"] == "0.0012"
    stream = await host.ask("POST", CHAT, headers=headers, json=ask_for("answer", stream=True))
    assert orjson.loads(frames(stream)[-2])["mesh"]["request_id"] == "call_1"


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    ("script", "status", "code"),
    [("refuse", 402, "budget_exceeded"), ("wait", 429, "rate_limit_exceeded")],
)
async def test_a_refusal_has_its_status_also_where_a_stream_was_asked_for(
    host: Host, script: str, status: int, code: str, stream: bool
) -> None:
    reply = await host.ask("POST", CHAT, json=ask_for(script, stream=stream))
    assert (reply.status, reply.code) == (status, code)
    assert reply.json["error"]["request_id"] == reply.headers["X-Mesh-Request-Id"] == "call_0"
    assert reply.headers.get("Retry-After") == ("3" if script == "wait" else None)


@pytest.mark.parametrize(
    ("script", "code"), [("break", "provider_unavailable"), ("crash_late", "internal_error")]
)
async def test_a_stream_that_breaks_ends_with_an_error_and_without_done(
    host: Host, script: str, code: str
) -> None:
    reply = await host.ask("POST", CHAT, json=ask_for(script, stream=True))
    assert reply.status == 200
    first, last = frames(reply)
    assert orjson.loads(first) == data_of("a")
    assert orjson.loads(last)["error"]["code"] == code
    assert SECRET.encode() not in reply.body


@pytest.mark.parametrize("stream", [False, True])
async def test_what_nobody_foresaw_is_500_without_its_cause_and_logged_once_on_one_line(
    host: Host, stream: bool, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "jupyter_mesh"):
        reply = await host.ask("POST", CHAT, json=ask_for("crash", stream=stream))
    assert (reply.status, reply.code) == (500, "internal_error")
    assert SECRET.encode() not in reply.body
    assert b"Traceback" not in reply.body
    errors = [r for r in caplog.records if r.levelno >= logging.ERROR]
    assert len(errors) == 1
    assert "call_0" in errors[0].getMessage()
    assert "\nforged" not in errors[0].getMessage()


async def test_a_client_that_leaves_ends_the_call_at_once(host: Host) -> None:
    ended = asyncio.Event()

    async def endless(_call: object) -> Events:
        try:
            yield chunk("a")
            await asyncio.sleep(60)
        finally:
            ended.set()

    host.mesh.scripts["endless"] = endless
    response = await host.session.post(
        host.target(CHAT), headers=host.user, json=ask_for("endless", stream=True)
    )
    await response.content.readany()
    assert host.mesh.running == 1
    response.close()
    async with asyncio.timeout(10):
        await ended.wait()
        await until(lambda: host.mesh.running == 0)


async def test_a_client_that_leaves_before_the_first_byte_ends_the_call_too(host: Host) -> None:
    begun, ended = asyncio.Event(), asyncio.Event()

    async def thinking(_call: object) -> Events:
        begun.set()
        try:
            await asyncio.sleep(60)
            yield chunk("never")
        finally:
            ended.set()

    host.mesh.scripts["thinking"] = thinking
    for stream in (False, True):
        begun.clear()
        ended.clear()
        asking = asyncio.create_task(
            host.ask("POST", CHAT, json=ask_for("thinking", stream=stream))
        )
        async with asyncio.timeout(10):
            await begun.wait()
            asking.cancel()
            await ended.wait()


async def test_a_stream_arrives_piece_by_piece(host: Host) -> None:
    go_on = asyncio.Event()

    async def halting(_call: object) -> Events:
        yield chunk("a")
        await go_on.wait()
        yield chunk("b")

    host.mesh.scripts["halting"] = halting
    async with (
        asyncio.timeout(10),
        host.session.post(
            host.target(CHAT), headers=host.user, json=ask_for("halting", stream=True)
        ) as response,
    ):
        assert b'"a"' in await response.content.readany()
        go_on.set()
        assert b'"b"' in await response.content.read()


async def ask_without_reading(host: Host, script: str) -> asyncio.StreamWriter:
    """A client that asks for a stream and takes nothing of it."""
    target = urlsplit(host.url)
    _, writer = await asyncio.open_connection(target.hostname, target.port, limit=1024)
    body = orjson.dumps(ask_for(script, stream=True))
    head = [
        f"POST {target.path}{CHAT} HTTP/1.1",
        f"Host: {target.netloc}",
        f"Authorization: {host.user['Authorization']}",
        f"Content-Length: {len(body)}",
    ]
    writer.write("\r\n".join(head).encode() + b"\r\n\r\n" + body)
    return writer


async def test_a_client_that_reads_nothing_holds_back_what_is_made_for_it(host: Host) -> None:
    """T39: memory stays bounded; others are served meanwhile."""
    made = 0

    async def flood(_call: object) -> Events:
        nonlocal made
        for _ in range(2000):
            made += 1
            yield chunk("x" * 50_000)
            await asyncio.sleep(0)

    host.mesh.scripts["flood"] = flood
    writer = await ask_without_reading(host, "flood")
    before = -1
    async with asyncio.timeout(20):
        while made == 0 or made != before:
            before = made
            await asyncio.sleep(0.3)
    assert made < 1000
    assert (await host.ask("POST", CHAT, json=ask_for("answer"))).status == 200
    writer.transport.abort()
    async with asyncio.timeout(10):
        await until(lambda: host.mesh.running == 0)


async def test_a_client_that_reads_nothing_for_long_loses_connection_and_call(
    host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sse, "PATIENCE", 3)
    monkeypatch.setattr(calling, "EventStream", partial(EventStream, beat=0.05))

    async def endless(_call: object) -> Events:
        while True:
            yield chunk("x" * 50_000)
            await asyncio.sleep(0)

    host.mesh.scripts["endless"] = endless
    writer = await ask_without_reading(host, "endless")
    async with asyncio.timeout(20):
        await until(lambda: host.mesh.running == 1)
        await until(lambda: host.mesh.running == 0)
        with pytest.raises(ConnectionError):
            await write_until_nobody_listens(writer)


async def write_until_nobody_listens(writer: asyncio.StreamWriter) -> None:
    while True:
        writer.write(b"x")
        await writer.drain()
        await asyncio.sleep(0.01)


async def test_a_body_that_is_too_large_is_413_and_the_next_request_is_served(host: Host) -> None:
    reply = await host.ask("POST", CHAT, data=b'{"model":"' + b"x" * MAX_BODY + b'"}')
    assert (reply.status, reply.code) == (413, "request_too_large")
    assert (await host.ask("POST", CHAT, json=ask_for("answer"))).status == 200
    assert len(host.mesh.calls_made) == 1


async def test_a_chunked_body_without_a_length_is_bounded_too(host: Host) -> None:
    async def pieces() -> object:
        for _ in range(MAX_BODY // 1_000_000 + 2):
            yield b"x" * 1_000_000

    async with host.session.post(host.target(CHAT), headers=host.user, data=pieces()) as response:
        assert response.status == 413
    assert host.mesh.calls_made == []


async def test_head_is_get_without_a_body(host: Host) -> None:
    reply = await host.ask("HEAD", "/healthz", headers={})
    assert (reply.status, reply.body) == (200, b"")


async def test_model_ids_may_hold_slashes_encoded_or_not(host: Host) -> None:
    for path in ("/v1/models/x/org/y", "/v1/models/x%2Forg%2Fy"):
        reply = await host.ask("GET", path)
        assert (reply.status, reply.json["id"]) == (200, "x/org/y")
    reply = await host.ask("GET", "/v1/models/x/org")
    assert (reply.status, reply.code) == (404, "model_not_found")


async def test_declarations_reach_the_call(host: Host) -> None:
    headers = {
        **host.user,
        "X-Mesh-Purpose": "research",
        "X-Mesh-Document": "d%C3%A4ten/a.ipynb",
        "X-Mesh-Tags": '{"run":1}',
        "X-Mesh-Cache": "no-store",
        "Idempotency-Key": "k1",
    }
    await host.ask("POST", CHAT, headers=headers, json=ask_for("answer"))
    call = host.mesh.calls_made[0]
    assert (call.purpose, call.document, call.tags) == ("research", "däten/a.ipynb", {"run": 1})
    assert (call.cache.no_store, call.idempotency_key) == (True, "k1")
