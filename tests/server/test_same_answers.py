"""The same requests get the same answers from both hosts."""

from __future__ import annotations

from typing import Any

import pytest

from .calls import chat_body
from .conftest import Host, Reply, bearer
from .scripted_mesh import ADMIN_KEY, APP_KEY

CHAT = "/v1/chat/completions"
STREAM = chat_body(stream=True, stream_options={"include_usage": True})

REQUESTS: list[tuple[str, str, dict[str, Any]]] = [
    ("GET", "/healthz", {}),
    ("GET", "/readyz", {}),
    ("HEAD", "/readyz", {}),
    ("GET", "/metrics", {}),
    ("GET", "/metrics", {"headers": bearer(APP_KEY)}),
    ("GET", "/api/openapi.json", {}),
    ("GET", "/api/me", {}),
    ("GET", "/api/me", {"headers": {}}),
    ("GET", "/api/me", {"headers": bearer("wrong")}),
    ("GET", "/api/models", {}),
    ("GET", "/api/costs?document=a%20b.ipynb", {}),
    ("GET", "/api/usage?since=2026-01-01&until=2026-02-01T00:00:00%2B01:00&by=day,model", {}),
    ("GET", "/api/usage?by=nope", {}),
    ("GET", "/api/budgets", {}),
    ("GET", "/api/calls?limit=7&before=x", {}),
    ("GET", "/api/calls/none", {}),
    ("PUT", "/api/preferences", {"json": {"default_model": "x/y"}}),
    ("PUT", "/api/preferences", {"json": {"default_model": 5}}),
    ("POST", "/api/offers/found/accept", {}),
    ("POST", "/api/offers/lost/accept", {}),
    ("POST", "/api/dry-run", {"json": {"operation": "chat", "body": chat_body()}}),
    ("GET", "/v1/models", {}),
    ("GET", "/v1/models/x%2Forg%2Fy", {}),
    ("GET", "/v1/models/n%C3%B6pe", {}),
    ("POST", CHAT, {"json": chat_body()}),
    ("POST", CHAT, {"json": STREAM}),
    ("POST", CHAT, {"json": {**chat_body(), "model": "script/refuse"}}),
    ("POST", CHAT, {"json": {**STREAM, "model": "script/refuse"}}),
    ("POST", CHAT, {"json": {**STREAM, "model": "script/break"}}),
    ("POST", CHAT, {"json": {**STREAM, "model": "script/crash_late"}}),
    ("POST", CHAT, {"json": {**chat_body(), "model": "script/crash"}}),
    ("POST", CHAT, {"data": b"{"}),
    ("POST", "/v1/embeddings", {"json": {"model": "x", "input": "a"}}),
    ("DELETE", CHAT, {}),
    ("GET", "/nowhere?x=1", {}),
    ("POST", CHAT, {"json": chat_body(), "headers": bearer(ADMIN_KEY) | {"X-Mesh-Purpose": "é"}}),
]

SAME_HEADERS = (
    "Content-Type",
    "Cache-Control",
    "Content-Security-Policy",
    "WWW-Authenticate",
    "Retry-After",
    "X-Mesh-Model",
    "X-Mesh-Cache",
    "X-Mesh-Cost-USD",
    "X-Accel-Buffering",
)


def essence(reply: Reply) -> tuple[int, bytes, dict[str, str | None]]:
    """What must agree: everything but the request's id."""
    marker = reply.headers["X-Mesh-Request-Id"].encode()
    return (
        reply.status,
        reply.body.replace(marker, b"ID"),
        {name: reply.headers.get(name) for name in SAME_HEADERS},
    )


@pytest.mark.parametrize(("method", "path", "more"), REQUESTS)
async def test_both_hosts_say_the_same(
    standalone: Host, jupyter: Host, method: str, path: str, more: dict[str, Any]
) -> None:
    asked = {"headers": bearer(ADMIN_KEY), **more}
    first = await standalone.ask(method, path, **asked)
    second = await jupyter.ask(method, path, **asked)
    assert essence(first) == essence(second)
