"""What detectors find, under the names policy gives them, and made one where it overlaps."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Sequence
from typing import ClassVar

import pytest

from jupyter_mesh.errors import Blocked, ProviderRejected, ScreeningUnavailable
from jupyter_mesh.pipeline.findings import find, find_in
from jupyter_mesh.pipeline.overlaps import merged
from jupyter_mesh.schemas.json import Json
from jupyter_mesh.schemas.request import Operation, Request, parse_request
from jupyter_mesh.spi.guard import MOST_FINDINGS, Detector, Finding, GuardConfig, GuardedCall


class Matches(Detector):
    """Finds what a pattern matches."""

    name: ClassVar[str] = "matches"

    def __init__(self, pattern: str, entity: str = "WORD") -> None:
        super().__init__(GuardConfig())
        self._pattern, self._entity = re.compile(pattern), entity

    async def find(self, texts: Sequence[str], call: GuardedCall) -> Sequence[Sequence[Finding]]:
        return [
            [Finding(*m.span(), self._entity, 1.0, self.name) for m in self._pattern.finditer(text)]
            for text in texts
        ]


async def test_two_guards_of_one_kind_keep_the_names_policy_gives_them() -> None:
    detectors = {"people": Matches("Ada"), "places": Matches("Rome")}
    found = await find(detectors, ["Ada in Rome"], GuardedCall())
    assert [(one.detector, one.start) for one in found["Ada in Rome"]] == [
        ("people", 0),
        ("places", 7),
    ]


async def test_a_text_that_stands_twice_is_looked_through_once() -> None:
    seen: list[str] = []

    class Remembers(Matches):
        async def find(
            self, texts: Sequence[str], call: GuardedCall
        ) -> Sequence[Sequence[Finding]]:
            seen.extend(texts)
            return await super().find(texts, call)

    await find({"words": Remembers("x")}, ["a", "b", "a"], GuardedCall())
    assert seen == ["a", "b"]


@pytest.mark.parametrize(("count", "refused"), [(MOST_FINDINGS, False), (MOST_FINDINGS + 1, True)])
async def test_more_findings_than_are_looked_through_close_the_call(
    count: int, refused: bool
) -> None:
    text = "x" * count
    if refused:
        with pytest.raises(Blocked, match="in smaller parts"):
            await find({"words": Matches("x")}, [text], GuardedCall())
    else:
        assert len((await find({"words": Matches("x")}, [text], GuardedCall()))[text]) == count


async def test_the_detector_that_fails_is_named_as_configured() -> None:
    class Fails(Matches):
        async def find(
            self, texts: Sequence[str], call: GuardedCall
        ) -> Sequence[Sequence[Finding]]:
            raise RuntimeError("secret text")

    with pytest.raises(ScreeningUnavailable, match="'mine'") as error:
        await find({"fine": Matches("x"), "mine": Fails("x")}, ["x"], GuardedCall())
    assert "secret text" not in error.value.message


def at(start: int, end: int, entity: str = "A", score: float = 1.0) -> Finding:
    return Finding(start, end, entity, score, "words")


@pytest.mark.parametrize(
    ("findings", "spans"),
    [
        ([], []),
        ([at(5, 9), at(0, 3)], [(0, 3, "A"), (5, 9, "A")]),
        ([at(0, 3, "A"), at(3, 5, "B")], [(0, 3, "A"), (3, 5, "B")]),
        ([at(0, 3, "A"), at(2, 9, "B")], [(0, 9, "B")]),
        ([at(0, 9, "A"), at(2, 4, "B"), at(5, 6, "C")], [(0, 9, "A")]),
        ([at(0, 4, "A", 0.5), at(0, 4, "B", 0.9)], [(0, 4, "B")]),
        ([at(0, 4, "A"), at(3, 6, "B"), at(5, 6, "C"), at(6, 7, "D")], [(0, 6, "A"), (6, 7, "D")]),
        ([at(0, 9, "A"), at(2, 4, "FIRST")], [(0, 9, "FIRST")]),
    ],
)
def test_spans_that_overlap_become_one_that_covers_them_all(
    findings: list[Finding], spans: list[tuple[int, int, str]]
) -> None:
    result = merged(findings, lambda one: one.entity == "FIRST")
    assert [(one.start, one.end, one.entity) for one in result] == spans


def test_merging_looks_at_each_finding_a_few_times_only() -> None:
    compared = 0

    class Position(int):
        """Counts how often it is compared."""

    def counted(compare: Callable[[int, int], bool]) -> Callable[[int, int], bool]:
        def method(one: int, other: int) -> bool:
            nonlocal compared
            compared += 1
            return compare(int(one), int(other))

        return method

    for name in ("lt", "le", "gt", "ge"):
        setattr(Position, f"__{name}__", counted(getattr(operator, name)))

    count = 2_000
    findings = [at(Position(3 * n), Position(3 * n + 2)) for n in range(count)]
    assert len(merged(reversed(findings))) == count
    assert compared < 20 * count


@pytest.mark.parametrize(
    ("parts", "pattern", "shares"),
    [
        (["reach bob@co", "rp.com now"], r"\S+@\S+\.com", {"bob@co", "rp.com"}),
        (["call acme", "corp"], r"acme\ncorp", {"acme", "corp"}),
        (["a b", "o", "b c"], "bob", {"b", "o"}),
        (["a Bob", "x"], "Bob", {"Bob"}),
        (["password: ", "hunter22"], r"(?<=password: )\w+", {"hunter22"}),
        (["Bo", "rb"], "Bob", set()),
    ],
)
async def test_what_runs_over_the_parts_of_a_message_is_found_in_each(
    parts: list[str], pattern: str, shares: set[str]
) -> None:
    content = [{"type": "text", "text": part} for part in parts]
    body = {"model": "m", "messages": [{"role": "user", "content": content}]}
    found = await find_in({"words": Matches(pattern)}, parse_request(Operation.CHAT, body), "")
    assert set(found) == set(parts)
    assert {
        text[one.start : one.end] for text, findings in found.items() for one in findings
    } == shares


async def test_what_a_part_holds_alone_is_counted_once() -> None:
    body = {"model": "m", "messages": [{"role": "user", "content": ["Ada", "Bob", "Ada"]}]}
    found = await find_in({"words": Matches("Ada|Bob")}, parse_request(Operation.CHAT, body), "")
    assert {text: len(findings) for text, findings in found.items()} == {"Ada": 1, "Bob": 1}


def said(*messages: tuple[str, str]) -> Request:
    asked: Json = [{"role": role, "content": text} for role, text in messages]
    return parse_request(Operation.CHAT, {"model": "m", "messages": asked})


CUT: list[tuple[str, list[tuple[str, str]], list[str]]] = [
    ("in two turns", [("user", "it is ab"), ("user", "cd, yes")], ["it is ", ", yes"]),
    (
        "with an answer between",
        [("user", "ab"), ("assistant", "go on"), ("user", "cd")],
        ["", "go on", ""],
    ),
    ("over two authors", [("user", "ab"), ("assistant", "cd")], ["", ""]),
    ("with a blank", [("user", "ab "), ("user", "cd")], ["", ""]),
    ("with a stop", [("user", "ab."), ("user", "cd")], ["ab.", "cd"]),
    ("too far apart", [("user", "ab"), ("user", "x"), ("user", "cd")], ["ab", "x", "cd"]),
    ("whole already", [("user", "abcd"), ("user", "cdx")], ["", "cdx"]),
]


@pytest.mark.parametrize(("how", "messages", "left"), CUT, ids=[how for how, _, _ in CUT])
async def test_what_is_cut_between_messages_is_found_in_both(
    how: str, messages: list[tuple[str, str]], left: list[str]
) -> None:
    request = said(*messages)
    found = await find_in({"words": Matches(r"ab\s?(?:cd)+")}, request, "")
    rest = []
    for text in request.texts():
        for one in reversed(merged(found[text])):
            text = text[: one.start] + text[one.end :]
        rest.append(text)
    assert rest == left


LETTER = "the private words of a letter that nobody else may read"
FAILURES: list[tuple[Exception, str, bool]] = [
    (ValueError(LETTER), "ValueError in test_findings.py", False),
    (TimeoutError(LETTER), "too long", False),
    (ProviderRejected(f"No such label. Sent: {LETTER}", status=400), "No such label", False),
    (ScreeningUnavailable("A process failed.", retry_after=1.5), "A process failed.", True),
]


@pytest.mark.parametrize(("failure", "why", "is_told"), FAILURES)
async def test_why_a_detector_failed_is_known_without_a_word_of_the_text(
    failure: Exception, why: str, is_told: bool, caplog: pytest.LogCaptureFixture
) -> None:
    class Fails(Matches):
        async def find(
            self, texts: Sequence[str], call: GuardedCall
        ) -> Sequence[Sequence[Finding]]:
            raise failure

    with pytest.raises(ScreeningUnavailable) as refused:
        await find({"words": Matches("x"), "names": Fails("x")}, [LETTER, "other"], GuardedCall())
    error = refused.value
    assert (error.guard, why in error.why, why in caplog.text) == ("names", True, True)
    assert error.retry_after == (1.5 if is_told else None)
    assert (why in str(error), why in error.message) == (is_told, is_told)
    assert LETTER not in f"{error} {error.message} {error.why} {caplog.text}"
