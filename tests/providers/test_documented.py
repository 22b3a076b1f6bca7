"""What vendors' documentation shows, read by the adapters as it would come over the wire."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from jupyter_mesh.pipeline.fold import Fold
from jupyter_mesh.schemas.events import Answer, Chunk, Metered
from jupyter_mesh.schemas.json import Json, as_list, dig
from jupyter_mesh.spi.provider import Provider
from jupyter_mesh.testing.attempts import attempt
from jupyter_mesh.testing.fake_bedrock.frames import raw_event
from tests.providers import anthropic_connection, bedrock_connection, vendor_connections
from tests.providers import conftest as openai_connection
from tests.providers import test_cohere_contract as cohere_connection
from tests.providers import test_vertex_contract as vertex_connection
from tests.providers.documented import Exchange
from tests.providers.documented.anthropic import ANTHROPIC
from tests.providers.documented.clouds import AMAZON, COHERE, GOOGLE
from tests.providers.documented.openai import OPENAI
from tests.providers.reading import events_of
from tests.providers.test_vendor_usage import VENDORS

EXCHANGES = [*ANTHROPIC, *OPENAI, *GOOGLE, *COHERE, *AMAZON]


class Recorded:
    """A server that answers everything with what was recorded."""

    def __init__(self) -> None:
        recorded = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                self.rfile.read(int(self.headers["content-length"]))
                self.send_response(200)
                self.send_header("content-type", recorded.kind)
                self.send_header("content-length", str(len(recorded.body)))
                self.end_headers()
                self.wfile.write(recorded.body)

            def log_message(self, format: str, *args: object) -> None: ...

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.body, self.kind = b"", ""
        self.address = self.base_url = f"http://127.0.0.1:{self.server.server_port}"

    def answer(self, exchange: Exchange) -> None:
        self.body, self.kind = exchange.wire.encode(), "application/json"
        if exchange.streamed and exchange.vendor == "bedrock":
            frames = (line.strip().split(" ", 1) for line in exchange.wire.splitlines())
            self.body = b"".join(raw_event(kind, data.encode()) for kind, data in frames)
            self.kind = "application/vnd.amazon.eventstream"
        elif exchange.streamed:
            self.kind = "text/event-stream"


@pytest.fixture(scope="module")
def recorded() -> Iterator[Recorded]:
    one = Recorded()
    thread = threading.Thread(target=one.server.serve_forever, daemon=True)
    thread.start()
    yield one
    one.server.shutdown()
    one.server.server_close()
    thread.join()


def connected(vendor: str, recorded: Any) -> tuple[Provider, str]:
    match vendor:
        case "anthropic":
            return anthropic_connection.connect(recorded), anthropic_connection.MODEL
        case "vertex":
            return vertex_connection.connect(recorded), "gemini-2.5-flash"
        case "bedrock":
            return bedrock_connection.connect(recorded), bedrock_connection.MODEL
        case "cohere":
            return cohere_connection.connect(recorded), "command-a-03-2025"
        case "openai":
            return openai_connection.connect(recorded), "m"
        case _:
            kind, _, path, model = VENDORS[vendor]
            more = {"account": "my-org"} if vendor == "snowflake" else {}
            return vendor_connections.connect(kind, recorded, path, **more), model


def calls_of(message: Json) -> list[tuple[Json, Json]]:
    calls = as_list(dig(message, "tool_calls")) or []
    assert all(dig(call, "id") for call in calls)
    return [
        (dig(call, "function", "name"), json.loads(str(dig(call, "function", "arguments"))))
        for call in calls
    ]


@pytest.mark.parametrize(
    "exchange", EXCHANGES, ids=[f"{one.vendor}: {one.page}" for one in EXCHANGES]
)
async def test_a_documented_answer_is_read_as_it_is_meant(
    recorded: Recorded, exchange: Exchange
) -> None:
    recorded.answer(exchange)
    provider, model = connected(exchange.vendor, recorded)
    events = await events_of(provider, attempt(model=model, stream=exchange.streamed))
    await provider.aclose()
    fold = Fold()
    for event in events:
        if isinstance(event, Chunk) and not event.usage_only:
            fold.add(event.data)
    whole = [event.data for event in events if isinstance(event, Answer)]
    answer = whole[0] if whole else fold.answer()
    choice = dig(answer, "choices", 0)
    message = dig(choice, "message")
    assert (dig(message, "content") or "") == exchange.text
    assert calls_of(message) == [*exchange.calls]
    assert (dig(message, "reasoning_content") or "") == exchange.thoughts
    assert dig(choice, "finish_reason") == exchange.finish
    (metered,) = [event for event in events if isinstance(event, Metered) and event.final]
    assert metered.usage == exchange.usage


def test_every_vendor_has_one() -> None:
    vendors = {one.vendor for one in EXCHANGES}
    assert vendors == {"openai", "anthropic", "vertex", "bedrock", "cohere", *VENDORS}
    both = {"openai", "azure", "anthropic", "vertex", "bedrock", "cohere"}
    assert {one.vendor for one in EXCHANGES if one.streamed} >= both
