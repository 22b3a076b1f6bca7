"""Long texts: looked through in slices, off the loop, with the same result."""

from __future__ import annotations

import asyncio
import re
import threading
from collections.abc import Iterator

import pytest

from jupyter_mesh.guards.deny_list import DenyList, DenyListConfig, DenyListDetector
from jupyter_mesh.guards.numbers import find_credit_cards, number_runs
from jupyter_mesh.guards.patterns import Patterns, PatternsConfig
from jupyter_mesh.guards.scan import LONG, is_found, scan
from jupyter_mesh.guards.secrets import Secrets, SecretsConfig
from jupyter_mesh.guards.span import Span, findings
from jupyter_mesh.spi.guard import MOST_FINDINGS, Detector, GuardedCall

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
GUARDS: tuple[Detector, ...] = (
    Patterns(PatternsConfig()),
    Secrets(SecretsConfig()),
    DenyListDetector(DenyListConfig(terms=("Initech contract",))),
)


@pytest.mark.parametrize("planted", PLANTED, ids=[text.strip()[:12] for text in PLANTED])
@pytest.mark.parametrize("guard", GUARDS, ids=[guard.name for guard in GUARDS])
async def test_a_border_between_slices_neither_hides_nor_makes_a_finding(
    guard: Detector, planted: str
) -> None:
    alone = [
        (one.start, one.end, one.entity) for one in (await guard.find([planted], GuardedCall()))[0]
    ]
    for shift in (len(planted) + 3, len(planted) // 2, len(planted) - 2, 2, 0, -3):
        before = ("lorem ipsum " * LONG)[: LONG - shift]
        found = (await guard.find([before + planted + "dolor " * 2000], GuardedCall()))[0]
        assert [
            (one.start - len(before), one.end - len(before), one.entity) for one in found
        ] == alone


def ticking(text: str) -> Iterator[Span]:
    return (Span(*match.span(), "TICK", 1.0) for match in re.finditer("tick", text))


@pytest.mark.parametrize(
    ("texts", "main"),
    [
        (["tick"], True),
        (["t" * LONG], True),
        (["t" * (LONG + 1)], False),
        (["x" * 9] * LONG, False),
    ],
)
async def test_only_long_texts_cost_a_thread(texts: list[str], main: bool) -> None:
    threads: set[int] = set()

    def finder(text: str) -> Iterator[Span]:
        threads.add(threading.get_ident())
        return ticking(text)

    await scan(finder, texts, "ticks")
    assert threads == {threading.get_ident()} if main else threading.get_ident() not in threads


@pytest.mark.parametrize("guard", GUARDS, ids=[guard.name for guard in GUARDS])
async def test_the_loop_goes_on_while_a_megabyte_is_looked_through(guard: Detector) -> None:
    ticks = 0

    async def tick() -> None:
        nonlocal ticks
        while True:
            await asyncio.sleep(0)
            ticks += 1

    ticker = asyncio.create_task(tick())
    await asyncio.sleep(0)
    await guard.find(
        ["Write to the people at 10.0.0.1 about it, is 12 34 56. " * 20_000], GuardedCall()
    )
    ticker.cancel()
    assert ticks > 5  # in one piece it would be once or twice


async def test_a_judge_looks_through_long_texts_off_the_loop_too() -> None:
    judge = DenyList(DenyListConfig(terms=("Initech",)))
    beats = 0

    async def beat() -> None:
        nonlocal beats
        while True:
            await asyncio.sleep(0)
            beats += 1

    beating = asyncio.create_task(beat())
    await asyncio.sleep(0)
    verdict = await judge.judge("lorem ipsum " * 50_000 + "Initech", "request", GuardedCall())
    beating.cancel()
    assert verdict.score == 1.0
    assert beats > 10
    assert not await is_found(ticking, "tock" * LONG)


async def test_nobody_looks_on_once_too_much_is_found() -> None:
    asked = 0

    def finder(text: str) -> Iterator[Span]:
        nonlocal asked
        asked += 1
        return (Span(at, at + 1, "X", 1.0) for at in range(len(text)))

    found = await scan(finder, ["x" * LONG, "x" * LONG], "many")
    assert sum(map(len, found)) > MOST_FINDINGS
    assert len(found) == 2
    assert asked == 1


async def test_a_call_that_is_given_up_does_not_go_on_working() -> None:
    started, go_on, slices = threading.Event(), threading.Event(), 0

    def finder(_: str) -> Iterator[Span]:
        nonlocal slices
        slices += 1
        started.set()
        go_on.wait(10)
        return iter(())

    task = asyncio.create_task(scan(finder, ["x" * LONG * 20], "slow"))
    await asyncio.to_thread(started.wait, 10)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    go_on.set()
    await asyncio.get_running_loop().shutdown_default_executor()
    assert slices == 1


@pytest.mark.parametrize("end", ["x", ".5", "!"])
def test_a_long_run_of_digits_is_read_once_not_from_each_of_its_digits(end: str) -> None:
    text = "1 " * 200_000 + end  # read from each digit, this is minutes
    assert list(find_credit_cards(text, number_runs(text))) == []


def test_findings_come_in_the_order_of_the_text() -> None:
    spans = [Span(5, 6, "B", 1.0), Span(0, 1, "A", 1.0)]
    assert [one.entity for one in findings(spans, "d")] == ["A", "B"]
