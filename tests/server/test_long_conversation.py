"""A conversation of fifty turns with tools: originals come back to the letter, no model sees one,
and what stands for them stays the same turn after turn.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import orjson
import pytest

from jupyter_mesh.testing.fake_openai import Behaviour, FakeOpenAI

from .governed import ADA, BOB, World, world

TURNS = 50
CLIENT = 'O"Brien & Söhne'
PLANTED = ("@initech.com", "5555", CLIENT, 'O\\"Brien', "203.0.113.")


@pytest.fixture
def upstream() -> Iterator[FakeOpenAI]:
    with FakeOpenAI() as fake:
        yield fake


def policy(upstream: FakeOpenAI, action: str) -> dict[str, object]:
    base = {"provider": "openai_compatible", "base_url": upstream.base_url, "retries": 0}
    clients = {"guard": "deny_list_detector", "terms": [CLIENT], "entity": "CLIENT"}
    return {
        "connections": {"up": {**base, "models": ["m", "hers-alone"]}},
        "guards": {"clients": clients},
        "screening": [{"entities": {"*": action}, "detectors": ["standard", "clients"]}],
        "cache": {"exact": {"enabled": False}},
    }


def said_in(turn: int) -> str:
    """What the user says: somebody new in most turns, somebody known in all."""
    known = f"person{turn // 3}@initech.com"
    card = ("5555 5555 5555 4444", "5555-5555-5555-4444")[turn % 2]
    return f'{turn}: ask {known} at 203.0.113.{turn % 40}, card {card}\n\tof "{CLIENT}" \\ 50% é.'


async def turn_of(one: World, body: dict[str, Any], answer_with_tool: bool, random: Random) -> Any:
    """The answer of a model that repeats what it was sent last, as the client gets it."""
    dry = await one.ask(ADA, "POST", "/api/dry-run", {"operation": "chat", "body": body})
    sent = orjson.loads(dry.body)["prompt"]["messages"][-1]["content"]
    arguments = orjson.dumps({"note": sent}).decode()
    call = {"id": f"c{random.random()}", "type": "function"}
    call |= {"function": {"name": "send", "arguments": arguments}}
    edges = sorted({0, len(sent), *random.sample(range(len(sent)), 12)})
    pieces = tuple(sent[a:b] for a, b in itertools.pairwise(edges))
    behaviour = Behaviour(text=sent, pieces=pieces)
    if answer_with_tool:
        behaviour = Behaviour.model_validate({"tool_calls": [call]})
    one.upstream.script(behaviour)
    stream = random.random() < 0.5
    seen = await one.ask(ADA, "POST", "/v1/chat/completions", {**body, "stream": stream})
    assert seen.status == 200, seen.whole
    return whole(seen.body) if stream else orjson.loads(seen.body)["choices"][0]["message"]


def whole(body: str) -> dict[str, Any]:
    """A streamed answer as one message."""
    text, calls = "", dict[int, Any]()
    for line in body.splitlines():
        if not line.startswith("data: {"):
            continue
        for choice in orjson.loads(line[6:])["choices"]:
            text += choice["delta"].get("content") or ""
            for call in choice["delta"].get("tool_calls") or ():
                known = calls.setdefault(
                    call["index"], {"type": "function", "function": {"name": "", "arguments": ""}}
                )
                known["id"] = call.get("id") or known.get("id")
                for field in ("name", "arguments"):
                    known["function"][field] += call["function"].get(field) or ""
    message: dict[str, Any] = {"role": "assistant", "content": text or None}
    return message | ({"tool_calls": [*calls.values()]} if calls else {})


@pytest.mark.parametrize("action", ["redact", "pseudonymise", "hash"])
async def test_fifty_turns_with_tools(tmp_path: Path, upstream: FakeOpenAI, action: str) -> None:
    random = Random(50)
    tools = [
        {"type": "function", "function": {"name": "send", "description": "for zoe@initech.com"}}
    ]
    history: list[dict[str, Any]] = []
    before: list[Any] = []
    tools_before: Any = None
    async with world(tmp_path, upstream, **policy(upstream, action)) as one:
        for turn in range(TURNS):
            text = said_in(turn)
            history.append({"role": "user", "content": text})
            with_tool = turn % 3 == 2
            body = {"model": "up/m", "messages": history, "tools": tools}
            message = await turn_of(one, body, with_tool, random)
            if with_tool:
                call = message["tool_calls"][0]
                assert orjson.loads(call["function"]["arguments"]) == {"note": text}
                result = orjson.dumps({"sent": text}).decode()
                history += [
                    {"role": "assistant", "content": None, "tool_calls": [call]},
                    {"role": "tool", "tool_call_id": call["id"], "content": result},
                ]
            else:
                assert message["content"] == text
                history.append({"role": "assistant", "content": text})
            request = upstream.requests[-1].body.decode()
            assert not any(planted in request for planted in PLANTED)
            asked = orjson.loads(request)
            sent = asked["messages"]
            assert tools_before in (None, asked["tools"])
            tools_before = asked["tools"]
            assert sent[: len(before)] == before, "nothing said before is called otherwise now"
            before = sent


async def test_numbers_stay_where_old_turns_are_left_out(
    tmp_path: Path, upstream: FakeOpenAI
) -> None:
    async with world(tmp_path, upstream, **policy(upstream, "redact")) as one:

        async def sent(
            first: int, last: int, who: Any = ADA, thread: str | None = "t", key: str | None = None
        ) -> str:
            mails = [f"p{number}@initech.com" for number in range(first, last)]
            messages = [{"role": "user", "content": mail} for mail in mails]
            headers = [("X-Mesh-Thread", thread)] if thread else []
            headers += [("Idempotency-Key", key)] if key else []
            body: Any = {"model": "up/m", "messages": messages}
            seen = await one.ask(who, "POST", "/v1/chat/completions", body, headers=headers)
            assert seen.status == 200, seen.whole
            messages = orjson.loads(upstream.requests[-1].body)["messages"]
            return " ".join(one["content"].strip("<>").rpartition("_")[2] for one in messages)

        assert await sent(0, 4) == "1 2 3 4"
        assert await sent(2, 6) == "3 4 5 6"
        assert await sent(0, 2) == "1 2"
        assert await sent(2, 4, thread="another") == "1 2"
        assert await sent(2, 4, thread=None) == "1 2"
        assert await sent(2, 4, key="k1") == "1 2", "a retry is the same in every gateway"
        assert await sent(2, 4, who=BOB) == "1 2", "what others call their thread is not hers"


async def test_what_a_model_makes_up_brings_out_nothing_of_other_calls(
    tmp_path: Path, upstream: FakeOpenAI
) -> None:
    async with world(tmp_path, upstream, **policy(upstream, "redact")) as one:
        headers = [("X-Mesh-Thread", "t")]
        for text in ("a@initech.com and b@initech.com", "b@initech.com"):
            upstream.script(Behaviour(text="<EMAIL_ADDRESS_1> <EMAIL_ADDRESS_2> <EMAIL_ADDRESS_3>"))
            body: Any = {"model": "up/m", "messages": [{"role": "user", "content": text}]}
            seen = await one.ask(ADA, "POST", "/v1/chat/completions", body, headers=headers)
        said = orjson.loads(seen.body)["choices"][0]["message"]["content"]
        assert said == "<EMAIL_ADDRESS_1> b@initech.com <EMAIL_ADDRESS_3>"
