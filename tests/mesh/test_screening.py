"""What was not screened for the outside never gets there, whatever fails inside."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from jupyter_mesh.errors import Blocked, ProviderError, ScreeningUnavailable
from jupyter_mesh.spi import GUARD_GROUP
from jupyter_mesh.testing.fake_openai import Behaviour, FakeOpenAI, Fault

from .world import ADA, ask, chat, connection, embedding, mesh_of

EMAIL, CARD = "grace.hopper@example.org", "4111 1111 1111 1111"
IBAN = "DE89 3704 0044 0532 0130 00"
KEY = "sk-proj-" + "aB3dE6gH9jK2mN5pQ8sT" * 2
PLANTED = (EMAIL, CARD, IBAN, KEY)
PROMPT = f"Mail {EMAIL}, charge {CARD} or {IBAN}, log in with {KEY}."


def alias(inside: FakeOpenAI, outside: FakeOpenAI) -> dict[str, object]:
    """Connections `in` (on this machine, so exempt by default) and `out`."""
    return {"in": connection(inside, residency="local"), "out": connection(outside)}


FAST = {"fast": {"models": ["in/m", "out/m"]}}
STRICT = {"for": {"residency": "external"}}
FAULTS: list[Fault] = ["server_error", "reset_before", "html_error", "cut", "wrong_type"]


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("fault", FAULTS)
async def test_a_fallback_outside_gets_the_screened_text_only(
    tmp_path: Path, upstream: FakeOpenAI, other: FakeOpenAI, fault: Fault, stream: bool
) -> None:
    upstream.default = Behaviour(fault=fault)
    async with mesh_of(tmp_path, alias(upstream, other), aliases=FAST) as mesh:
        outcome = await ask(mesh, chat(PROMPT, model="fast", stream=stream))
        assert len(upstream.requests) == 1
        for received in [*upstream.requests, *other.requests]:
            text = received.body.decode()
            assert not any(planted in text for planted in PLANTED)
            assert "<EMAIL_ADDRESS_1>" in text
        if fault in ("cut", "wrong_type"):
            assert isinstance(outcome.error, ProviderError), "it had processed the request"
            assert other.requests == []
        else:
            assert outcome.error is None
            assert outcome.text == other.default.text
            assert outcome.notices == ["redacted", "fallback"]
            assert outcome.call.report.model == "out/m"
        kept = (await mesh.call_detail(ADA, outcome.call.id)).model_dump_json()
        assert not any(planted in kept for planted in PLANTED)


async def test_where_policy_prefers_the_exempt_one_the_outside_is_not_asked_at_all(
    tmp_path: Path, upstream: FakeOpenAI, other: FakeOpenAI
) -> None:
    upstream.default = Behaviour(fault="server_error")
    screening = [{**STRICT, "prefer_exempt": True}]
    connections = alias(upstream, other)
    async with mesh_of(tmp_path, connections, aliases=FAST, screening=screening) as mesh:
        outcome = await ask(mesh, chat(PROMPT, model="fast"))
        assert isinstance(outcome.error, ProviderError)
        assert outcome.notices == ["kept_inside"]
        assert EMAIL in upstream.requests[0].body.decode(), "inside it may be read"
        assert other.requests == []
        harmless = await ask(mesh, chat("Nothing to hide", model="fast"))
        assert harmless.call.report.model == "out/m"


async def test_what_comes_back_has_the_originals_again_whatever_was_cut_where(
    tmp_path: Path, other: FakeOpenAI
) -> None:
    answer = "Sent to <EMAIL_ADDRESS_1>, charged <CREDIT_CARD_1>."
    other.default = Behaviour(text=answer, pieces=tuple(answer))
    async with mesh_of(tmp_path, {"out": connection(other)}) as mesh:
        for stream in (False, True):
            outcome = await ask(mesh, chat(PROMPT, model="out/m", stream=stream))
            assert outcome.text == f"Sent to {EMAIL}, charged {CARD}."


async def test_every_place_of_a_request_is_screened(tmp_path: Path, other: FakeOpenAI) -> None:
    arguments = json.dumps({"to": EMAIL})
    call = {"id": "c", "type": "function", "function": {"name": "f", "arguments": arguments}}
    messages = [
        {"role": "system", "content": f"Sign as {EMAIL}"},
        {"role": "user", "content": [{"type": "text", "text": EMAIL}]},
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "c", "content": f"Sent to {EMAIL}"},
    ]
    tool = {"name": "f", "description": f"like {EMAIL}", "parameters": {"examples": [EMAIL]}}
    async with mesh_of(tmp_path, {"out": connection(other)}) as mesh:
        request = chat(model="out/m", tools=[{"type": "function", "function": tool}], new=[EMAIL])
        await ask(mesh, request.with_body(messages=messages))  # pyright: ignore[reportArgumentType]
        assert EMAIL not in other.requests[0].body.decode()
        vectors = embedding([f"about {EMAIL}"], "out/e")
        connections = {"out": connection(other, models={"e": {"operations": ["embedding"]}})}
        async with mesh_of(tmp_path / "e", connections) as embedder:
            assert (await ask(embedder, vectors)).error is None
        assert EMAIL not in other.requests[1].body.decode()


async def test_what_policy_blocks_is_not_sent_and_not_repeated(
    tmp_path: Path, other: FakeOpenAI
) -> None:
    screening = [{**STRICT, "entities": {"CREDIT_CARD": "block"}}]
    async with mesh_of(tmp_path, {"out": connection(other)}, screening=screening) as mesh:
        outcome = await ask(mesh, chat(PROMPT, model="out/m"))
        assert isinstance(outcome.error, Blocked)
        assert "CREDIT_CARD" in outcome.error.message
        assert other.requests == []
        detail = await mesh.call_detail(ADA, outcome.call.id)
        assert detail.summary.outcome == "blocked"
        everything = detail.model_dump_json() + outcome.error.message
        assert not any(planted in everything for planted in PLANTED)


async def test_a_guard_that_breaks_lets_nothing_out(
    tmp_path: Path, other: FakeOpenAI, install: Callable[..., None]
) -> None:
    install(GUARD_GROUP, broken="tests.mesh.broken_guard:Broken")
    guards = {"broken": {"guard": "broken"}}
    screening = [{**STRICT, "detectors": ["standard", "broken"]}]
    connections = {"out": connection(other)}
    async with mesh_of(tmp_path, connections, guards=guards, screening=screening) as mesh:
        outcome = await ask(mesh, chat(PROMPT, model="out/m"))
        assert isinstance(outcome.error, ScreeningUnavailable)
        assert EMAIL not in outcome.error.message
        assert other.requests == []
        assert (await mesh.calls(ADA)).calls[0].outcome == "refused"


@pytest.mark.parametrize(
    ("text", "sent"),
    [
        ("Initech buys Globex", "<CLIENT_1> buys <RIVAL_1>"),
        ("Initechs buy", "Initechs buy"),
        ("write to info@initech.com", "write to info@<CLIENT_1>.com"),
    ],
)
async def test_two_lists_of_one_kind_act_each_under_its_own_rule(
    tmp_path: Path, other: FakeOpenAI, text: str, sent: str
) -> None:
    deny = "deny_list_detector"
    guards = {
        "clients": {"guard": deny, "terms": ["Initech"], "entity": "CLIENT"},
        "rivals": {"guard": deny, "terms": ["Globex"], "entity": "RIVAL"},
    }
    screening = [{**STRICT, "detectors": ["clients"]}, {**STRICT, "detectors": ["rivals"]}]
    async with mesh_of(
        tmp_path, {"out": connection(other)}, guards=guards, screening=screening
    ) as mesh:
        outcome = await ask(mesh, chat(text, model="out/m"))
        assert outcome.error is None
        assert json.loads(other.requests[0].body)["messages"][0]["content"] == sent


@pytest.mark.parametrize(
    ("screening", "leaves"),
    [
        ({}, False),
        ({"screening": [{"for": {"connection": "elsewhere"}, "entities": {"*": "block"}}]}, False),
        ({"screening": [{"for": {"connection": "out"}, "entities": {"*": "allow"}}]}, True),
        ({"screening": []}, True),
    ],
)
async def test_a_rule_for_one_connection_leaves_the_others_screened(
    tmp_path: Path, other: FakeOpenAI, screening: dict[str, object], leaves: bool
) -> None:
    connections = {"out": connection(other), "elsewhere": connection(other)}
    async with mesh_of(tmp_path, connections, **screening) as mesh:
        assert (await ask(mesh, chat(PROMPT, model="out/m"))).error is None
        assert (EMAIL in other.requests[0].body.decode()) == leaves


async def test_other_calls_go_on_while_a_megabyte_is_screened(
    tmp_path: Path, other: FakeOpenAI
) -> None:
    ticks = 0

    async def tick() -> None:
        nonlocal ticks
        while True:
            await asyncio.sleep(0)
            ticks += 1

    long = "".join(f"user{n}@example.org wrote from 10.0.{n % 256}.7; " for n in range(9_000))
    async with mesh_of(tmp_path, {"out": connection(other)}) as mesh:
        ticker = asyncio.create_task(tick())
        call = mesh.call(ADA, chat(long, model="out/m"))
        assert not (await mesh.dry_run(call)).blocked
        ticker.cancel()
        assert ticks > 50
        assert [finding["count"] for finding in call.report.verdicts] == [9_000, 9_000]
