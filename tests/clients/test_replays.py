"""T38 at every route that asks a model: a retry under one `Idempotency-Key` is answered, and paid
once; another request under it is refused; each answer says what the limits leave.
"""

from __future__ import annotations

import json
import re
import urllib.error
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from jupyter_mesh_server.routes import ROUTES

from jupyter_mesh.testing.fake_openai import Behaviour, FakeOpenAI
from jupyter_mesh.testing.gateway_process import GatewayProcess

from .conftest import PROVIDER_KEY, Gateway

HELLO = [{"role": "user", "content": "Say hello."}]
BODIES: dict[str, Any] = {
    "/v1/chat/completions": {"model": "up/m", "messages": HELLO},
    "/v1/completions": {"model": "up/t", "prompt": "Say hello."},
    "/v1/responses": {"model": "up/m", "input": "Say hello."},
    "/v1/embeddings": {"model": "up/e", "input": ["Say hello.", "Say it."]},
    "/v1/rerank": {"model": "up/r", "query": "whale", "documents": ["a fox", "a whale"]},
    "/v1/classify": {"model": "up/c", "input": "What a good day."},
    "/anthropic/v1/messages": {"model": "up/m", "max_tokens": 50, "messages": HELLO},
}
OF_OWN_GUARDS = {"/v1/moderations"}
"""Asks the mesh's guards, which have tests of their own."""
STREAMED = [
    (route.path, stream)
    for route in ROUTES
    if route.asks is not None and route.path not in OF_OWN_GUARDS
    for stream in ((False, True) if route.streams else (False,))
]
EACH = pytest.mark.parametrize(("path", "stream"), STREAMED)
PRICE = {"price": {"input": 1, "output": 10}}
OF_A_TIME = re.compile(r'"(id|item_id|created|created_at|request_id)":\s*("[^"]*"|\d+)')
"""What a call has of its own, however it is answered."""


@dataclass(frozen=True)
class Answered:
    """A reply over HTTP."""

    status: int
    headers: Any
    text: str

    @property
    def said(self) -> str:
        """Without what is each call's own."""
        return OF_A_TIME.sub("", self.text)


def post(gateway: Gateway, path: str, key: str, body: Any) -> Answered:
    headers = {
        "Authorization": f"Bearer {gateway.key}",
        "Content-Type": "application/json",
        "Idempotency-Key": key,
    }
    url = f"{gateway.process.url.rstrip('/')}{path}"
    request = urllib.request.Request(url, json.dumps(body).encode(), headers)
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return Answered(answer.status, answer.headers, answer.read().decode())
    except urllib.error.HTTPError as error:
        return Answered(error.code, error.headers, error.read().decode())


@pytest.fixture(scope="module")
def limited(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    kinds = {"t": "completion", "e": "embedding", "r": "rerank", "c": "classify"}
    models = {name: {**PRICE, "operations": [kind]} for name, kind in kinds.items()}
    with FakeOpenAI(api_key=PROVIDER_KEY) as upstream:
        process = GatewayProcess(tmp_path_factory.mktemp("replays"))
        up = {"provider": "openai_compatible", "base_url": upstream.base_url}
        up |= {"api_key": "env:PROVIDER_KEY", "models": {"m": PRICE, **models}, "retries": 0}
        limit = {"requests_per_minute": 5_000, "tokens_per_minute": 5_000_000}
        process.configure(
            {"connections": {"up": up}, "limits": [limit], "cache": {"exact": {"enabled": False}}}
        )
        process.start(PROVIDER_KEY=PROVIDER_KEY)
        try:
            yield Gateway(process, upstream)
        finally:
            process.stop()


@pytest.fixture
def gateway(limited: Gateway) -> Gateway:
    limited.upstream.forget()
    limited.upstream.requests.clear()
    return limited


def costs(gateway: Gateway, calls: int) -> list[Decimal]:
    """Of the last calls, the newest first."""
    listed = gateway.request(f"api/calls?limit={calls}").body["calls"]
    return [Decimal(one["cost_usd"]) for one in listed]


def test_every_route_that_asks_a_model_is_here() -> None:
    assert {path for path, _ in STREAMED} == set(BODIES)


@EACH
def test_a_retry_is_answered_the_same_and_paid_once(
    gateway: Gateway, path: str, stream: bool
) -> None:
    key, body = uuid4().hex, {**BODIES[path], **({"stream": True} if stream else {})}
    first, second = (post(gateway, path, key, body) for _ in range(2))
    assert (first.status, second.status) == (200, 200), first.text
    # A stream that is told again comes in fewer pieces; what it comes to is the same.
    if not stream:
        assert second.said == first.said
    assert len(gateway.upstream.requests) == 1
    assert second.headers["X-Mesh-Cache"] == "hit"
    again, paid = costs(gateway, 2)
    assert again == 0 < paid
    whole = post(gateway, path, key, BODIES[path])
    assert whole.status == 200, "streamed or not, it is the same question"
    assert len(gateway.upstream.requests) == 1


@EACH
def test_at_once_it_is_asked_once(gateway: Gateway, path: str, stream: bool) -> None:
    gateway.upstream.default = Behaviour(delay=0.3)
    key, body = uuid4().hex, {**BODIES[path], **({"stream": True} if stream else {})}
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: post(gateway, path, key, body), range(4)))
    assert {one.status for one in answers} == {200}
    if not stream:
        assert len({one.said for one in answers}) == 1
    assert len(gateway.upstream.requests) == 1
    assert sum(cost > 0 for cost in costs(gateway, 4)) == 1


@EACH
def test_another_request_under_the_same_key_is_refused(
    gateway: Gateway, path: str, stream: bool
) -> None:
    key, body = uuid4().hex, {**BODIES[path], **({"stream": True} if stream else {})}
    assert post(gateway, path, key, body).status == 200
    other = {**body, "user": "somebody", "temperature": 0.5}
    refused = post(gateway, path, key, other)
    assert refused.status == 409
    error = json.loads(refused.text)["error"]
    assert "another request" in error["message"]
    assert error["type"] in ("invalid_request_error", "conflict_error")
    assert len(gateway.upstream.requests) == 1


@EACH
def test_each_answer_says_what_the_limits_leave(gateway: Gateway, path: str, stream: bool) -> None:
    body = {**BODIES[path], **({"stream": True} if stream else {})}
    answer = post(gateway, path, uuid4().hex, body)
    assert answer.headers["X-RateLimit-Limit-Requests"] == "5000"
    assert 0 < int(answer.headers["X-RateLimit-Remaining-Requests"]) < 5_000
    assert answer.headers["X-RateLimit-Limit-Tokens"] == "5000000"
    assert 0 < int(answer.headers["X-RateLimit-Remaining-Tokens"]) < 5_000_000
