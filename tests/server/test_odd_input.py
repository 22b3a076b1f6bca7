"""S5, S6, S24, T41: whatever is sent, it is refused in one shape, and nothing is called."""

from __future__ import annotations

import asyncio
import gzip
import logging
import re
from base64 import b64encode
from urllib.parse import urlsplit

import orjson
import pytest

from jupyter_mesh.schemas.json import Json, JsonObject

from .calls import chat_body
from .conftest import Host

CHAT = "/v1/chat/completions"
DEEP = [b"[" * 900 + b"]" * 900, b'{"a":' * 900 + b"1" + b"}" * 900, b'[{"a":' + b"9" * 40 + b"}]"]


def thought(sealed: str) -> JsonObject:
    """A request for a response, with a thought from before."""
    message: Json = {"type": "message", "role": "user", "content": "hi"}
    return {"model": "a", "input": [{"type": "reasoning", "encrypted_content": sealed}, message]}


def signed(sealed: str, kind: str = "thinking") -> JsonObject:
    """A message to Anthropic's API, with a thought from before."""
    seal = "data" if kind == "redacted_thinking" else "signature"
    block: Json = {"type": kind, "thinking": "t", seal: f"mesh.{sealed}"}
    before: Json = {"role": "assistant", "content": [block, {"type": "text", "text": "x"}]}
    messages: list[Json] = [before, {"role": "user", "content": "hi"}]
    return {"model": "a", "max_tokens": 5, "messages": messages}


ERROR_FIELDS = {"message", "type", "param", "code", "request_id"}
SEALED = ["é", "no base64!", "QUJD", *(b64encode(one).decode() for one in DEEP)]

BODIES: list[tuple[str, str, bytes | JsonObject]] = [
    ("nothing", CHAT, b""),
    ("not JSON", CHAT, b"model=x"),
    ("a list", CHAT, b"[]"),
    ("NaN", CHAT, b'{"model":"a","temperature":NaN}'),
    ("an integer beyond 64 bits", CHAT, b'{"model":"a","seed":99999999999999999999}'),
    ("an integer of 10,000 digits", CHAT, b'{"model":"a","seed":' + b"9" * 10_000 + b"}"),
    ("a lone surrogate", CHAT, b'{"model":"a","messages":[{"role":"user","content":"\\ud800"}]}'),
    ("not UTF-8", CHAT, b'{"model":"\xff"}'),
    ("a key twice", CHAT, b'{"model":"a","model":"b","messages":[]}'),
    ("a thousand levels", CHAT, b'{"a":' * 1000 + b"1" + b"}" * 1000),
    ("a million levels", CHAT, b"[" * 1_000_000),
    ("no model", CHAT, {"messages": [{"role": "user", "content": "hi"}]}),
    ("a model that is no string", CHAT, chat_body(model=5)),
    ("an empty model", CHAT, chat_body(model="")),
    ("no messages", CHAT, {"model": "a"}),
    ("empty messages", CHAT, chat_body(messages=[])),
    ("messages that are none", CHAT, chat_body(messages=["hi"])),
    ("a role that is a list", CHAT, chat_body(messages=[{"role": [], "content": "x"}])),
    ("a role that is an object", CHAT, chat_body(messages=[{"role": {}, "content": "x"}])),
    ("an unknown role", CHAT, chat_body(messages=[{"role": "root\n\x1b[31m", "content": "x"}])),
    ("a content that is a number", CHAT, chat_body(messages=[{"role": "user", "content": 5}])),
    ("a hundred thousand messages", CHAT, chat_body(messages=[{"role": "user"}] * 100_000)),
    ("a stream that is a word", CHAT, chat_body(stream="yes")),
    ("max_tokens of zero", CHAT, chat_body(max_tokens=0)),
    ("max_tokens that are a float", CHAT, chat_body(max_tokens=1.5)),
    ("n of a million", CHAT, chat_body(n=1_000_000)),
    ("an empty input", "/v1/embeddings", {"model": "a", "input": ""}),
    ("a stream of vectors", "/v1/embeddings", {"model": "a", "input": "x", "stream": True}),
    ("no documents", "/v1/rerank", {"model": "a", "query": "q", "documents": []}),
    ("no prompt", "/v1/completions", {"model": "a"}),
    ("an unknown operation", "/api/dry-run", {"operation": "delete", "body": {}}),
    ("a dry run of nothing", "/api/dry-run", {"operation": "chat", "body": {}}),
    *(
        (f"the routing field {name}", CHAT, chat_body(**{name: "http://evil.example"}))
        for name in (
            "api_base",
            "base_url",
            "api_key",
            "extra_headers",
            "custom_llm_provider",
            "organization",
        )
    ),
]

QUERIES = [
    "/api/usage?since=yesterday",
    "/api/usage?by=secret",
    "/api/usage?since=2026-02-01&until=2026-01-01",
    "/api/usage?since=0001-01-01T00:00:00%2B14:00",
    "/api/usage?until=9999-12-31T23:59:59-14:00",
    "/api/usage?since=1969-12-31",
    "/api/performance?until=0001-01-01",
    "/api/usage?nope=1",
    "/api/usage?" + "by=day&" * 101,
    "/api/calls?limit=0",
    "/api/calls?limit=201",
    "/api/calls?limit=-1",
    "/api/calls?limit=%D9%A3",
    "/api/calls?limit=1&limit=2",
    "/api/calls?before=%00",
    "/api/costs?document=" + "x" * 3000,
    "/api/costs?documnet=a.ipynb",
    "/api/me?user=bob",
]


@pytest.mark.parametrize(
    ("path", "body"), [pytest.param(path, body, id=name) for name, path, body in BODIES]
)
async def test_an_odd_body_is_400_and_reaches_nobody(
    standalone: Host, path: str, body: bytes | JsonObject
) -> None:
    data = body if isinstance(body, bytes) else orjson.dumps(body)
    reply = await standalone.ask("POST", path, data=data)
    assert reply.status == 400
    assert set(reply.json["error"]) == ERROR_FIELDS
    assert reply.json["error"]["type"] == "invalid_request_error"
    assert len(reply.body) < 1000
    assert standalone.mesh.calls_made == []


@pytest.mark.parametrize("sealed", SEALED)
async def test_what_was_not_sealed_here_is_400_and_reaches_nobody(
    standalone: Host, sealed: str
) -> None:
    for path, body in (
        ("/v1/responses", thought(sealed)),
        ("/anthropic/v1/messages", signed(sealed)),
        ("/anthropic/v1/messages", signed(sealed, "redacted_thinking")),
    ):
        reply = await standalone.ask("POST", path, data=orjson.dumps(body))
        assert reply.status == 400
        assert reply.json["error"]["type"] == "invalid_request_error"
        assert re.search(
            "made by this gateway|nested deeper|64 bits", reply.json["error"]["message"]
        )
    assert standalone.mesh.calls_made == []


@pytest.mark.parametrize("path", [CHAT, "/api/dry-run"])
@pytest.mark.parametrize("name", ["X-Upstream-Url", "x_api_base", "X-PORTKEY-PROVIDER", "proxy"])
async def test_a_header_that_would_route_is_refused_on_both_hosts(
    host: Host, path: str, name: str
) -> None:
    body = chat_body() if path == CHAT else {"operation": "chat", "body": chat_body()}
    headers = {**host.user, name: "http://evil.example"}
    reply = await host.ask("POST", path, json=body, headers=headers)
    assert (reply.status, reply.code) == (400, "unknown_parameter")
    assert reply.json["error"]["param"].lower() == name.lower()
    assert "leave it out" in reply.json["error"]["message"]
    assert host.mesh.calls_made == []


@pytest.mark.parametrize(
    "name",
    ["OpenAI-Organization", "OpenAI-Project", "OpenAI-Beta", "X-Forwarded-Host", "X-Stainless-Os",
     "X-Request-Id", "X-Apibase", "Litellm", "Proxy-Connection"],
)  # fmt: skip
async def test_a_header_that_only_looks_like_it_passes(standalone: Host, name: str) -> None:
    headers = {**standalone.user, name: "http://evil.example"}
    reply = await standalone.ask("POST", CHAT, json=chat_body(), headers=headers)
    assert reply.status == 200


@pytest.mark.parametrize("path", QUERIES)
async def test_an_odd_query_is_400(standalone: Host, path: str) -> None:
    reply = await standalone.ask("GET", path)
    assert reply.status == 400
    assert set(reply.json["error"]) == ERROR_FIELDS


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/nowhere",
        "/v1",
        "/v1/models/",
        "/v1/models/%00",
        "/v1/chat/completions/",
        "/api/calls/",
        "//api/me",
        "/api/../api/me",
        "/api/%6de",
        "/api/me%2f",
    ],
)
async def test_what_is_not_in_the_table_is_404(host: Host, path: str) -> None:
    reply = await host.ask("GET", path)
    assert (reply.status, reply.code) == (404, "not_found")


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH"])
async def test_a_method_that_a_route_does_not_take_is_405(host: Host, method: str) -> None:
    reply = await host.ask(method, CHAT)
    assert reply.status == 405
    assert "POST" in reply.json["error"]["message"]


HEADS: list[tuple[str, bytes]] = [
    ("a NUL", b"Authorization: Bearer a\x00b"),
    ("not UTF-8", b"Authorization: Bearer \xff\xfe\xfd"),
    ("a megabyte", b"Authorization: Bearer " + b"a" * 1_000_000),
    ("sixty kilobytes", b"Authorization: Bearer " + b"a" * 60_000),
    ("SQL", b"Authorization: Bearer ' OR '1'='1' --"),
    ("two of them", b"Authorization: Bearer a\r\nAuthorization: Bearer b"),
    ("a folded line", b"Authorization: Bearer a\r\n b"),
    ("a header without a name", b": x"),
    ("a bare carriage return", b"Authorization: Bearer a\rb"),
    ("a cookie only", b"Cookie: token=a; username-127-0-0-1=2|1:0|10:1|8:username|4:root|abc"),
    ("a forwarded user", b"X-Forwarded-User: root\r\nX-Remote-User: root"),
    ("a token that signs itself", b"Authorization: Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJhIn0."),
]


async def raw(host: Host, head: bytes, path: str = "/api/me") -> bytes:
    """The first bytes that come back to a hand-written request."""
    target = urlsplit(host.url)
    reader, writer = await asyncio.open_connection(target.hostname, target.port)
    line = f"GET {target.path}{path} HTTP/1.1\r\nHost: {target.netloc}\r\n".encode()
    writer.write(line + head + b"\r\nConnection: close\r\n\r\n")
    try:
        async with asyncio.timeout(10):
            return await reader.read(100_000)
    except ConnectionError:
        return b""
    finally:
        writer.close()


@pytest.mark.parametrize("head", [pytest.param(head, id=name) for name, head in HEADS])
async def test_an_odd_header_is_refused_and_nothing_of_it_repeated(host: Host, head: bytes) -> None:
    reply = await raw(host, head)
    assert not reply or reply.split()[1] in (b"400", b"401", b"431")
    assert b"a" * 16 not in reply  # which no id of a request holds
    assert b"OR '1'" not in reply
    assert b"Traceback" not in reply
    assert (await host.ask("GET", "/api/me")).status == 200


@pytest.mark.parametrize(
    "junk",
    [b"\x16\x03\x01\x02\x00\x01\x00", b"GET\r\n\r\n", b"\r\n\r\n\r\nBREW / HTCPCP/1.0\r\n\r\n"],
)
async def test_what_is_not_http_gets_a_constant_answer(standalone: Host, junk: bytes) -> None:
    target = urlsplit(standalone.url)
    reader, writer = await asyncio.open_connection(target.hostname, target.port)
    writer.write(junk)
    writer.write_eof()
    async with asyncio.timeout(10):
        reply = await reader.read(100_000)
    writer.close()
    if reply:
        head, _, body = reply.partition(b"\r\n\r\n")
        assert head.split()[1] == b"400"
        assert orjson.loads(body)["error"]["message"] == "The request is malformed."


async def test_a_compressed_body_is_not_unpacked(host: Host) -> None:
    """A gzip bomb of 20 kB would be 20 MB; nothing here needs compressed requests."""
    bomb = gzip.compress(b" " * 20_000_000 + orjson.dumps(chat_body()))
    headers = host.user | {"Content-Encoding": "gzip"}
    reply = await host.ask("POST", CHAT, headers=headers, data=bomb)
    assert (reply.status, reply.code) == (400, "invalid_request")
    assert host.mesh.calls_made == []


async def test_a_client_that_waits_for_100_continue_gets_it_when_it_is_known(host: Host) -> None:
    """`curl` waits a second for it before it sends a large body."""
    target = urlsplit(host.url)
    body = orjson.dumps(chat_body())
    reader, writer = await asyncio.open_connection(target.hostname, target.port)
    lines = [
        f"POST {target.path}{CHAT} HTTP/1.1",
        f"Host: {target.netloc}",
        f"Authorization: {host.user['Authorization']}",
        f"Content-Length: {len(body)}",
        "Expect: 100-continue",
    ]
    writer.write("\r\n".join(lines).encode() + b"\r\n\r\n")
    async with asyncio.timeout(10):
        assert (await reader.readuntil(b"\r\n\r\n")).split()[1] == b"100"
        writer.write(body)
        assert (await reader.readuntil(b"\r\n\r\n")).split()[1] == b"200"
    writer.close()


async def test_a_log_line_cannot_be_forged_by_what_is_sent(
    host: Host, caplog: pytest.LogCaptureFixture
) -> None:
    """S24, CVE-2026-54338: escaped, on one line, and short."""
    with caplog.at_level(logging.INFO, "jupyter_mesh"):
        await raw(host, b"Authorization: Bearer x\x1b[31m")
        await host.ask("GET", "/nowhere%0aforged%1b[31m" + "x" * 5000)
        await host.ask("POST", CHAT, json=chat_body(messages=[{"role": "a\nb\x1b[31m"}]))
    lines = [r.getMessage() for r in caplog.records if r.name.startswith("jupyter_mesh")]
    assert len(lines) >= 2
    for line in lines:
        assert line.isprintable()
        assert len(line) < 1500


async def test_a_made_up_id_and_somebody_elses_get_the_same_404(host: Host) -> None:
    """S7: what is not yours is not there."""
    replies = [await host.ask("GET", f"/api/calls/call_{n}") for n in (0, 1)]
    texts: list[Json] = [r.json["error"]["message"].replace("call_1", "call_0") for r in replies]
    assert {r.status for r in replies} == {404}
    assert texts[0] == texts[1]
