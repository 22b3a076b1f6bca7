"""Telephone numbers as Presidio's library finds them, in every region and however written."""

from __future__ import annotations

import random
from typing import Any

import pytest

pytest.importorskip("presidio_analyzer")

import phonenumbers

from jupyter_mesh.guards.presidio_phones import Numbers, region
from tests.guards.odd_texts import number_like

REGIONS = ("US", "GB", "DE", "FR", "IL", "IN", "CA", "BR", "ZA", "IT", "AR", "MX", "CI")
TEXTS = [
    "call (212) 555-0143 or +44 20 7946 0958 ext. 12, not 2026-11-03",
    "+41 79 123 45 67 / 68, 0049 30 901820 and 011 49 30 901820",
    "123 / x2125550143 then 2125550143/2025550143",
    "4111 1111 1111 1111 and 12345678901 and 1-800-555-0199x5",
    "\uff10\uff13\uff10\uff19\uff10\uff11\uff18\uff12\uff10 (030)901820",
    "0 15 54 3650 or 9 11 2345 6789, 044 55 1234 5678",
    "",
]


def odd_numbers(count: int) -> list[str]:
    chance = random.Random(11)
    return [chance.choice(" ,;\n").join(_number(chance) for _ in range(12)) for _ in range(count)]


def _number(chance: random.Random) -> str:
    if chance.random() < 0.4:
        return number_like(chance)
    lead = chance.choice(("", "", "0", "00", "011", "+", "(+", "tel:"))
    gaps = ("", "", "", " ", "-", ".", "/", " (", ") ")
    digits = (
        chance.choice("0123456789") + chance.choice(gaps) for _ in range(chance.randint(3, 18))
    )
    return lead + "".join(digits) + chance.choice(("", " x12", " / x68", " 08:00"))


@pytest.mark.parametrize("code", REGIONS)
def test_the_numbers_are_those_of_the_library(code: str) -> None:
    count = 0
    for text in [*TEXTS, *odd_numbers(40)]:
        found = [(one.start, one.end, one.number) for one in Numbers(text).as_in(code, 1)]
        matcher = phonenumbers.PhoneNumberMatcher(text, code, leniency=1)
        assert found == [(one.start, one.end, one.number) for one in matcher], text
        count += len(found)
    assert count > 20, "or the comparison means nothing"


def test_regions_asked_one_after_the_other_do_not_change_each_other() -> None:
    for text in [*TEXTS, *odd_numbers(20)]:
        together = Numbers(text)
        for code in REGIONS:
            alone = Numbers(text).as_in(code, 1)
            assert [(one.start, one.number) for one in together.as_in(code, 1)] == [
                (one.start, one.number) for one in alone
            ]


def test_what_is_plainly_no_number_is_not_parsed(monkeypatch: pytest.MonkeyPatch) -> None:
    parsed: list[str] = []
    module: Any = phonenumbers.phonenumbermatcher
    parse = module.parse

    def watched(number: str, *args: object, **kwargs: object) -> object:
        parsed.append(number)
        return parse(number, *args, **kwargs)

    region("US")
    monkeypatch.setattr(module, "parse", watched)
    Numbers("on 12/05, 4711, 99871, 1234567, 4111 1111, 0123456789012").as_in("US", 1)
    assert parsed == []
    Numbers("or 212-555-0143").as_in("US", 1)
    assert parsed == ["212-555-0143"]
