"""S11: on every route, streamed or not, for one answer or several, every action does what it says,
wherever in a request the text stands.
"""

from __future__ import annotations

import re
from base64 import b64decode
from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest

from jupyter_mesh.schemas.json import JsonObject
from jupyter_mesh.spi.happenings import Happening
from jupyter_mesh.testing.fake_openai import Behaviour, FakeOpenAI

from .governed import ADA, Seen, World, world
from .route_rules import RULES
from .screened_routes import SCREENED

MAIL = "ada.byron@initech.com"
CARD = "5555 5555 5555 4444"
PLANTED = f"{MAIL} with {CARD}"
REPLACED = ("redact", "pseudonymise", "hash", "mask")
BACK = ("redact", "pseudonymise", "hash")


@pytest.fixture
def upstream() -> Iterator[FakeOpenAI]:
    with FakeOpenAI() as fake:
        yield fake


def policy(upstream: FakeOpenAI, action: str) -> dict[str, object]:
    models = {
        "m": {"operations": ["chat", "completion"]},
        **{
            name: {"operations": [operation]}
            for name, operation in (
                ("e", "embedding"),
                ("r", "rerank"),
                ("c", "classify"),
            )
        },
    }
    base = {
        "provider": "openai_compatible",
        "base_url": upstream.base_url,
        "retries": 0,
    }
    enforced, mode = ("block", "monitor") if action == "monitor" else (action, "enforce")
    rule = {"name": "all", "entities": {"*": enforced}, "mode": mode}
    beside = [{"entities": {"*": "allow"}}] if mode == "monitor" else []  # else the default holds
    return {
        "connections": {
            "up": {**base, "models": ["m", "hers-alone"]},
            "out": {**base, "models": models},
        },
        "screening": [rule, *beside],
        "cache": {"exact": {"enabled": False}},
    }


def cases(label: str) -> list[JsonObject]:
    """The body of a route, streamed or not, for one answer and for two."""
    rule = SCREENED[label]
    body = rule.body(PLANTED)
    streamed: list[JsonObject] = [{}, {"stream": True}] if rule.streams else [{}]
    wanted: list[JsonObject] = [{}, {"n": 2}] if rule.choices else [{}]
    return [{**body, **stream, **n} for stream in streamed for n in wanted]


async def ask(one: World, label: str, body: JsonObject) -> Seen:
    method, path = label.split(" ", 1)
    headers = [("anthropic-version", "2023-06-01")]
    return await one.ask(ADA, method, path, body, headers=headers)


def test_every_route_that_calls_is_in_the_matrix() -> None:
    assert {label for label, rule in RULES.items() if rule.calls} == set(SCREENED)


@pytest.mark.parametrize("label", SCREENED)
@pytest.mark.parametrize("action", REPLACED)
async def test_what_is_replaced_reaches_no_model(
    tmp_path: Path, upstream: FakeOpenAI, action: str, label: str
) -> None:
    async with world(tmp_path, upstream, **policy(upstream, action)) as one:
        for body in cases(label):
            before = len(upstream.requests)
            seen = await ask(one, label, body)
            assert seen.status == 200, seen.whole
            sent = upstream.requests[before:]
            assert bool(sent) == SCREENED[label].sends
            for request in sent:
                assert_clean(request.body)
            if sent:
                call = seen.headers["X-Mesh-Request-Id"]
                kept = (await one.mesh.call_detail(ADA, call)).model_dump_json()
                assert MAIL not in kept
                assert CARD not in kept


async def test_documents_that_a_ranking_repeats_have_their_originals_again(
    tmp_path: Path, upstream: FakeOpenAI
) -> None:
    body = SCREENED["POST /v1/rerank"].body(PLANTED)
    async with world(tmp_path, upstream, **policy(upstream, "redact")) as one:
        seen = await ask(one, "POST /v1/rerank", body)
    assert "<EMAIL_ADDRESS_1>" in upstream.requests[-1].body.decode()
    assert "<EMAIL_ADDRESS_1>" not in seen.body
    assert seen.body.count(MAIL) == 3


def assert_clean(data: bytes) -> None:
    """Nothing of what was planted, also not in a file that is inside in base64."""
    text = data.decode()
    for planted in (MAIL, CARD, "initech", "5555 5555"):
        assert planted not in text
    for code in re.findall(r"base64,([A-Za-z0-9+/=]+)", text):
        assert b"initech" not in b64decode(code)


@pytest.mark.parametrize("label", [label for label, rule in SCREENED.items() if rule.answers])
@pytest.mark.parametrize("action", BACK)
async def test_what_was_replaced_comes_back_in_every_answer(
    tmp_path: Path, upstream: FakeOpenAI, action: str, label: str
) -> None:
    async with world(tmp_path, upstream, **policy(upstream, action)) as one:
        for body in cases(label):
            assert (await ask(one, label, body)).status == 200
            stand_in = first_stand_in(upstream.requests[-1].body)
            answer = f"Wrote to {stand_in}."
            arguments = orjson.dumps({"to": stand_in}).decode()
            call = {
                "id": "c2",
                "type": "function",
                "function": {"name": "send", "arguments": arguments},
            }
            for behaviour in (
                Behaviour(text=answer, pieces=tuple(answer)),
                Behaviour(tool_calls=(call,)),
            ):
                if "prompt" in body and behaviour.tool_calls:
                    continue
                upstream.script(behaviour)
                seen = await ask(one, label, body)
                said = "".join(texts_of(seen.body))
                assert stand_in not in said
                assert said.count(MAIL) >= (2 if body.get("n") else 1), seen.body


def first_stand_in(data: bytes) -> str:
    """What was sent for the mail address."""
    text = data.decode()
    if (found := re.search(r"<EMAIL_ADDRESS_[0-9a-fh]+>|[\w.]+@example\.com", text)) is None:
        raise AssertionError(text)
    return found[0]


def texts_of(body: str) -> Iterator[str]:
    """The text and arguments in an answer of any API, those of a stream in their order."""
    events = [
        line.removeprefix("data: ") for line in body.splitlines() if line.startswith("data: {")
    ]
    for event in events or [body]:
        yield from _texts(orjson.loads(event), bool(events))


def _texts(value: object, streamed: bool) -> Iterator[str]:
    if isinstance(value, dict):
        if streamed and str(value.get("type", "")).endswith((".done", ".completed", ".added")):
            return  # says again what came in pieces
        for name, item in value.items():
            if (
                isinstance(item, str)
                and name
                in (
                    "content",
                    "text",
                    "arguments",
                    "delta",
                    "partial_json",
                )
            ) or (isinstance(item, str) and name == "to"):
                yield item
            else:
                yield from _texts(item, streamed)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item, streamed)


@pytest.mark.parametrize("label", SCREENED)
async def test_what_is_blocked_is_refused_before_anything_is_sent(
    tmp_path: Path, upstream: FakeOpenAI, label: str
) -> None:
    async with world(tmp_path, upstream, **policy(upstream, "block")) as one:
        for body in cases(label):
            before = len(upstream.requests)
            seen = await ask(one, label, body)
            assert upstream.requests[before:] == []
            if label == "POST /api/dry-run":
                assert orjson.loads(seen.body)["blocked"] is True
            elif label != "POST /anthropic/v1/messages/count_tokens":  # counted here
                assert seen.status == 400, seen.whole
                assert "content_blocked" in seen.body
                assert MAIL not in seen.whole
                assert "EMAIL_ADDRESS" in seen.body


@pytest.mark.parametrize("label", [label for label, rule in SCREENED.items() if rule.sends])
@pytest.mark.parametrize("action", ["alert", "monitor", "allow"])
async def test_what_is_let_out_is_told_to_an_admin_as_the_rule_says(
    tmp_path: Path, upstream: FakeOpenAI, action: str, label: str
) -> None:
    async with world(tmp_path, upstream, **policy(upstream, action)) as one:
        heard: list[Happening] = []
        one.mesh._parts.happenings.listen(heard.append)  # pyright: ignore[reportPrivateUsage]
        for body in cases(label):
            heard.clear()
            seen = await ask(one, label, body)
            assert seen.status == 200, seen.whole
            assert MAIL in upstream.requests[-1].body.decode()
            told = [item for item in heard if item.kind == "screening_hit"]
            assert bool(told) == (action == "alert")
            call = seen.headers["X-Mesh-Request-Id"]
            assert all(item.details["call"] == call for item in told)
            verdicts = (await one.mesh.call_detail(ADA, call)).verdicts
            expected = {
                "alert": {"alert"},
                "monitor": {"monitor"},
                "allow": set[str](),
            }[action]
            assert {verdict["action"] for verdict in verdicts} == expected  # type: ignore[index,call-overload]
