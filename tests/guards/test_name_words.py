"""Names are found however they are written, and only where they stand."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_mesh.guards.name_words import (
    BEGINNING,
    LONGEST,
    MOST_WORDS,
    Words,
    beginning_of,
    forms_of,
    names_in,
)

NAMES = (
    "Project Falcon",
    "Müller-Lüdenscheid",
    "Ina",
    "O'Brien",
    "Łukasz Żółć",
    "李明",
    "김철수",
    "राम कुमार",
    "ががく",
    "ada@example.com",
    "4711-0815",
    "محمد",
    "Strauß",
    "The Old Ship Trading Company of Lower Saxony Limited",
)

FOUND = [
    ("about Project Falcon.", "Project Falcon"),
    ("PROJECT\n\tFALCON", "PROJECT\n\tFALCON"),
    ("the ProjectFalcon plan", "ProjectFalcon"),
    ("project_falcon", "project_falcon"),
    ("pro ject fal con", "pro ject fal con"),
    ("Pro\u200bject Falcon", "Pro\u200bject Falcon"),
    ("Ｐｒｏｊｅｃｔ Falcon", "Ｐｒｏｊｅｃｔ Falcon"),
    ("project falcon's end", "project falcon"),
    ("Frau Muller Ludenscheid", "Muller Ludenscheid"),
    ("MU\u0308LLER LU\u0308DENSCHEID", "MU\u0308LLER LU\u0308DENSCHEID"),
    ("frau mueller-luedenscheid", "mueller-luedenscheid"),
    ("Müllerlüdenscheid", "Müllerlüdenscheid"),
    ("met Ina.", "Ina"),
    ("Ina's", "Ina"),
    ("O'Brien", "O'Brien"),
    ("o’brien", "o’brien"),
    ("OBrien", "OBrien"),
    ("Lukasz Zolc", "Lukasz Zolc"),
    ("我是李明的朋友", "李明"),
    ("김철수는 왔다", "김철수"),
    ("राम कुमार जी", "राम कुमार"),
    ("これはががくです", "ががく"),
    ("write to ada@example.com!", "ada@example.com"),
    ("ada (at) example . com", None),
    ("no 47110815", "47110815"),
    ("Herr STRAUSS", "STRAUSS"),
    ("مُحَمَّد", "مُحَمَّد"),
    (
        "the old ship trading company of lower saxony ltd",
        "the old ship trading company of lower saxony",
    ),
]
NOT_FOUND = [
    "project falcons",
    "myproject falcon",
    "project a falcon",
    "in a box",
    "China",
    "Inal",
    "Muller",
    "李 小明",
    "명",
    "रम कुमर",
    "かかく",
    "4711 081 6",
    "old ship trading",
    "",
]


def index(names: tuple[str, ...], shortest: int = 2) -> dict[str, bytes]:
    kept: dict[str, bytes] = {}
    for name in names:
        for form in forms_of(name, shortest):
            kept[form] = b"\x01"
            if (beginning := beginning_of(form)) is not None:
                kept[beginning] = b"\xff"
    return kept


def spans(text: str, kept: dict[str, bytes]) -> list[tuple[int, int]]:
    words = Words(text)
    return [words.span(first, after) for first, after, _ in names_in(words.forms, kept.get)]


def covered(text: str, found: list[tuple[int, int]]) -> str:
    return text[min(a for a, _ in found) : max(b for _, b in found)]


@pytest.mark.parametrize(("text", "span"), [one for one in FOUND if one[1] is not None])
def test_a_name_is_found_to_the_letter_however_it_is_written(text: str, span: str) -> None:
    found = spans(text, index(NAMES))
    assert found
    assert covered(text, found) == span


@pytest.mark.parametrize("text", NOT_FOUND)
def test_other_words_are_left_alone(text: str) -> None:
    assert spans(text, index(NAMES)) == []


def test_a_long_name_is_covered_by_its_runs_of_words() -> None:
    (name,) = (one for one in NAMES if one.startswith("The Old"))
    found = spans(f"to {name} and others", index(NAMES))
    assert covered(f"to {name} and others", found) == name


def test_names_too_short_to_mean_anything_are_not_looked_for() -> None:
    assert forms_of("A", 2) == set()
    assert forms_of("...", 1) == set()
    assert forms_of("A", 1) == {"a"}


TEXTS = st.text(st.sampled_from("abAB éøß-' .\u200b\u0301李가ガ٣x"), max_size=40)


@given(TEXTS, TEXTS, TEXTS)
def test_a_name_with_a_border_on_each_side_is_always_found(
    before: str, name: str, after: str
) -> None:
    kept = index((name,))
    text = f"{before}\n{name}\n{after}"
    if kept:
        start, end = len(before) + 1, len(before) + 1 + len(name)
        assert any(start <= a and b <= end for a, b in spans(text, kept))


@given(TEXTS, st.lists(TEXTS, max_size=4))
def test_looking_up_beginnings_first_loses_nothing(text: str, names: list[str]) -> None:
    kept = index(tuple(names))
    words = Words(text)
    forms = words.forms
    every: set[tuple[int, int]] = set()
    for first in range(len(forms)):
        for after in range(first + 1, min(first + MOST_WORDS, len(forms)) + 1):
            if forms_of(" ".join(forms[first:after]), 0) & {
                one for one in kept if not one.startswith(BEGINNING)
            }:
                every.add((first, after))
    assert {(a, b) for a, b, _ in names_in(forms, kept.get)} == every


@pytest.mark.timeout(60)
@pytest.mark.parametrize("unit", ["a ", "project ", "ab" * LONGEST + " ", "李", "\u0301", "é'"])
def test_a_megabyte_made_to_be_slow_is_finished(unit: str) -> None:
    spans(unit * (1_000_000 // len(unit)), index(NAMES))
