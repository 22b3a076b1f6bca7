"""Screening: what is found is redacted, blocked or alerted, and put back across chunk borders."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from typing import ClassVar

import pytest

from jupyter_mesh.errors import (
    AllCandidatesFailed,
    Blocked,
    InvalidRequest,
    ProviderUnavailable,
    ScreeningUnavailable,
)
from jupyter_mesh.schemas.catalog import Residency
from jupyter_mesh.schemas.guard_rules import ScreeningRule
from jupyter_mesh.schemas.policy import AliasRule, ExactCacheRule
from jupyter_mesh.schemas.record_policy import AuditRule
from jupyter_mesh.schemas.request import Operation, parse_request
from jupyter_mesh.spi.guard import Detector, Finding, GuardConfig, GuardedCall
from jupyter_mesh.spi.provider import Attempt
from jupyter_mesh.testing.scripted_provider import Reply, ScriptedProvider

from .world import Pipeline, candidate, chat, pipeline


class Words(Detector):
    """Finds NAME (Ada, Bob) and CODE (four digits)."""

    name: ClassVar[str] = "words"
    patterns: ClassVar = {"NAME": re.compile('Ada|Bob|O"Brien'), "CODE": re.compile(r"\b\d{4}\b")}

    async def find(self, texts: Sequence[str], call: GuardedCall) -> Sequence[Sequence[Finding]]:
        return [
            [
                Finding(match.start(), match.end(), entity, 1.0, self.name)
                for entity, pattern in self.patterns.items()
                for match in pattern.finditer(text)
            ]
            for text in texts
        ]


class Broken(Words):
    """Does one thing wrong."""

    def __init__(self, fault: str) -> None:
        super().__init__(GuardConfig())
        self.fault = fault

    async def find(self, texts: Sequence[str], call: GuardedCall) -> Sequence[Sequence[Finding]]:
        if self.fault == "raises":
            raise RuntimeError("worker gone")
        if self.fault == "too few":
            return []
        return [[Finding(0, 10**9, "NAME", 1.0, "words")] for _ in texts]


def rule(**fields: object) -> ScreeningRule:
    return ScreeningRule.model_validate({"detectors": ["words"], **fields})


def screened(provider: ScriptedProvider, *rules: ScreeningRule, **fields: object) -> Pipeline:
    return pipeline(
        candidate("a/m", provider),
        screening=rules or (rule(),),
        detectors=fields.pop("detectors", {"words": Words(GuardConfig())}),
        **fields,
    )


def echo(attempt: Attempt) -> list[str]:
    return list("".join(attempt.request.texts()))


def sent(provider: ScriptedProvider) -> str:
    return "".join(provider.attempts[-1].request.texts())


@pytest.mark.parametrize("stream", [True, False])
async def test_originals_never_leave_and_come_back_in_the_answer(stream: bool) -> None:
    provider = ScriptedProvider(replies=[Reply(text=echo)])
    world = screened(provider)
    outcome = await world.ask(chat("Ada met Bob; Ada owes 1234.", stream=stream))
    assert sent(provider) == "<NAME_1> met <NAME_2>; <NAME_1> owes <CODE_1>."
    assert outcome.text == "Ada met Bob; Ada owes 1234."
    assert outcome.notices == ["redacted"]


async def test_an_irreversible_rule_leaves_placeholders_in_the_answer() -> None:
    provider = ScriptedProvider(replies=[Reply(text=echo)])
    outcome = await screened(provider, rule(reversible=False)).ask(chat("Ada"))
    assert outcome.text == "<NAME_1>"


async def test_look_alikes_in_the_prompt_are_not_taken_for_placeholders() -> None:
    provider = ScriptedProvider(replies=[Reply(text=echo)])
    outcome = await screened(provider).ask(chat("<NAME_1> is not Ada", stream=True))
    assert sent(provider) == "<NAME_1> is not <NAME_2>"
    assert outcome.text == "<NAME_1> is not Ada"


@pytest.mark.parametrize(
    ("actions", "text", "leaves"),
    [
        ({"NAME": "allow"}, "Ada 1234", "Ada <CODE_1>"),
        ({"NAME": "alert", "*": "allow"}, "Ada 1234", "Ada 1234"),
        ({"CODE": "block"}, "Ada 1234", None),
        ({"CODE": "block"}, "Ada 12345 is five digits", "<NAME_1> 12345 is five digits"),
    ],
)
async def test_each_entity_has_its_own_action(
    actions: dict[str, str], text: str, leaves: str | None
) -> None:
    provider = ScriptedProvider()
    outcome = await screened(provider, rule(entities=actions)).ask(chat(text))
    if leaves is None:
        assert isinstance(outcome.error, Blocked)
        assert "1234" not in outcome.error.message
        assert provider.attempts == []
    else:
        assert sent(provider) == leaves


async def test_every_text_of_a_request_is_screened() -> None:
    provider = ScriptedProvider()
    request = chat("x")
    body = {
        "model": "a/m",
        "messages": [
            {"role": "system", "content": "for Ada"},
            {"role": "user", "content": [{"type": "text", "text": "Ada"}], "name": "Ada"},
            {
                "role": "assistant",
                "content": None,
                "tool_calls": [
                    {
                        "id": "1",
                        "type": "function",
                        "function": {"name": "f", "arguments": '{"who": "Ada"}'},
                    }
                ],
            },
            {"role": "tool", "tool_call_id": "1", "content": "Ada 1234"},
        ],
        "tools": [{"type": "function", "function": {"name": "f", "description": "asks Ada"}}],
        "unknown_new_field": {"deep": ["Ada"]},
    }
    request = type(request)(request.operation, body)  # pyright: ignore[reportArgumentType]
    await screened(provider).ask(request)
    assert "Ada" not in str(provider.attempts[0].request.body)


@pytest.mark.parametrize("fault", ["raises", "too few", "out of range"])
async def test_a_detector_that_fails_closes_the_call(fault: str) -> None:
    provider = ScriptedProvider()
    outcome = await screened(provider, detectors={"words": Broken(fault)}).ask(chat("Ada"))
    assert isinstance(outcome.error, ScreeningUnavailable)
    assert provider.attempts == []


async def test_a_fallback_outside_never_gets_what_only_an_exempt_local_model_may_see() -> None:
    local = ScriptedProvider(replies=[Reply(pieces=(), error=ProviderUnavailable("worker gone"))])
    outside = ScriptedProvider()
    for prefer_exempt in (False, True):
        world = pipeline(
            candidate("local/m", local, residency=Residency.LOCAL),
            candidate("out/m", outside),
            aliases={"fast": AliasRule(models=("local/m", "out/m"))},
            screening=(rule(**{"for": {"residency": "external"}}, prefer_exempt=prefer_exempt),),
            detectors={"words": Words(GuardConfig())},
        )
        outcome = await world.ask(chat("Ada 1234", model="fast"))
        if prefer_exempt:
            assert isinstance(outcome.error, ProviderUnavailable | AllCandidatesFailed)
            assert len(outside.attempts) == 1
        else:
            assert sent(outside) == "<NAME_1> <CODE_1>" == sent(local)
        assert all("Ada" not in str(a.request.body) for a in outside.attempts)


async def test_without_findings_prefer_exempt_keeps_every_candidate() -> None:
    local = ScriptedProvider(replies=[Reply(pieces=(), error=ProviderUnavailable("worker gone"))])
    outside = ScriptedProvider()
    world = pipeline(
        candidate("local/m", local, residency=Residency.LOCAL),
        candidate("out/m", outside),
        aliases={"fast": AliasRule(models=("local/m", "out/m"))},
        screening=(rule(**{"for": {"residency": "external"}}, prefer_exempt=True),),
        detectors={"words": Words(GuardConfig())},
    )
    outcome = await world.ask(chat("nothing to hide", model="fast"))
    assert outcome.text == "Hello"
    assert outcome.notices == ["fallback"]


async def test_the_audit_keeps_what_was_sent_and_a_redacted_answer() -> None:
    provider = ScriptedProvider(replies=[Reply(pieces=["Bob has 9999"])])
    detectors = {"words": Words(GuardConfig()), "patterns": Words(GuardConfig())}
    for exempt in (False, True):
        world = screened(
            provider, *([rule(entities={"*": "allow"})] if exempt else []), detectors=detectors
        )
        outcome = await world.ask(chat("Ada", stream=True))
        assert outcome.text == "Bob has 9999"
        kept = str(world.journal.intents[outcome.call.id].content)
        assert "Ada" not in kept
        assert "<NAME_1>" in kept
        answer = world.journal.completions[outcome.call.id].content
        assert answer == {"text": "<NAME_1> has <CODE_1>"}


async def test_policy_none_keeps_no_content() -> None:
    world = screened(ScriptedProvider(), audit=AuditRule(content="none"))
    outcome = await world.ask(chat("Ada"))
    assert world.journal.intents[outcome.call.id].content is None
    assert world.journal.completions[outcome.call.id].content is None


async def test_originals_of_two_calls_at_once_are_never_mixed() -> None:
    provider = ScriptedProvider(replies=[Reply(text=echo, pause=0.001)])
    world = screened(provider, cache=ExactCacheRule(enabled=False))
    names = ["Ada", "Bob"] * 10
    outcomes = await asyncio.gather(*(world.ask(chat(name, stream=True)) for name in names))
    assert [outcome.text for outcome in outcomes] == names


def two(first: object, second: object) -> dict[str, Detector]:
    return {"first": Only(first), "second": Only(second)}


class Only(Words):
    """Finds what it is told, under the name of its class."""

    name: ClassVar[str] = "only"

    def __init__(self, patterns: object) -> None:
        super().__init__(GuardConfig())
        self.patterns = patterns  # pyright: ignore[reportIncompatibleVariableOverride]


NAMES, MAILS = {"NAME": re.compile("acme")}, {"MAIL": re.compile(r"\S+@\S+")}


@pytest.mark.parametrize(
    ("detectors", "leaves"),
    [
        (["first"], "<NAME_1> sold to initech"),
        (["second"], "acme sold to <NAME_1>"),
        (["first", "second"], "<NAME_1> sold to <NAME_2>"),
    ],
)
async def test_a_rule_acts_on_what_its_own_detectors_found(
    detectors: list[str], leaves: str
) -> None:
    provider = ScriptedProvider()
    known = two(NAMES, {"NAME": re.compile("initech")})
    world = screened(provider, rule(detectors=detectors), detectors=known)
    outcome = await world.ask(chat("acme sold to initech"))
    assert sent(provider) == leaves
    assert {verdict["guard"] for verdict in outcome.call.report.verdicts} == set(detectors)


@pytest.mark.parametrize(
    ("rules", "leaves"),
    [
        ([{"detectors": ["first"], "entities": {"*": "block"}}], None),
        ([{"detectors": ["first"]}], "write to info@<NAME_1>.com"),
        ([{"detectors": ["first", "second"], "entities": {"NAME": "block", "*": "allow"}}], None),
        ([{"detectors": ["first", "second"], "entities": {"NAME": "block"}}], None),
        ([{"detectors": ["first", "second"], "entities": {"MAIL": "block"}}], None),
        (
            [{"detectors": ["first", "second"], "entities": {"MAIL": "allow"}}],
            "write to info@<NAME_1>.com",
        ),
        (
            [{"detectors": ["first", "second"], "entities": {"MAIL": "alert"}}],
            "write to info@<NAME_1>.com",
        ),
        ([{"detectors": ["first", "second"]}], "write to <MAIL_1>"),
        (
            [{"detectors": ["first", "second"], "entities": {"NAME": "allow"}}],
            "write to <MAIL_1>",
        ),
    ],
)
async def test_what_to_do_is_decided_before_overlaps_are_merged(
    rules: list[dict[str, object]], leaves: str | None
) -> None:
    provider = ScriptedProvider()
    # The second is always asked: the audit wants to know what it finds.
    known = {**two(NAMES, MAILS), "patterns": Only(MAILS)}
    world = screened(provider, *(rule(**fields) for fields in rules), detectors=known)
    outcome = await world.ask(chat("write to info@acme.com"))
    if leaves is None:
        assert isinstance(outcome.error, Blocked)
        assert provider.attempts == []
    else:
        assert sent(provider) == leaves


async def test_what_one_rule_redacts_for_good_stays_so_under_a_longer_finding() -> None:
    provider = ScriptedProvider(replies=[Reply(text=echo)])
    rules = (
        rule(detectors=["first"], reversible=False),
        rule(detectors=["second"], reversible=True),
    )
    outcome = await screened(provider, *rules, detectors=two(NAMES, MAILS)).ask(
        chat("info@acme.com or x@y.com")
    )
    assert outcome.text == "<NAME_1> or x@y.com"


SPLIT: list[tuple[list[str], str]] = [
    (["met A", "da today"], "met <NAME_1><NAME_2> today"),
    (["A", "d", "a"], "<NAME_1><NAME_2><NAME_3>"),
    (["Ad", "x"], "Adx"),
]


@pytest.mark.parametrize(("parts", "leaves"), SPLIT)
async def test_what_is_split_over_the_parts_of_a_message_is_redacted_and_comes_back(
    parts: list[str], leaves: str
) -> None:
    provider = ScriptedProvider(replies=[Reply(text=echo)])
    content = [{"type": "text", "text": part} for part in parts]
    outcome = await screened(provider).ask(chat(content))  # pyright: ignore[reportArgumentType]
    assert sent(provider) == leaves
    assert outcome.text == "".join(parts)


@pytest.mark.parametrize(
    ("fields", "refused"),
    [
        ({}, True),
        ({"entities": {"NAME": "allow"}}, True),
        ({"entities": {"*": "allow"}}, False),
        ({"for": {"connection": "other"}}, False),
    ],
)
async def test_token_numbers_are_refused_where_a_rule_would_have_to_read_them(
    fields: dict[str, object], refused: bool
) -> None:
    provider = ScriptedProvider()
    world = pipeline(
        candidate("a/e", provider, operations=(Operation.EMBEDDING,)),
        screening=(rule(**fields),),
        detectors={"words": Words(GuardConfig())},
    )
    request = parse_request(Operation.EMBEDDING, {"model": "a/e", "input": [[1, 2, 3]]})
    outcome = await world.ask(request)
    assert isinstance(outcome.error, InvalidRequest) == refused
    assert len(provider.attempts) == (not refused)
    if not refused:
        kept = world.journal.intents[outcome.call.id].content
        assert kept is not None
        assert "input" not in kept, "nobody could read what the numbers say"


DEFAULT = ScreeningRule.model_validate({"for": {"residency": "external"}, "detectors": ["words"]})


@pytest.mark.parametrize(
    ("screening", "model", "leaves"),
    [
        ((), "a/m", "<NAME_1>"),
        ((), "local/m", "Ada"),
        (({"for": {"connection": "b"}, "entities": {"*": "alert"}},), "a/m", "<NAME_1>"),
        (({"for": {"connection": "b"}, "entities": {"*": "alert"}},), "b/m", "Ada"),
        (({"for": {"connection": "a"}, "entities": {"*": "allow"}},), "a/m", "Ada"),
        (({"for": {"group": "others"}, "entities": {"*": "allow"}},), "a/m", "<NAME_1>"),
        (({"for": {"connection": "b"}},), "local/m", "Ada"),
        (({"mode": "monitor", "entities": {"*": "block"}},), "a/m", "<NAME_1>"),
        (({"mode": "monitor"}, {"entities": {"*": "allow"}}), "a/m", "Ada"),
        (({"mode": "monitor", "entities": {"*": "block"}},), "local/m", "Ada"),
    ],
)
async def test_the_default_stays_where_no_rule_says_otherwise(
    screening: tuple[dict[str, object], ...], model: str, leaves: str
) -> None:
    provider = ScriptedProvider()
    world = pipeline(
        candidate("a/m", provider),
        candidate("b/m", provider),
        candidate("local/m", provider, residency=Residency.LOCAL),
        screening=tuple(rule(**fields) for fields in screening),
        default_screening=DEFAULT,
        detectors={"words": Words(GuardConfig())},
    )
    await world.ask(chat("Ada", model=model))
    assert sent(provider) == leaves
