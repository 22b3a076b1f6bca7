"""What the audit keeps: redacted by the detectors that policy names, and no payload in full."""

from __future__ import annotations

import re
from base64 import b64encode
from hashlib import sha256
from typing import ClassVar

import orjson
import pytest

from jupyter_mesh.schemas.events import Chunk, Events, Finished, Metered
from jupyter_mesh.schemas.guard_rules import ScreeningRule
from jupyter_mesh.schemas.json import Json
from jupyter_mesh.schemas.policy import ExactCacheRule
from jupyter_mesh.schemas.record_policy import AuditRule
from jupyter_mesh.schemas.spend import Usage
from jupyter_mesh.spi.guard import MOST_FINDINGS, GuardConfig
from jupyter_mesh.spi.provider import Attempt
from jupyter_mesh.testing.scripted_provider import Reply, ScriptedProvider, chunk

from .test_screen import Broken, Words
from .world import Outcome, Pipeline, candidate, chat, pipeline


class Customers(Words):
    """Finds one customer."""

    name: ClassVar[str] = "deny_list_detector"
    patterns: ClassVar = {"CUSTOMER": re.compile("initech")}


DETECTORS = {"patterns": Words(GuardConfig()), "customers": Customers(GuardConfig())}


def world(*rules: dict[str, object], said: str = "Hello", **fields: object) -> Pipeline:
    return pipeline(
        candidate("a/m", ScriptedProvider(replies=[Reply(pieces=[said])])),
        screening=tuple(map(ScreeningRule.model_validate, rules)),
        detectors=fields.pop("detectors", DETECTORS),
        cache=ExactCacheRule(enabled=False),
    )


def kept(pipe: Pipeline, outcome: Outcome) -> tuple[object, object]:
    call = outcome.call.id
    return pipe.journal.intents[call].content, pipe.journal.completions[call].content


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        ([{"detectors": ["customers"]}], "<CUSTOMER_1> and <NAME_1>"),
        ([{"detectors": ["customers"], "entities": {"*": "alert"}}], "<CUSTOMER_1> and <NAME_1>"),
        ([{"detectors": ["patterns"]}], "initech and <NAME_1>"),
        ([], "initech and <NAME_1>"),
    ],
)
async def test_an_answer_is_kept_redacted_by_the_detectors_of_its_request(
    rules: list[dict[str, object]], expected: str, stream: bool
) -> None:
    pipe = world(*rules, said="initech and Ada")
    outcome = await pipe.ask(chat("initech and Ada", stream=stream))
    request, answer = kept(pipe, outcome)
    assert outcome.text == "initech and Ada"
    assert request["messages"][0]["content"] == expected
    assert answer == {"text": expected}


def delta(index: int, **delta: Json) -> Chunk:
    choice: Json = {"index": index, "delta": delta, "finish_reason": None}
    return Chunk({**chunk("m", {}), "choices": [choice]})


def argument(call: int, text: str) -> Chunk:
    return delta(0, tool_calls=[{"index": call, "function": {"arguments": text}}])


class InTurns(ScriptedProvider):
    """Streams what belongs apart in turns, as providers do."""

    def __init__(self, *chunks: Chunk) -> None:
        super().__init__()
        self.chunks = chunks

    async def stream(self, attempt: Attempt) -> Events:
        for one in self.chunks:
            yield one
        yield Metered(Usage(input=1, output=1))
        yield Finished("stop")


CHOICES = {"choices": [{"index": 0, "text": "a <NAME_1>"}, {"index": 1, "text": "b <NAME_1>"}]}


@pytest.mark.parametrize(
    ("chunks", "expected"),
    [
        (
            [delta(n, content=f"{'ab'[n]}{piece}" if not at else piece)
             for at, piece in enumerate((" A", "d", "a")) for n in (0, 1)],
            CHOICES,
        ),
        (
            [argument(n, piece) for piece in ("A", "da", " ") for n in (0, 1)],
            {"text": "<NAME_1> <NAME_1> "},
        ),
        (
            [
                *(delta(0, reasoning="A"), delta(0, content="A")),
                *(delta(0, reasoning="da "), delta(0, content="da")),
            ],
            {"text": "<NAME_1> <NAME_1>"},
        ),
    ],
)  # fmt: skip
@pytest.mark.parametrize("full", [False, True])
async def test_what_comes_in_turns_is_kept_apart_so_that_nothing_cut_up_is_overlooked(
    chunks: list[Chunk], expected: Json, full: bool
) -> None:
    pipe = pipeline(
        candidate("a/m", InTurns(*chunks)),
        detectors=DETECTORS,
        cache=ExactCacheRule(enabled=False),
        audit=AuditRule(content="full" if full else "redacted"),
    )
    _, answer = kept(pipe, await pipe.ask(chat("Who?", stream=True, n=2)))
    shown = orjson.dumps(expected).decode()
    assert answer == orjson.loads(shown.replace("<NAME_1>", "Ada") if full else shown)


BYTES = bytes(range(256)) * 400
PNG = b"\x89PNG\r\n\x1a\n"


@pytest.mark.parametrize("rules", [[], [{"detectors": ["patterns"]}]])
@pytest.mark.parametrize(
    ("part", "media", "data"),
    [
        ({"image_url": {"url": "data:image/png;base64,"}}, "image/png", PNG + BYTES),
        ({"image_url": {"url": "data:image/png;base64,"}}, "image/png", PNG),
        (
            {"file": {"file_data": "data:application/pdf;base64,"}},
            "application/pdf",
            b"%PDF-1.7\n" + BYTES,
        ),
        ({"input_audio": {"data": "", "format": "wav"}}, "base64", b"RIFF\0\0\0\1WAVE" + BYTES),
    ],
)
async def test_a_payload_is_kept_as_what_it_was_and_sent_in_full(
    part: dict[str, dict[str, Json]], media: str, data: bytes, rules: list[dict[str, object]]
) -> None:
    [(kind, fields)] = part.items()
    place = next(iter(fields))
    encoded = b64encode(data).decode()
    filled: Json = {"type": kind, kind: {**fields, place: f"{fields[place]}{encoded}"}}
    pipe = world(*rules)
    outcome = await pipe.ask(chat([{"type": "text", "text": "What is it, Ada?"}, filled]))
    request, _ = kept(pipe, outcome)
    note = f"[{media}, {len(data)} bytes, sha256 {sha256(data).hexdigest()}]"
    text, shown = request["messages"][0]["content"]
    assert text["text"] == "What is it, <NAME_1>?"
    assert shown == {"type": kind, kind: {**fields, place: note}}
    provider = pipe.snapshot.models["a/m"].provider
    assert encoded in str(provider.attempts[0].request.body)


@pytest.mark.parametrize("rules", [[], [{"detectors": ["patterns"], "entities": {"*": "alert"}}]])
async def test_a_file_of_text_is_kept_redacted_like_text(rules: list[dict[str, object]]) -> None:
    encoded = f"data:text/plain;base64,{b64encode(b'It is Ada.').decode()}"
    file: Json = {"type": "file", "file": {"file_data": encoded}}
    pipe = world(*rules)
    outcome = await pipe.ask(chat([file]))
    request, _ = kept(pipe, outcome)
    redacted = f"data:text/plain;base64,{b64encode(b'It is <NAME_1>.').decode()}"
    assert request["messages"][0]["content"][0]["file"] == {"file_data": redacted}
    provider = pipe.snapshot.models["a/m"].provider
    assert encoded in str(provider.attempts[0].request.body)


@pytest.mark.parametrize("data", ["é", "QWRh/w==", "Q"])
async def test_what_claims_to_be_text_and_is_not_is_kept_as_a_note(data: str) -> None:
    file: Json = {"type": "file", "file": {"file_data": f"data:text/plain;base64,{data}"}}
    pipe = world()
    outcome = await pipe.ask(chat([file]))
    request, _ = kept(pipe, outcome)
    assert "[text/plain, " in request["messages"][0]["content"][0]["file"]["file_data"]


async def test_what_only_looks_like_a_payload_is_kept_and_redacted_as_text() -> None:
    pipe = world()
    outcome = await pipe.ask(chat("data:image/png;base64,Ada is not"))
    request, _ = kept(pipe, outcome)
    assert request["messages"][0]["content"] == "data:image/png;base64,<NAME_1> is not"


@pytest.mark.parametrize("detector", [Broken("raises"), "many"])
async def test_what_cannot_be_screened_for_the_audit_alone_is_sent_but_not_kept(
    detector: object,
) -> None:
    text = "Ada " * (MOST_FINDINGS + 1) if detector == "many" else "Ada"
    detectors = DETECTORS if detector == "many" else {"patterns": detector}
    pipe = world(said=text, detectors=detectors)
    outcome = await pipe.ask(chat(text))
    assert outcome.text == text
    assert "Ada" not in str(kept(pipe, outcome))
    assert str(kept(pipe, outcome)).count("withheld") == 2
