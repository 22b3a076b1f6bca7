"""S14: an answer that a rule is against, on every route that writes text: streamed and whole, one
choice and several, for each action. No client sees the text; what was used is charged.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
from jupyter_mesh_server.routes import ROUTES

from jupyter_mesh.schemas.json import Json, JsonObject
from jupyter_mesh.testing.fake_openai import Behaviour, FakeOpenAI

from .governed import ADA, ROOT, Seen, World, world

MESSAGES: Json = [{"role": "user", "content": "Tell me a story"}]
BODIES: dict[str, JsonObject] = {
    "/v1/chat/completions": {"messages": MESSAGES},
    "/v1/completions": {"prompt": "Tell me a story"},
    "/v1/responses": {"input": "Tell me a story"},
    "/anthropic/v1/messages": {"messages": MESSAGES, "max_tokens": 500},
}
BEFORE = "Once upon a time there was a long and quiet road through the hills. " * 4
SECRET = "xyzzy plugh"
AFTER = " Then everybody went home and slept until the morning came again. " * 4
CASES = [
    pytest.param(path, stream, n, id=f"{path}-{'stream' if stream else 'whole'}-{n}")
    for path in BODIES
    for stream in (True, False)
    for n in ((1, 2) if "completions" in path else (1,))
]
GUARDS: JsonObject = {
    "wording": {"guard": "deny_list", "terms": [SECRET]},
    "spotted": {"guard": "deny_list_detector", "terms": [SECRET], "entity": "SPELL"},
}


@pytest.fixture
def upstream() -> Iterator[FakeOpenAI]:
    with FakeOpenAI() as fake:
        yield fake


def test_every_route_that_writes_text_is_tried() -> None:
    assert {route.path for route in ROUTES if route.streams} == set(BODIES)


def moderated(folder: Path, upstream: FakeOpenAI, rule: JsonObject) -> Any:
    """A mesh with one rule of moderation, and a model that also continues texts."""
    priced: JsonObject = {"price": {"input": 1, "output": 10}}
    models: JsonObject = {
        "m": {**priced, "operations": ["chat", "completion"]},
        "hers-alone": priced,
    }
    base: JsonObject = {"provider": "openai_compatible", "base_url": upstream.base_url}
    up: JsonObject = {**base, "retries": 0, "models": models}
    rules: list[Json] = [rule]
    return world(folder, upstream, guards=GUARDS, moderation=rules, connections={"up": up})


async def told(one: World, path: str, stream: bool, n: int = 1) -> Seen:
    body: JsonObject = {"model": "up/m", "stream": stream, **BODIES[path]}
    if n > 1:
        body["n"] = n
    return await one.ask(ADA, "POST", path, body)


async def record(one: World, reply: Seen) -> dict[str, Any]:
    seen = await one.ask(ROOT, "GET", f"/api/calls/{reply.headers['X-Mesh-Request-Id']}")
    return orjson.loads(seen.body)


def pieces(text: str, size: int) -> tuple[str, ...]:
    return tuple(text[at : at + size] for at in range(0, len(text), size))


def words(reply: Seen) -> str:
    """All text of a reply, whatever its shape, event after event."""
    found: list[str] = []

    def look(value: Json, name: str = "") -> None:
        if isinstance(value, dict):
            for key, item in value.items():
                look(item, key)
        elif isinstance(value, list):
            for item in value:
                look(item, name)
        elif isinstance(value, str) and name in ("content", "text", "delta"):
            found.append(value)

    if not reply.body.startswith(("data:", "event:")):
        look(orjson.loads(reply.body))
    for line in reply.body.splitlines():
        if line.startswith("data: ") and line != "data: [DONE]":
            look(orjson.loads(line[6:]))
    return "".join(found)


@pytest.mark.parametrize(("path", "stream", "n"), CASES)
@pytest.mark.parametrize("size", [3, 1_000])
async def test_a_blocked_answer_ends_before_the_text(
    tmp_path: Path, upstream: FakeOpenAI, path: str, stream: bool, n: int, size: int
) -> None:
    rule: JsonObject = {"guard": "wording", "hold_back": 60}
    async with moderated(tmp_path, upstream, rule) as one:
        upstream.script(
            Behaviour(
                text=BEFORE + SECRET + AFTER,
                pieces=pieces(BEFORE + SECRET + AFTER, size),
            )
        )
        reply = await told(one, path, stream, n)
        assert reply.status == 200
        said = words(reply)
        for word in ("xyz", "plugh", "Then everybody"):
            assert word not in said
        if stream and size == 3:
            assert "Once upon a time" in said, "what is harmless goes out before"
        assert "content_filter" in reply.body or "refusal" in reply.body, reply.body
        detail = await record(one, reply)
        assert detail["summary"]["outcome"] == "blocked"
        assert float(detail["summary"]["cost_usd"]) > 0
        assert [one["action"] for one in detail["verdicts"]] == ["block"]
        assert SECRET not in str(detail["verdicts"])


@pytest.mark.parametrize(("path", "stream", "n"), CASES)
async def test_a_redacted_answer_comes_without_the_text(
    tmp_path: Path, upstream: FakeOpenAI, path: str, stream: bool, n: int
) -> None:
    rule: JsonObject = {"detectors": ["spotted"], "action": "redact", "hold_back": 60}
    async with moderated(tmp_path, upstream, rule) as one:
        upstream.script(
            Behaviour(text=BEFORE + SECRET + AFTER, pieces=pieces(BEFORE + SECRET + AFTER, 3))
        )
        reply = await told(one, path, stream, n)
        said = words(reply)
        assert "xyz" not in said
        assert "plugh" not in said
        assert said.count("<SPELL>") >= n
        assert (BEFORE + "<SPELL>" + AFTER) in said
        detail = await record(one, reply)
        assert detail["summary"]["outcome"] == "answered"
        assert SECRET not in str(detail)


@pytest.mark.parametrize(("path", "stream", "n"), CASES)
async def test_an_answer_that_is_asked_for_again_is_never_seen_the_first_time(
    tmp_path: Path, upstream: FakeOpenAI, path: str, stream: bool, n: int
) -> None:
    rule: JsonObject = {"guard": "wording", "action": "retry"}
    async with moderated(tmp_path, upstream, rule) as one:
        usage: dict[str, Any] = {
            "prompt_tokens": 10,
            "completion_tokens": 5,
            "total_tokens": 15,
        }
        upstream.script(
            Behaviour(text=BEFORE + SECRET, pieces=pieces(BEFORE + SECRET, 5), usage=usage),
            Behaviour(text="A better story.", usage=usage),
        )
        reply = await told(one, path, stream, n)
        said = words(reply)
        assert "Once upon" not in said
        assert "A better story." in said
        detail = await record(one, reply)
        assert detail["summary"]["outcome"] == "answered"
        assert detail["summary"]["tokens"]["input"] == 20
        assert detail["summary"]["tokens"]["output"] == 10
        assert [one["code"] for one in detail["notices"]] == ["asked_again"]


@pytest.mark.parametrize(("path", "stream", "n"), CASES)
@pytest.mark.parametrize(
    ("rule", "verdict"),
    [
        ({"action": "alert"}, "alert"),
        ({"action": "block", "mode": "monitor"}, "monitor"),
    ],
)
async def test_what_is_only_looked_at_comes_as_it_is(
    tmp_path: Path,
    upstream: FakeOpenAI,
    path: str,
    stream: bool,
    n: int,
    rule: JsonObject,
    verdict: str,
) -> None:
    rule = {"guard": "wording", **rule}
    async with moderated(tmp_path, upstream, rule) as one:
        upstream.script(
            Behaviour(text=BEFORE + SECRET + AFTER, pieces=pieces(BEFORE + SECRET + AFTER, 7))
        )
        reply = await told(one, path, stream, n)
        assert (BEFORE + SECRET + AFTER) in words(reply)
        detail = await record(one, reply)
        assert [one["action"] for one in detail["verdicts"]] == [verdict]


@pytest.mark.parametrize(("path", "stream", "n"), CASES)
async def test_thoughts_and_arguments_of_tools_are_judged_as_well(
    tmp_path: Path, upstream: FakeOpenAI, path: str, stream: bool, n: int
) -> None:
    if path == "/v1/completions":
        pytest.skip("a continuation has neither")
    rule: JsonObject = {"guard": "wording"}
    arguments = orjson.dumps({"spell": SECRET}).decode()
    call: dict[str, Any] = {
        "id": "call_1", "type": "function", "function": {"name": "cast", "arguments": arguments},
    }  # fmt: skip
    async with moderated(tmp_path, upstream, rule) as one:
        for behaviour in (
            Behaviour(reasoning=f"I say {SECRET}"),
            Behaviour(tool_calls=(call,)),
        ):
            upstream.script(behaviour)
            reply = await told(one, path, stream, n)
            assert "xyz" not in reply.body
            assert (await record(one, reply))["summary"]["outcome"] == "blocked"


@pytest.mark.parametrize("stream", [True, False])
async def test_the_added_delay_is_shown(tmp_path: Path, upstream: FakeOpenAI, stream: bool) -> None:
    rule: JsonObject = {"guard": "wording", "hold_back": 60}
    async with moderated(tmp_path, upstream, rule) as one:
        upstream.script(Behaviour(text=BEFORE, piece_delay=0.002))
        body: JsonObject = {"model": "up/m", "stream": stream, "messages": MESSAGES}
        details = [("X-Mesh-Details", "1")]
        reply = await one.ask(ADA, "POST", "/v1/chat/completions", body, headers=details)
        if not stream:  # the head of a stream goes out before
            assert float(reply.headers["X-Mesh-Held-Back-Ms"]) > 0
        assert '"held_back":' in reply.body
        assert "jupyter_mesh_held_back_seconds_count" in await one.mesh.metrics()
