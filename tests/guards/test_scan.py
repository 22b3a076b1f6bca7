"""Long texts: looked through in slices, by other processes, with the same result."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import cast

import pytest

from jupyter_mesh.errors import ScreeningUnavailable
from jupyter_mesh.guards.deny_list import DenyList, DenyListConfig, DenyListDetector
from jupyter_mesh.guards.numbers import find_credit_cards, number_runs
from jupyter_mesh.guards.patterns import Patterns, PatternsConfig
from jupyter_mesh.guards.scan import LONG
from jupyter_mesh.guards.secrets import Secrets, SecretsConfig
from jupyter_mesh.guards.span import Span, findings
from jupyter_mesh.guards.workers import WorkerPool
from jupyter_mesh.schemas.json import JsonObject
from jupyter_mesh.spi.guard import MOST_FINDINGS, Detector, Guard, GuardedCall, GuardTools
from jupyter_mesh.spi.happenings import Happenings
from jupyter_mesh.spi.models import Models
from jupyter_mesh.spi.secrets import SecretStore
from jupyter_mesh.spi.workers import Scanner, Workers

KEY = "-----BEGIN PRIVATE KEY-----\n" + "A1b2C3d4" * 1500 + "\n-----END PRIVATE KEY-----"
PLANTED = (
    " ada@example.com ",
    " 4111 1111 1111 1111 ",
    "x4111111111111111 ",
    " from 192.168.17.4 port ",
    ' password = "correct horse" ',
    f" {KEY} ",
    " the Initech  contract ",
)
SLICE = 65_536


def guards() -> list[Detector]:
    terms = DenyListConfig(terms=("Initech contract",))
    return [Patterns(PatternsConfig()), Secrets(SecretsConfig()), DenyListDetector(terms)]


NAMES = [guard.name for guard in guards()]


def lend(guard: Guard, workers: Workers) -> None:
    """Start a guard that needs nothing but workers."""
    nothing = cast(Models, None), cast(SecretStore, None)
    tools = GuardTools(*nothing, workers, Path(), Happenings())
    guard.start(guard.name, tools)


@asynccontextmanager
async def working(*started: Guard) -> AsyncIterator[WorkerPool]:
    """Real processes for these guards."""
    pool = WorkerPool(Happenings(), count=2)
    for guard in started:
        lend(guard, pool)
    try:
        yield pool
    finally:
        await pool.aclose()


class Noted:
    """`Workers` that only note what they are asked."""

    def __init__(self) -> None:
        self.asked: list[Sequence[str]] = []

    async def scan(
        self, scanner: type[Scanner], settings: JsonObject, texts: Sequence[str]
    ) -> list[list[Span]]:
        self.asked.append(texts)
        return [[] for _ in texts]


async def found_in(guard: Detector, text: str) -> list[tuple[int, int, str]]:
    (found,) = await guard.find([text], GuardedCall())
    return [(one.start, one.end, one.entity) for one in found]


@pytest.mark.parametrize("number", range(3), ids=NAMES)
async def test_a_border_between_slices_neither_hides_nor_makes_a_finding(number: int) -> None:
    here, lent = guards()[number], guards()[number]
    async with working(lent) as pool:
        for planted in PLANTED:
            alone = await found_in(here, planted)
            for shift in (len(planted) + 3, len(planted) // 2, len(planted) - 2, 2, 0, -3):
                before = ("lorem ipsum " * SLICE)[: SLICE - shift]
                found = await found_in(lent, before + planted + "dolor " * 2000)
                placed = [(a + len(before), b + len(before), entity) for a, b, entity in alone]
                assert found == placed, (planted[:20], shift)
        assert pool.pids, "they have looked through it"


@pytest.mark.parametrize(
    ("texts", "here"),
    [
        (["tick"], True),
        (["t" * (LONG - 1)], True),
        (["t" * LONG], False),
        (["x" * 8] * (LONG // 8 - 1), True),
        (["x" * 8] * (LONG // 8), False),
    ],
)
@pytest.mark.parametrize("number", range(3), ids=NAMES)
async def test_only_long_texts_go_to_another_process(
    texts: list[str], here: bool, number: int
) -> None:
    guard, workers = guards()[number], Noted()
    lend(guard, workers)
    await guard.find(texts, GuardedCall())
    assert workers.asked == ([] if here else [texts])


async def test_a_long_list_is_not_gone_through_at_every_search_for_garbage() -> None:
    guard = DenyListDetector(
        DenyListConfig(terms=tuple(f"customer {one}" for one in range(20_000)))
    )
    gc.unfreeze()
    try:
        assert await found_in(guard, "a customer 777 here") == [(2, 14, "DENIED_TERM")]
        assert gc.get_freeze_count() > 40_000  # a list and a term for each of them
    finally:
        gc.unfreeze()


async def test_the_loop_goes_on_while_a_megabyte_is_looked_through() -> None:
    judge = DenyList(DenyListConfig(terms=("Initech",)))
    detectors = guards()
    text = "Write to the people at 10.0.0.1 about it, is 12 34 56. " * 20_000
    beats = 0

    async def beat() -> None:
        nonlocal beats
        while True:
            await asyncio.sleep(0)
            beats += 1

    async with working(judge, *detectors):
        for guard in detectors:
            beats, beating = 0, asyncio.create_task(beat())
            assert len((await guard.find([text], GuardedCall()))[0]) in (0, 20_000)
            beating.cancel()
            assert beats > 20  # in one piece it would be once or twice
        beats, beating = 0, asyncio.create_task(beat())
        verdict = await judge.judge(f"{text} Initech", "request", GuardedCall())
        harmless = await judge.judge(text, "request", GuardedCall())
        beating.cancel()
        assert (verdict.score, harmless.score) == (1.0, 0.0)
        assert beats > 20


async def test_nobody_looks_on_once_too_much_is_found() -> None:
    guard = guards()[0]
    async with working(guard):
        found = await guard.find(["ada@example.com " * MOST_FINDINGS * 8], GuardedCall())
        assert MOST_FINDINGS < len(found[0]) < MOST_FINDINGS * 3


async def test_where_no_process_can_look_nothing_is_found_harmless() -> None:
    guard, judge = guards()[0], DenyList(DenyListConfig(terms=("Initech",)))
    async with working(guard, judge) as pool:
        await pool.aclose()
        with pytest.raises(ScreeningUnavailable):
            await guard.find(["x" * LONG], GuardedCall())
        with pytest.raises(ScreeningUnavailable):
            await judge.judge("x" * LONG, "request", GuardedCall())
        assert await found_in(guard, "x") == []


@pytest.mark.parametrize("end", ["x", ".5", "!"])
def test_a_long_run_of_digits_is_read_once_not_from_each_of_its_digits(end: str) -> None:
    text = "1 " * 200_000 + end  # read from each digit, this is minutes
    assert list(find_credit_cards(text, number_runs(text))) == []


def test_findings_come_in_the_order_of_the_text() -> None:
    spans = [Span(5, 6, "B", 1.0), Span(0, 1, "A", 1.0)]
    assert [one.entity for one in findings(spans, "d")] == ["A", "B"]
