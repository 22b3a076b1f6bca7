"""Findings that overlap: what leaves, under which name, with the detectors that find them."""

from __future__ import annotations

import re
from collections.abc import Sequence

import pytest

from jupyter_mesh.guards.database import spans_in
from jupyter_mesh.guards.name_list import Names
from jupyter_mesh.guards.name_words import beginning_of, forms_of
from jupyter_mesh.guards.patterns import Patterns, PatternsConfig
from jupyter_mesh.pipeline.overlaps import merged
from jupyter_mesh.schemas.guard_rules import ScreeningRule
from jupyter_mesh.schemas.record_policy import AuditRule
from jupyter_mesh.spi.guard import Detector, Finding, GuardConfig, GuardedCall
from jupyter_mesh.testing.scripted_provider import Reply, ScriptedProvider

from .test_screen import echo, sent
from .world import Outcome, Pipeline, candidate, chat, pipeline

IBAN = "DE89 3704 0044 0532 0130 00"


class Staff(Detector):
    """Finds names in both orders, as the guard `database` does."""

    def __init__(self, *names: str) -> None:
        super().__init__(GuardConfig())
        turned = (" ".join(reversed(name.split())) for name in names)
        self._forms: dict[str, bytes] = {}
        for form in (form for name in (*names, *turned) for form in forms_of(name, 2)):
            self._forms[form] = b"\x01"
            if beginning := beginning_of(form):
                self._forms[beginning] = b"\x01"

    async def find(self, texts: Sequence[str], call: GuardedCall) -> Sequence[Sequence[Finding]]:
        names = Names(self._forms.get, ("PERSON",), True)
        return [[Finding(*span, detector="") for span in spans_in(text, names)] for text in texts]


def world(
    provider: ScriptedProvider, entities: dict[str, str], audit: AuditRule | None = None
) -> Pipeline:
    rule = {"detectors": ["patterns", "staff"], "entities": entities}
    return pipeline(
        candidate("a/m", provider),
        screening=(ScreeningRule.model_validate(rule),),
        detectors={"patterns": Patterns(PatternsConfig()), "staff": Staff("Mara Lindqvist")},
        disguise_key=b"k" * 32,
        audit=audit or AuditRule(),
    )


async def left(text: str, **entities: str) -> tuple[str, Outcome]:
    provider = ScriptedProvider(replies=[Reply(text=echo)])
    outcome = await world(provider, entities).ask(chat(text))
    assert outcome.text == text
    return sent(provider), outcome


@pytest.mark.parametrize(
    ("text", "leaves"),
    [
        (
            "Mara Lindqvist <mara.lindqvist@kunde.example>",
            "<PERSON_1> <<EMAIL_ADDRESS_1>>",
        ),
        ("Mara Lindqvist\nMara Lindqvist\nMara Lindqvist", "<PERSON_1>\n<PERSON_1>\n<PERSON_1>"),
        ("Dear Mara Lindqvist, Mara Lindqvist", "Dear <PERSON_1>, <PERSON_1>"),
        ("Mara,Lindqvist\nMara,Lindqvist\n", "<PERSON_1>\n<PERSON_1>\n"),
        # what no other covers is still covered
        ("Lindqvist, Mara Lindqvist", "<PERSON_1>"),
    ],
)
async def test_names_that_follow_each_other_stay_apart(text: str, leaves: str) -> None:
    assert (await left(text))[0] == leaves


async def test_the_record_names_the_person_beside_a_mail_address() -> None:
    _, outcome = await left("Mara Lindqvist <mara.lindqvist@kunde.example>")
    counted = {one["entity"]: one["count"] for one in outcome.call.report.verdicts}
    assert counted == {"PERSON": 1, "EMAIL_ADDRESS": 1}


async def test_equal_names_in_a_column_get_equal_names() -> None:
    leaves, _ = await left("Mara Lindqvist\n" * 3, PERSON="pseudonymise")
    first, *others = leaves.splitlines()
    assert others == [first, first]
    assert len(first.split()) == 2


async def test_a_checked_number_is_not_called_what_somebody_may_see_in_it() -> None:
    leaves, outcome = await left(f"IBAN {IBAN}", IBAN_CODE="hash")
    assert re.fullmatch(r"IBAN <IBAN_CODE_h[0-9a-f]{16}>", leaves)
    assert [one["entity"] for one in outcome.call.report.verdicts] == ["IBAN_CODE"]


@pytest.mark.parametrize("action", ["redact", "hash", "mask"])
async def test_the_record_calls_a_value_the_same_in_request_and_answer(action: str) -> None:
    provider = ScriptedProvider(replies=[Reply(text=echo)])
    pipe = world(provider, {"IBAN_CODE": action}, audit=AuditRule(content="redacted"))
    outcome = await pipe.ask(chat(f"IBAN {IBAN}"))
    call = outcome.call.id
    for content in (pipe.journal.intents[call].content, pipe.journal.completions[call].content):
        assert "PHONE" not in f"{content}"
        assert action == "mask" or "<IBAN_CODE_" in f"{content}"


def at(start: int, end: int, entity: str, score: float = 1.0) -> Finding:
    return Finding(start, end, entity, score, "words")


RANKS = {"STRICT": 2, "A": 1, "B": 1, "LAX": 0}


@pytest.mark.parametrize(
    ("findings", "spans"),
    [
        # within a surer one, as sure, surer
        ([at(0, 9, "LAX"), at(2, 6, "STRICT", 0.9)], [(0, 9, "LAX")]),
        ([at(0, 9, "LAX"), at(2, 6, "STRICT")], [(0, 9, "STRICT")]),
        ([at(0, 9, "LAX", 0.5), at(2, 6, "STRICT")], [(0, 9, "STRICT")]),
        ([at(0, 9, "LAX"), at(0, 9, "STRICT", 0.2)], [(0, 9, "STRICT")]),
        # not wholly within
        ([at(0, 9, "LAX"), at(2, 10, "STRICT", 0.2)], [(0, 10, "STRICT")]),
        # across two: covered, stricter, longer, with a word between, with a mark of another kind
        ([at(0, 4, "A"), at(4, 8, "A"), at(2, 6, "B")], [(0, 4, "A"), (4, 8, "A")]),
        ([at(0, 4, "A"), at(4, 8, "A"), at(2, 6, "STRICT")], [(0, 8, "STRICT")]),
        ([at(0, 4, "A"), at(4, 8, "LAX"), at(2, 6, "A")], [(0, 8, "A")]),
        ([at(0, 4, "A"), at(4, 8, "A"), at(2, 9, "A")], [(0, 9, "A")]),
        ([at(0, 4, "A"), at(6, 9, "A"), at(2, 8, "A")], [(0, 9, "A")]),
        ([at(9, 13, "A"), at(14, 18, "A"), at(11, 16, "A")], [(9, 13, "A"), (14, 18, "A")]),
        ([at(9, 13, "A"), at(14, 18, "A"), at(11, 16, "B")], [(9, 18, "B")]),
    ],
)
def test_nothing_gives_way_that_is_stricter_or_covers_more(
    findings: list[Finding], spans: list[tuple[int, int, str]]
) -> None:
    text = "abcdefghijklm,nopqrst"
    result = merged(findings, lambda one: RANKS[one.entity], text)
    assert [(one.start, one.end, one.entity) for one in result] == spans


def test_without_the_text_nobody_can_say_that_a_gap_is_empty() -> None:
    result = merged([at(9, 13, "A"), at(14, 18, "A"), at(11, 16, "A")])
    assert [(one.start, one.end) for one in result] == [(9, 18)]
