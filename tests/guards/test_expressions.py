"""Regular expressions of one's own: checked when written, run where they can be ended."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from jupyter_mesh.errors import ScreeningUnavailable
from jupyter_mesh.guards.expressions import Expressions, ExpressionsConfig
from jupyter_mesh.guards.workers import WorkerPool
from jupyter_mesh.spi.guard import GuardedCall
from jupyter_mesh.spi.happenings import Happening, Happenings

from .name_world import World

ORDER = {"entity": "ORDER_NUMBER", "pattern": r"\bPO-\d{6}\b"}
WARD = {
    "entity": "WARD",
    "pattern": r"\b[A-Z]\d\b",
    "score": 0.2,
    "context": ["ward", "station"],
    "context_score": 0.9,
}
ACCOUNT = {
    "entity": "ACCOUNT",
    "pattern": r"(?:account|konto)\s+(?P<value>\d+)",
    "ignore_case": True,
}

FOUND = [
    (ORDER, "see PO-123456.", [("PO-123456", 0.8)]),
    (ORDER, "PO-123456 and PO-654321", [("PO-123456", 0.8), ("PO-654321", 0.8)]),
    (WARD, "she lies on ward B7 now", [("B7", 0.9)]),
    (WARD, "B7, the Station of surgery", [("B7", 0.9)]),
    (WARD, "paper size A4", [("A4", 0.2)]),
    (WARD, "towards B7", [("B7", 0.2)]),
    (WARD, "ward" + " " * 120 + "B7", [("B7", 0.2)]),
    (ACCOUNT, "Konto 4711 it is", [("4711", 0.8)]),
]
NOT_FOUND = [
    (ORDER, "PO-12345"),
    (ORDER, "po-123456"),
    (ORDER, "XPO-123456"),
    (WARD, "b7"),
    (ACCOUNT, "4711"),
]


def guard_over(folder: Path, *patterns: dict[str, object]) -> Expressions:
    guard = Expressions(ExpressionsConfig.model_validate({"patterns": patterns}))
    guard.start("ours", World(folder).tools())
    return guard


@pytest.mark.parametrize(("expression", "text", "spans"), FOUND)
async def test_it_is_found_to_the_letter_and_surer_among_its_context(
    tmp_path: Path, expression: dict[str, object], text: str, spans: list[tuple[str, float]]
) -> None:
    (found,) = await guard_over(tmp_path, expression).find([text], GuardedCall())
    assert [(text[one.start : one.end], one.score) for one in found] == spans
    assert {one.entity for one in found} == {expression["entity"]}


@pytest.mark.parametrize(("expression", "text"), NOT_FOUND)
async def test_what_only_looks_like_it_is_left_alone(
    tmp_path: Path, expression: dict[str, object], text: str
) -> None:
    assert await guard_over(tmp_path, expression).find([text], GuardedCall()) == [[]]


WRONG: list[tuple[dict[str, object], str]] = [
    ({"pattern": "(unclosed"}, "no regular expression"),
    ({"pattern": "[z-a]"}, "no regular expression"),
    ({"pattern": "a{99999999999}"}, "no regular expression"),
    ({"pattern": "x*"}, "nothing at all"),
    ({"pattern": ""}, "at least 1"),
    ({"pattern": "a" * 2001}, "at most 2000"),
    ({"entity": "lower"}, "pattern"),
    ({"score": 0}, "greater than 0"),
    ({"score": 1.1}, "less than"),
    ({"context": ["two words"]}, "one word"),
    ({"context": ["near"], "context_score": 0.1}, "context_score"),
    ({"patern": "x"}, "extra"),
]


@pytest.mark.parametrize(("change", "why"), WRONG, ids=str)
def test_what_cannot_work_is_refused_when_it_is_written(
    change: dict[str, object], why: str
) -> None:
    with pytest.raises(ValidationError, match=why):
        ExpressionsConfig.model_validate({"patterns": [{**ORDER, **change}]})
    with pytest.raises(ValidationError):
        ExpressionsConfig.model_validate({"patterns": []})


async def test_an_expression_that_takes_forever_refuses_its_call_and_no_other(
    tmp_path: Path,
) -> None:
    told: list[Happening] = []
    happenings = Happenings()
    happenings.listen(told.append)
    pool = WorkerPool(happenings, count=1, seconds=1.0)
    world = World(tmp_path)
    world.workers = pool
    slow = ExpressionsConfig.model_validate(
        {"patterns": [{"entity": "SLOW", "pattern": r"(?:a|a)*b"}]}
    )
    forever, quick = (
        Expressions(slow),
        Expressions(ExpressionsConfig.model_validate({"patterns": [ORDER]})),
    )
    for one in (forever, quick):
        one.start("ours", world.tools())
    with pytest.raises(ScreeningUnavailable):
        await forever.find(["a" * 40 + "c"], GuardedCall())
    (found,) = await quick.find(["PO-123456"], GuardedCall())
    assert len(found) == 1
    assert told
    assert "aaaa" not in repr(told)
    await pool.aclose()


async def test_long_texts_come_in_slices_with_the_same_result(tmp_path: Path) -> None:
    world, pool = World(tmp_path), WorkerPool(Happenings(), count=1)
    world.workers = pool
    guard = Expressions(ExpressionsConfig.model_validate({"patterns": [ORDER, WARD]}))
    guard.start("ours", world.tools())
    filler = "lorem ipsum " * 2000
    text = f"{filler}ward B7 and PO-123456 {filler}"
    (found,) = await guard.find([text], GuardedCall())
    assert [(one.entity, text[one.start : one.end], one.score) for one in found] == [
        ("WARD", "B7", 0.9),
        ("ORDER_NUMBER", "PO-123456", 0.8),
    ]
    await pool.aclose()


def test_it_says_what_it_can_find(tmp_path: Path) -> None:
    guard = guard_over(tmp_path, ORDER, WARD)
    assert guard.entities() == {"ORDER_NUMBER", "WARD"}
    assert "PASSPORT" in (guard.remedy("PASSPORT") or "")
