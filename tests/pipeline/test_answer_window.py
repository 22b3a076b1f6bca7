"""Nothing of what detectors find in an answer gets out, however long it is and however it comes."""

from __future__ import annotations

import random
from collections.abc import Sequence
from string import ascii_letters, digits
from typing import ClassVar, Literal

import pytest

from jupyter_mesh.guards.deny_list import DenyListConfig, DenyListDetector
from jupyter_mesh.guards.patterns import Patterns, PatternsConfig
from jupyter_mesh.guards.secrets import Secrets, SecretsConfig
from jupyter_mesh.schemas.events import Answer, Chunk, Events, Finished, Metered
from jupyter_mesh.schemas.guard_rules import ModerationRule
from jupyter_mesh.schemas.json import JsonObject, as_list, as_object
from jupyter_mesh.schemas.spend import Usage
from jupyter_mesh.spi.guard import Detector, Finding, GuardConfig, GuardedCall, Judge, Verdict
from jupyter_mesh.spi.provider import Attempt
from jupyter_mesh.testing.scripted_provider import Reply, ScriptedProvider, answer, chunk

from .world import Pipeline, candidate, chat, pipeline

_random = random.Random(3)


def drawn(length: int) -> str:
    return "".join(_random.choices(ascii_letters + digits, k=length))


LINES = "\n".join(drawn(64) for _ in range(26))
PHRASE = " ".join(drawn(7) for _ in range(28))
BEGIN, END = "-----BEGIN RSA PRIVATE KEY-----", "-----END RSA PRIVATE KEY-----"
HEADERS = "Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,0123456789ABCDEF0123456789ABCDEF\n\n"
SECRETS = {
    "key": f"sk-proj-{drawn(156)}",
    "jwt": f"eyJhbGciOiJSUzI1NiJ9.eyJ{drawn(300)}.{drawn(270)}",
    "long jwt": f"eyJhbGciOiJSUzI1NiJ9.eyJ{drawn(3_000)}.{drawn(342)}",
    "private key": f"{BEGIN}\n{LINES}\n{END}",
    "encrypted key": f"{BEGIN}\n{HEADERS}{LINES}\n{END}",
    "pass phrase": PHRASE,
    "address": "maria.keller@example.com",
    "account": "DE89 3704 0044 0532 0130 00",
}
ENTITIES = {"API_KEY", "EMAIL_ADDRESS", "IBAN_CODE", "JWT", "PASSWORD", "PRIVATE_KEY"}


class Counting(Detector):
    """Finds nothing, and counts what it is shown."""

    name: ClassVar[str] = "counting"
    shown = 0

    async def find(self, texts: Sequence[str], call: GuardedCall) -> Sequence[Sequence[Finding]]:
        self.shown += sum(map(len, texts))
        return [[] for _ in texts]


class Reader(Judge):
    """Has nothing against anything, and remembers what it read."""

    name: ClassVar[str] = "reader"

    def __init__(self, config: GuardConfig) -> None:
        super().__init__(config)
        self.read: list[str] = []

    async def judge(
        self, text: str, direction: Literal["request", "response"], call: GuardedCall
    ) -> Verdict:
        self.read.append(text)
        return Verdict(0.0)


def world(
    text: str,
    *rules: dict[str, object],
    provider: ScriptedProvider | None = None,
    **guards: object,
) -> Pipeline:
    pieces = [text[at : at + 7] for at in range(0, len(text), 7)]
    found: dict[str, object] = {
        "patterns": Patterns(PatternsConfig()),
        "secrets": Secrets(SecretsConfig()),
    }
    return pipeline(
        candidate("a/m", provider or ScriptedProvider(replies=[Reply(pieces=pieces)])),
        moderation=tuple(map(ModerationRule.model_validate, rules)),
        **{"detectors": found, **guards},
    )


@pytest.mark.parametrize("kind", SECRETS)
@pytest.mark.parametrize("hold_back", [1, 200, 1_000])
@pytest.mark.parametrize("offset", [0, 61, 150])
async def test_nothing_of_a_secret_gets_out_of_a_stream_however_long_it_is(
    kind: str, hold_back: int, offset: int
) -> None:
    secret = SECRETS[kind]
    before = "some words " * 30 + "x" * offset + (' password = "' if kind == "pass phrase" else " ")
    after = ('"' if kind == "pass phrase" else "") + " and so on" * 60
    rule = {"detectors": ["secrets", "patterns"], "hold_back": hold_back}
    blocked = await world(before + secret + after, rule).ask(chat(stream=True))
    assert blocked.notices == ["content_filter"]
    assert before.startswith(blocked.text)
    rule["action"] = "redact"
    redacted = await world(before + secret + after, rule).ask(chat(stream=True))
    start, _, end = redacted.text.partition("<")
    entity, _, rest = end.partition(">")
    assert (start, rest) == (before, after)
    assert entity in ENTITIES


async def test_the_longest_of_several_windows_counts() -> None:
    secret = SECRETS["account"]
    rules: list[dict[str, object]] = [
        {"guard": "reader", "hold_back": 10},
        {"detectors": ["patterns"], "action": "block"},
    ]
    judges = {"reader": Reader(GuardConfig())}
    for offset in range(0, 100, 9):
        text = "some words " * 30 + "x" * offset + " " + secret + " and so on" * 60
        outcome = await world(text, *rules, judges=judges).ask(chat(stream=True))
        assert outcome.notices == ["content_filter"]
        assert "DE89" not in outcome.text


class Aside(ScriptedProvider):
    """Thinks at length in the midst of writing a key."""

    async def stream(self, attempt: Attempt) -> Events:
        self.attempts.append(attempt)
        key = SECRETS["key"]
        for name, text in (
            ("content", "The key is " + key[:82]),
            *[("reasoning_content", "and what else is there? ")] * 60,
            ("content", key[82:]),
        ):
            yield Chunk(chunk(attempt.model, {name: text}))
        yield Chunk(chunk(attempt.model, {}, "stop"))
        yield Metered(Usage(input=1, output=2))
        yield Finished()


async def test_the_rest_of_what_was_taken_out_is_taken_out_when_it_comes_after_something_else() -> (
    None
):
    one = world("", {"detectors": ["secrets"], "action": "redact"}, provider=Aside())
    outcome = await one.ask(chat(stream=True))
    assert SECRETS["key"][82:102] not in outcome.text
    assert outcome.text.count("<API_KEY>") == 2


@pytest.mark.parametrize("words", [5, 60])
async def test_so_much_is_held_back_as_the_longest_denied_term_has(words: int) -> None:
    term = " ".join(f"word{n}" for n in range(words))
    listed = {"terms": DenyListDetector(DenyListConfig(terms=(term,)))}
    text = f"{'some words ' * 80}{term}{' and so on' * 90}"
    rule: dict[str, object] = {"detectors": ["terms"], "action": "redact"}
    outcome = await world(text, rule, detectors=listed).ask(chat(stream=True))
    assert outcome.text == text.replace(term, "<DENIED_TERM>")


@pytest.mark.parametrize("run", ["A" * 40_000, "一" * 40_000])
async def test_a_long_run_that_is_no_token_comes_whole_and_is_looked_at_a_few_times_only(
    run: str,
) -> None:
    counting = Counting(GuardConfig())
    text = f"Look: {run} and so on."
    rule: dict[str, object] = {"detectors": ["counting"], "hold_back": 1_000}
    one = world(text, rule, detectors={"counting": counting})
    outcome = await one.ask(chat(stream=True))
    assert outcome.text == text
    assert counting.shown < 6 * len(text)


async def test_what_is_taken_out_is_no_hit_for_the_next_rule_and_no_judge_reads_it() -> None:
    text = f"Write to {SECRETS['address']} at once; {'some words ' * 60}"
    reader = Reader(GuardConfig())
    one = world(
        text,
        {"detectors": ["patterns"], "action": "redact"},
        {"detectors": ["patterns"], "action": "block"},
        {"guard": "reader"},
        judges={"reader": reader},
    )
    outcome = await one.ask(chat(stream=True))
    assert outcome.text == text.replace(SECRETS["address"], "<EMAIL_ADDRESS>")
    assert [verdict["action"] for verdict in outcome.call.report.verdicts] == ["redact"]
    assert any("<EMAIL_ADDRESS>" in read for read in reader.read)
    assert not any("keller" in read for read in reader.read)


class Spelling(ScriptedProvider):
    """Says the tokens of its answer beside it, in chunks or whole, in the manner of one route."""

    def __init__(self, text: str, tokens: Literal["content", "tokens"]) -> None:
        super().__init__()
        self._pieces = [text[at : at + 4] for at in range(0, len(text), 4)]
        self._tokens = tokens

    def _logprobs(self, pieces: Sequence[str]) -> JsonObject:
        if self._tokens == "tokens":
            return {"tokens": [*pieces], "token_logprobs": [-0.1 for _ in pieces]}
        return {"content": [{"token": piece, "bytes": [*piece.encode()]} for piece in pieces]}

    async def stream(self, attempt: Attempt) -> Events:
        self.attempts.append(attempt)
        if attempt.stream:
            for piece in self._pieces:
                data = chunk(attempt.model, {"content": piece})
                yield Chunk(_beside(data, self._logprobs([piece])), raw=b"as it came")
            yield Chunk(chunk(attempt.model, {}, "stop"))
        else:
            data = answer(attempt.model, "".join(self._pieces), "stop")
            yield Answer(_beside(data, self._logprobs(self._pieces)), raw=b"as it came")
        yield Metered(Usage(input=1, output=2))
        yield Finished()


def _beside(data: JsonObject, logprobs: JsonObject) -> JsonObject:
    choices = [as_object(one) or {} for one in as_list(data["choices"]) or ()]
    return {**data, "choices": [{**one, "logprobs": logprobs} for one in choices]}


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize("tokens", ["content", "tokens"])
@pytest.mark.parametrize(
    ("rule", "told"),
    [
        ({"action": "redact"}, False),
        ({"action": "redact", "mode": "monitor"}, True),
        ({"action": "alert"}, True),
    ],
)
async def test_what_is_taken_out_is_not_said_again_token_by_token(
    stream: bool, tokens: Literal["content", "tokens"], rule: dict[str, object], told: bool
) -> None:
    text = f"Write to {SECRETS['address']}. {'some words ' * 60}"
    rules = {"detectors": ["patterns"], **rule}
    outcome = await world(text, rules, provider=Spelling(text, tokens)).ask(chat(stream=stream))
    said = [event for event in outcome.events if isinstance(event, Chunk | Answer)]
    assert ("'elle'" in str([event.data for event in said])) == told
    assert any(event.raw == b"as it came" for event in said) == told
    assert outcome.notices.count("no_logprobs") == (not told)


async def test_chunks_that_end_in_the_midst_of_words_are_let_go_as_they_come() -> None:
    text = " ".join(f"user{n}@example.com" for n in range(1_000, 1_400))
    one = world(
        f"{text} {SECRETS['key']}",
        {"detectors": ["patterns"], "action": "redact"},
        {"detectors": ["secrets"]},
    )
    outcome = await one.ask(chat(stream=True))
    assert outcome.notices[-1] == "content_filter"
    assert outcome.text.count("<EMAIL_ADDRESS>") > 300
