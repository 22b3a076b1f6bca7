"""What happens to what is found: each action, for whom, from which score, enforced or monitored."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import ClassVar

import pytest

from jupyter_mesh.errors import Blocked, ScreeningUnavailable
from jupyter_mesh.pipeline.snapshot import Snapshot
from jupyter_mesh.schemas.guard_rules import ScreeningRule
from jupyter_mesh.schemas.record_policy import AuditRule
from jupyter_mesh.spi.guard import Detector, Finding, GuardConfig, GuardedCall
from jupyter_mesh.spi.happenings import Happening
from jupyter_mesh.testing.scripted_provider import Reply, ScriptedProvider

from .test_screen import echo, sent
from .world import ADA, BOB, Outcome, Pipeline, candidate, chat, pipeline

CARD = "4111 1111 1111 1111"
MAIL = "ada@initech.com"


class Kinds(Detector):
    """Finds people, mail addresses and cards, people with a score of 0.5."""

    name: ClassVar[str] = "kinds"
    patterns: ClassVar = {
        "PERSON": (re.compile("Ada Byron|Bob Cole"), 0.5),
        "EMAIL_ADDRESS": (re.compile(r"\b\w+@\w+\.com"), 1.0),
        "CREDIT_CARD": (re.compile(r"\b(?:\d{4} ?){4}\b"), 1.0),
    }

    async def find(self, texts: Sequence[str], call: GuardedCall) -> Sequence[Sequence[Finding]]:
        return [
            [
                Finding(match.start(), match.end(), entity, score, self.name)
                for entity, (pattern, score) in self.patterns.items()
                for match in pattern.finditer(text)
            ]
            for text in texts
        ]


class Fails(Kinds):
    """Is out of order."""

    name: ClassVar[str] = "fails"

    async def find(self, texts: Sequence[str], call: GuardedCall) -> Sequence[Sequence[Finding]]:
        raise RuntimeError("gone")


def world(provider: ScriptedProvider, *rules: dict[str, object], **fields: object) -> Pipeline:
    made = tuple(ScreeningRule.model_validate({"detectors": ["kinds"], **one}) for one in rules)
    return pipeline(
        candidate("a/m", provider),
        screening=made,
        detectors={"kinds": Kinds(GuardConfig()), "fails": Fails(GuardConfig())},
        disguise_key=b"k" * 32,
        **fields,
    )


def one_action(action: str, **fields: object) -> dict[str, object]:
    return {"entities": {"*": action}, **fields}


TEXT = f"Ada Byron pays with {CARD}, says {MAIL}; Ada Byron."


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize("action", ["redact", "pseudonymise", "hash"])
async def test_what_is_replaced_never_leaves_and_comes_back(action: str, stream: bool) -> None:
    provider = ScriptedProvider(replies=[Reply(text=echo)])
    outcome = await world(provider, one_action(action)).ask(chat(TEXT, stream=stream))
    left = sent(provider)
    assert not any(value in left for value in ("Ada", "Byron", CARD, "1111", MAIL, "initech"))
    assert outcome.text == TEXT
    first, last = left.partition(" pays")[0], left.rpartition("; ")[2]
    assert last == f"{first}.", "the same value has the same stand-in"


@pytest.mark.parametrize("action", ["redact", "pseudonymise", "hash"])
async def test_what_is_replaced_for_good_does_not_come_back(action: str) -> None:
    provider = ScriptedProvider(replies=[Reply(text=echo)])
    outcome = await world(provider, one_action(action, reversible=False)).ask(chat(TEXT))
    assert outcome.text == sent(provider)


async def test_what_is_masked_keeps_its_form_and_does_not_come_back() -> None:
    provider = ScriptedProvider(replies=[Reply(text=echo)])
    outcome = await world(provider, one_action("mask")).ask(chat(TEXT))
    expected = "A** B**** pays with 4111 **** **** 1111, says a**@*******.com; A** B****."
    assert sent(provider) == expected == outcome.text


@pytest.mark.parametrize("action", ["redact", "mask", "hash", "pseudonymise", "block"])
async def test_a_card_that_is_a_number_does_not_leave(action: str) -> None:
    provider = ScriptedProvider()
    number = int(CARD.replace(" ", ""))
    outcome = await world(provider, one_action(action)).ask(chat("Hi", metadata={"card": number}))
    assert (provider.attempts == []) is (action == "block") is isinstance(outcome.error, Blocked)
    assert str(number) not in str([one.request.body for one in provider.attempts])


async def test_a_pseudonym_is_of_the_same_kind_and_each_callers_own() -> None:
    provider = ScriptedProvider()
    outside = world(provider, one_action("pseudonymise"))
    texts: list[str] = []
    for who in (ADA, BOB):
        for _ in range(2):
            await outside.ask(chat(TEXT), principal=who)
            texts.append(sent(provider))
    assert texts[0] == texts[1] != texts[2] == texts[3]
    found = (await Kinds(GuardConfig()).find([texts[0]], GuardedCall()))[0]
    assert {one.entity for one in found} == {"EMAIL_ADDRESS", "CREDIT_CARD"}


async def test_a_hash_is_the_same_for_everybody_and_another_under_another_key() -> None:
    provider = ScriptedProvider()
    outside = world(provider, one_action("hash"))
    await outside.ask(chat(TEXT), principal=ADA)
    first = sent(provider)
    await outside.ask(chat(TEXT), principal=BOB)
    assert sent(provider) == first
    outside.snapshot = replace(outside.snapshot, disguise_key=b"other" * 8)
    await outside.ask(chat(TEXT), principal=BOB)
    assert sent(provider) != first


@pytest.mark.parametrize(
    ("entities", "leaves"),
    [
        ({"PERSON": "allow", "*": "mask"}, "Ada Byron 4111 **** **** 1111"),
        ({"PERSON": "redact", "*": "mask"}, "<PERSON_1> 4111 **** **** 1111"),
        ({"CREDIT_CARD": "block"}, None),
    ],
)
async def test_each_entity_is_treated_as_its_rule_says(
    entities: dict[str, str], leaves: str | None
) -> None:
    provider = ScriptedProvider()
    outcome = await world(provider, {"entities": entities}).ask(chat(f"Ada Byron {CARD}"))
    if leaves is None:
        assert isinstance(outcome.error, Blocked)
        assert provider.attempts == []
    else:
        assert sent(provider) == leaves


@pytest.mark.parametrize(
    ("first", "second", "leaves"),
    [
        ("mask", "redact", "<PERSON_1>"),
        ("redact", "mask", "<PERSON_1>"),
        ("mask", "allow", "A** B****"),
        ("alert", "mask", "A** B****"),
        ("allow", "alert", "Ada Byron"),
    ],
)
async def test_of_two_rules_the_stricter_one_decides(first: str, second: str, leaves: str) -> None:
    provider = ScriptedProvider()
    await world(provider, one_action(first), one_action(second)).ask(chat("Ada Byron"))
    assert sent(provider) == leaves


@pytest.mark.parametrize(
    ("thresholds", "leaves"),
    [
        ({}, "<PERSON_1>, <EMAIL_ADDRESS_1>"),
        ({"PERSON": 0.5}, "<PERSON_1>, <EMAIL_ADDRESS_1>"),
        ({"PERSON": 0.51}, "Ada Byron, <EMAIL_ADDRESS_1>"),
        ({"*": 0.9}, "Ada Byron, <EMAIL_ADDRESS_1>"),
        ({"*": 0.9, "PERSON": 0.1}, "<PERSON_1>, <EMAIL_ADDRESS_1>"),
    ],
)
async def test_findings_below_the_threshold_of_their_entity_are_passed_over(
    thresholds: dict[str, float], leaves: str
) -> None:
    provider = ScriptedProvider()
    await world(provider, {"thresholds": thresholds}).ask(chat(f"Ada Byron, {MAIL}"))
    assert sent(provider) == leaves


@pytest.mark.parametrize(
    ("application", "leaves"), [("notebook", "<PERSON_1>"), ("reports", "Ada Byron")]
)
@pytest.mark.parametrize("target", ["notebook", "note*"])
async def test_a_rule_for_an_application_holds_for_its_calls_only(
    application: str, leaves: str, target: str
) -> None:
    provider = ScriptedProvider()
    outside = world(provider, {"for": {"application": target}})
    await outside.ask(chat("Ada Byron"), principal=replace(ADA, application=application))
    assert sent(provider) == leaves


@pytest.mark.parametrize("action", ["redact", "mask", "hash", "pseudonymise", "block", "alert"])
async def test_a_monitored_rule_changes_nothing_and_records_what_it_would_have_done(
    action: str,
) -> None:
    provider = ScriptedProvider()
    outside = world(provider, {**one_action(action), "mode": "monitor", "name": "trial"})
    heard = listening(outside)
    outcome = await outside.ask(chat(f"to {MAIL}"))
    assert sent(provider) == f"to {MAIL}"
    assert outcome.call.report.screened == "monitor"
    assert verdicts(outcome) == [
        {
            "guard": "kinds",
            "entity": "EMAIL_ADDRESS",
            "action": "monitor",
            "would": action,
            "count": 1,
            "rule": "trial",
            "positions": [[0, 3, 3 + len(MAIL)]],
        }
    ]
    assert heard == []
    kept = outcome.call.content
    assert kept is not None
    assert MAIL not in str(kept), "what is kept is redacted whatever policy does"


async def test_monitored_and_enforced_rules_stand_side_by_side() -> None:
    provider = ScriptedProvider()
    rules = (
        {"entities": {"PERSON": "redact", "*": "allow"}},
        {"entities": {"EMAIL_ADDRESS": "block", "*": "allow"}, "mode": "monitor"},
    )
    outcome = await world(provider, *rules).ask(chat(f"Ada Byron {MAIL}"))
    assert sent(provider) == f"<PERSON_1> {MAIL}"
    said = [(one["entity"], one["action"], one.get("would")) for one in verdicts(outcome)]
    assert said == [("PERSON", "redact", None), ("EMAIL_ADDRESS", "monitor", "block")]
    assert [one["rule"] for one in verdicts(outcome)] == ["screening 1", "screening 2"]


@pytest.mark.parametrize(
    ("rules", "passes"),
    [
        ([{"detectors": ["fails"], "mode": "monitor"}], True),
        ([{"detectors": ["fails"]}], False),
        ([{"detectors": ["fails"], "mode": "monitor"}, {"detectors": ["fails"]}], False),
        ([{"detectors": ["fails"], "mode": "monitor"}, {"detectors": ["kinds"]}], True),
    ],
)
async def test_a_detector_that_fails_lets_pass_only_what_it_merely_monitors(
    rules: list[dict[str, object]], passes: bool
) -> None:
    provider = ScriptedProvider()
    outside = world(provider, *rules)
    heard = listening(outside)
    outcome = await outside.ask(chat("Hi"))
    assert len(provider.attempts) == passes
    if passes:
        assert outcome.error is None
        assert "not_screened" in outcome.notices
        assert {"guard": "fails", "action": "monitor", "would": "fail"} in verdicts(outcome)
        assert [(one.kind, one.details["call"]) for one in heard] == [
            ("screening_failed", outcome.call.id)
        ]
        assert "withheld" in str(outcome.call.content), "nobody looked through it"
    else:
        assert isinstance(outcome.error, ScreeningUnavailable)


@pytest.mark.parametrize("action", ["alert", "block"])
async def test_an_admin_is_told_with_the_id_of_the_call_and_no_word_of_it(action: str) -> None:
    outside = world(ScriptedProvider(), {**one_action(action), "name": "mail"})
    heard = listening(outside)
    outcome = await outside.ask(chat(MAIL))
    (one,) = heard
    assert (one.kind, one.subject) == ("screening_hit", "kinds: EMAIL_ADDRESS")
    assert one.details["call"] == outcome.call.id
    assert one.details["rule"] == "mail"
    assert "initech" not in f"{one}"


async def test_the_caller_is_told_what_was_changed_and_by_which_rule() -> None:
    rules = (
        {"entities": {"PERSON": "redact", "*": "allow"}, "name": "people"},
        {"entities": {"CREDIT_CARD": "mask", "*": "allow"}, "name": "cards"},
    )
    outcome = await world(ScriptedProvider(), *rules).ask(chat(f"Ada Byron {CARD} Bob Cole"))
    (notice,) = outcome.call.report.notices
    assert notice.message == (
        "Redacted before sending: PERSON (rule: people). "
        "Masked before sending: CREDIT_CARD (rule: cards)."
    )
    assert notice.details == {
        "findings": [
            {"entity": "PERSON", "action": "redact", "count": 2, "rule": "people"},
            {"entity": "CREDIT_CARD", "action": "mask", "count": 1, "rule": "cards"},
        ]
    }


async def test_the_record_holds_counts_and_positions_and_no_value() -> None:
    text = f"Ada Byron and {MAIL} and Ada Byron"
    detectors = {"kinds": Kinds(GuardConfig()), "patterns": Kinds(GuardConfig())}
    outside = world(ScriptedProvider(), one_action("pseudonymise"), audit=AuditRule())
    outside.snapshot = replace(outside.snapshot, detectors=detectors)
    outcome = await outside.ask(chat(text))
    kept = outside.journal.completions[outcome.call.id]
    person = next(one for one in kept.verdicts if one["entity"] == "PERSON")
    assert (person["count"], person["positions"]) == (2, [[0, 0, 9], [0, len(text) - 9, len(text)]])
    everything = f"{kept} {outside.journal.intents[outcome.call.id]}"
    assert not any(value in everything for value in ("Ada Byron", MAIL))


def listening(outside: Pipeline) -> list[Happening]:
    heard: list[Happening] = []
    outside.happenings.listen(heard.append)
    return heard


def verdicts(outcome: Outcome) -> list[dict[str, object]]:
    return [dict(one) for one in outcome.call.report.verdicts]


def test_a_snapshot_without_such_rules_needs_no_key() -> None:
    assert Snapshot().disguise_key == b""


@pytest.mark.parametrize("action", ["redact", "hash", "mask"])
async def test_who_writes_what_stands_for_a_value_gets_no_answer_about_the_value(
    action: str,
) -> None:
    provider = ScriptedProvider()
    outside = world(provider, one_action(action))
    first = await outside.ask(chat("Ada Byron"))
    written = sent(provider)
    second = await outside.ask(chat(written))
    assert sent(provider) == written
    assert (first.call.report.cache, second.call.report.cache) == ("miss", "miss")
    assert len(provider.attempts) == 2
    assert (await outside.ask(chat("Ada Byron"))).call.report.cache == "hit"
