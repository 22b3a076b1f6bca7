"""Processes that screen: what they find, what they know, and what their failures cost."""

from __future__ import annotations

import asyncio
import logging
import os
import re
import signal
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import psutil
import pytest

from jupyter_mesh.errors import ScreeningUnavailable
from jupyter_mesh.guards import workers
from jupyter_mesh.guards.workers import WorkerPool
from jupyter_mesh.schemas.json import JsonObject
from jupyter_mesh.spi.guard import MOST_FINDINGS
from jupyter_mesh.spi.happenings import Happening, Happenings
from jupyter_mesh.spi.workers import ScannedSpan, Scanner
from tests.guards.scanners import Faulty, Known, Slow, SmallSlices, Unmakeable, Words

SECRET = "ada@example.com"
WORD: JsonObject = {"word": "tick"}


class Pool(WorkerPool):
    """One with what it told."""

    def __init__(self, **options: float) -> None:
        happenings = Happenings()
        self.told: list[Happening] = []
        happenings.listen(self.told.append)
        super().__init__(happenings, **{"count": 1, **options})  # pyright: ignore[reportArgumentType]


@asynccontextmanager
async def pool_of(**options: float) -> AsyncIterator[Pool]:
    pool = Pool(**options)
    try:
        yield pool
    finally:
        pids = pool.pids
        await pool.aclose()
        assert not any(map(psutil.pid_exists, pids))


def words(text: str, found: Sequence[ScannedSpan]) -> list[str]:
    return [text[one.start : one.end] for one in found]


async def ask(pool: Pool, text: str, scanner: type[Scanner] = Faulty) -> list[ScannedSpan]:
    return (await pool.scan(scanner, {}, [text]))[0]


async def test_texts_are_answered_in_their_order_whole_and_in_slices() -> None:
    texts = ["tick", "", "no", "tick tick", "x" * 500 + "tick" + "y" * 99, "tick" * 200]
    async with pool_of(count=2) as pool:
        for scanner in (Words, SmallSlices):
            found = await pool.scan(scanner, WORD, texts)
            expected = [[match.span() for match in re.finditer("tick", text)] for text in texts]
            assert [sorted((one.start, one.end) for one in spans) for spans in found] == expected
        assert await pool.scan(Words, WORD, []) == []
        assert await pool.scan(Words, WORD, ["", ""]) == [[], []]


async def test_the_border_of_a_slice_neither_hides_nor_doubles_a_finding() -> None:
    async with pool_of() as pool:
        for place in range(90, 110):
            text = "x" * place + "tick" + "y" * 150
            found = (await pool.scan(SmallSlices, WORD, [text]))[0]
            assert [(one.start, one.end) for one in found] == [(place, place + 4)]


async def test_nothing_is_started_before_the_first_text() -> None:
    async with pool_of(count=2) as pool:
        assert pool.pids == []
        assert await pool.scan(Words, WORD, [""]) == [[]]
        assert pool.pids == []
        await pool.scan(Words, WORD, ["x"])
        assert len(pool.pids) == 1


async def test_a_worker_knows_no_secret_and_loads_no_gateway(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-of-the-gateway")
    monkeypatch.setenv("MESH_PLAIN", "sk-of-the-gateway")
    async with pool_of() as pool:
        for text in ("OPENAI_API_KEY", "MESH_PLAIN", "sk-of-the-gateway"):
            assert "ENVIRONMENT" not in {one.entity for one in await ask(pool, text, Known)}
        for module in ("sqlalchemy", "tornado", "aiohttp", "jupyter_mesh.mesh"):
            assert "MODULE" not in {one.entity for one in await ask(pool, module, Known)}
        assert "ENVIRONMENT" in {one.entity for one in await ask(pool, "PATH", Known)}
        assert "MODULE" in {one.entity for one in await ask(pool, "sys", Known)}


async def test_equal_settings_share_a_scanner_and_others_do_not() -> None:
    async with pool_of() as pool:
        for word in ("tick", "tock", "tick"):
            (found,) = await pool.scan(Words, {"word": word}, ["tick tock"])
            assert words("tick tock", found) == [word]
        assert len(pool.pids) == 1


async def test_a_scanner_that_no_other_process_finds_is_refused() -> None:
    class Local(Words):
        pass

    async with pool_of() as pool:
        with pytest.raises(ValueError, match="top of a module"):
            await pool.scan(Local, WORD, ["x"])


FAULTS = [
    ("killed", "SIGKILL"),
    ("crash", "SIGABRT"),
    ("exit", "status 3"),
    ("hang", "in time"),
    ("stop", "in time"),
    ("regex", "in time"),
    ("grow", "memory"),
    ("garbage", "no answer"),
    ("endless", "no answer"),
    ("raise", "ValueError in scanners.py"),
    ("outside", "garbage"),
    ("backwards", "garbage"),
    ("nan", "no answer"),
]


@pytest.mark.parametrize(("fault", "said"), FAULTS, ids=[name for name, _ in FAULTS])
async def test_a_fault_costs_its_call_and_no_other_and_is_told_without_the_text(
    fault: str, said: str, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    async with pool_of(seconds=1.0, memory=512) as pool:
        assert await ask(pool, "before") == [ScannedSpan(0, 1, "X", 1.0)]
        with pytest.raises(ScreeningUnavailable) as refused:
            await ask(pool, f"{fault} {SECRET}")
        assert await ask(pool, "after") == [ScannedSpan(0, 1, "X", 1.0)]
        (happening,) = pool.told
        assert happening.kind == "guard_failing"
        assert said in happening.message
        printed = "".join(capfd.readouterr())
        assert said in caplog.text
        everything = [
            caplog.text,
            printed,
            repr(happening),
            repr(refused.value),
            str(refused.value),
        ]
        assert not any(SECRET in one for one in everything)


async def test_a_failure_that_does_not_come_again_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    async with pool_of() as pool:
        for fault in ("killed", "raise"):
            with pytest.raises(ScreeningUnavailable):
                await ask(pool, fault)
            await ask(pool, "fine")
        assert [one.kind for one in pool.told] == ["guard_failing"] * 2
        monkeypatch.setattr(workers, "CALM_SECONDS", -1.0)
        for _ in range(2):
            await ask(pool, "fine")
        subjects = {one.subject for one in pool.told}
        assert subjects == {"tests.guards.scanners:Faulty", "screening workers"}
        assert {one.subject for one in pool.told[2:]} == subjects
        assert [one.kind for one in pool.told[2:]] == ["guard_working"] * 2


async def test_one_bad_text_of_many_closes_the_call() -> None:
    async with pool_of() as pool:
        with pytest.raises(ScreeningUnavailable):
            await pool.scan(Faulty, {}, ["fine", f"raise {SECRET}", "fine"])


async def test_what_a_library_prints_is_no_answer_and_goes_nowhere(
    capfd: pytest.CaptureFixture[str],
) -> None:
    async with pool_of() as pool:
        assert await ask(pool, f"print {SECRET}") == [ScannedSpan(0, 1, "X", 1.0)]
        assert pool.told == []
    assert SECRET not in "".join(capfd.readouterr())


async def test_what_cannot_be_made_says_what_to_install() -> None:
    async with pool_of() as pool:
        with pytest.raises(ScreeningUnavailable):
            await ask(pool, "x", Unmakeable)
        assert "pip install 'jupyter-mesh[part]'" in pool.told[0].message
        assert await ask(pool, "x") == [ScannedSpan(0, 1, "X", 1.0)]


async def killed_while_it_rests() -> None:
    async with pool_of() as pool:
        await ask(pool, "x")
        (pid,) = pool.pids
        os.kill(pid, signal.SIGKILL)
        for _ in range(1000):
            await asyncio.sleep(0.01)
            if not pool.pids:
                break
        assert await ask(pool, "x"), "it cost no call"
        assert pool.pids != [pid]
        assert pool.told == []


async def test_a_worker_that_is_killed_between_calls_is_replaced_and_costs_none() -> None:
    await killed_while_it_rests()


def test_a_worker_that_is_killed_between_calls_costs_none_in_the_stand_alone_gateway() -> None:
    pytest.importorskip("uvloop").run(killed_while_it_rests())


async def test_a_call_is_told_and_another_worker_started_whatever_breaks(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def broken(*_: object) -> None:
        raise RuntimeError(SECRET)

    async with pool_of() as pool:
        with monkeypatch.context() as patch:
            patch.setattr(workers.WorkerProcess, "scan", broken)
            with pytest.raises(ScreeningUnavailable):
                await ask(pool, "x")
        assert await ask(pool, "x")
        (happening,) = pool.told
        assert "RuntimeError" in happening.message
        assert SECRET not in happening.message


async def test_workers_that_die_one_after_the_other_are_started_less_and_less_often() -> None:
    async with pool_of() as pool:
        for _ in range(2):
            with pytest.raises(ScreeningUnavailable):
                await ask(pool, "killed")
        # None is running, and none may be started yet: refused without another process.
        with pytest.raises(ScreeningUnavailable):
            await ask(pool, "fine")
        assert len(pool.told) == 2
        await asyncio.sleep(0.6)
        assert await ask(pool, "fine")
        with pytest.raises(ScreeningUnavailable):
            await ask(pool, "killed")
        assert await ask(pool, "fine"), "one that worked in between is replaced at once"


async def test_what_waits_is_bounded_and_refused_at_once() -> None:
    async with pool_of(most_waiting=1_000) as pool:
        first = asyncio.create_task(pool.scan(Slow, {"seconds": 0.2}, ["x" * 900]))
        await asyncio.sleep(0)
        with pytest.raises(ScreeningUnavailable, match="Too much"):
            await pool.scan(Words, WORD, ["x" * 900])
        assert await pool.scan(Words, WORD, ["tick"]) == [[ScannedSpan(0, 4, "WORD", 1.0)]]
        await first
        # A text longer than the bound is looked through when nothing else waits.
        assert len((await pool.scan(SmallSlices, WORD, ["tick" * 500]))[0]) == 500


async def test_short_texts_do_not_wait_for_a_long_one() -> None:
    async with pool_of() as pool:
        await ask(pool, "x", Known)
        long = asyncio.create_task(pool.scan(Slow, {"seconds": 0.05}, ["x" * 10_000]))
        await asyncio.sleep(0.1)
        for _ in range(5):
            assert await pool.scan(Words, WORD, ["tick"])
        assert not long.done()
        assert len((await long)[0]) == 100


async def test_a_long_text_is_shared_by_all_processes() -> None:
    async with pool_of(count=3) as pool:
        (found,) = await pool.scan(Slow, {"seconds": 0.05}, ["x" * 20_000])
        assert len({one.entity for one in found}) == 3
        assert len(pool.pids) == 3


async def test_a_call_that_is_given_up_takes_no_more_work() -> None:
    async with pool_of() as pool:
        await ask(pool, "x")
        given_up = asyncio.create_task(pool.scan(Slow, {"seconds": 0.05}, ["x" * 100_000]))
        await asyncio.sleep(0.2)
        given_up.cancel()
        with pytest.raises(asyncio.CancelledError):
            await given_up
        async with asyncio.timeout(5):  # all of it would be 50 seconds
            assert await ask(pool, "x")


async def test_nobody_looks_on_once_too_much_is_found() -> None:
    async with pool_of() as pool:
        assert len(await ask(pool, "many")) == MOST_FINDINGS + 1
        text = "tick" * MOST_FINDINGS * 3
        found = (await pool.scan(SmallSlices, WORD, [text]))[0]
        assert MOST_FINDINGS < len(found) < MOST_FINDINGS + 50


async def test_half_of_a_surrogate_pair_shifts_nothing() -> None:
    text = "\ud83d tick \U0001f600 tick"
    async with pool_of() as pool:
        (found,) = await pool.scan(Words, WORD, [text])
        assert words(text, found) == ["tick", "tick"]


async def test_processes_end_when_nothing_comes() -> None:
    async with pool_of(idle=0.2) as pool:
        await ask(pool, "x")
        (pid,) = pool.pids
        await asyncio.to_thread(psutil.Process(pid).wait, 10)
        assert await ask(pool, "x")


async def test_whoever_waits_when_it_closes_is_refused() -> None:
    pool = Pool()
    waiting = asyncio.create_task(pool.scan(Slow, {"seconds": 0.2}, ["x" * 10_000]))
    await asyncio.sleep(0.1)
    await pool.aclose()
    with pytest.raises(ScreeningUnavailable):
        await waiting
    with pytest.raises(ScreeningUnavailable):
        await ask(pool, "x")
    assert pool.pids == []
    assert pool.told == []


def test_the_loop_of_the_stand_alone_gateway_will_do_too() -> None:
    async def through_it() -> None:
        async with pool_of(count=2, seconds=1.0) as pool:
            assert len((await pool.scan(SmallSlices, WORD, ["tick" * 300]))[0]) == 300
            for fault in ("killed", "hang", "stop", "raise"):
                with pytest.raises(ScreeningUnavailable):
                    await ask(pool, fault)
                assert await ask(pool, "fine")
            assert len(pool.told) == 4

    pytest.importorskip("uvloop").run(through_it())


LEFT_ALONE = """
import asyncio, os, sys
from jupyter_mesh.guards import workers
from jupyter_mesh.guards.workers import WorkerPool
from jupyter_mesh.spi.happenings import Happenings
from tests.guards.scanners import Known, Faulty
async def main():
    pool = WorkerPool(Happenings(), count=1)
    await pool.scan(Known, {}, ["x"])
    hanging = asyncio.create_task(pool.scan(Faulty, {}, ["hang"]))
    await asyncio.sleep(0.1)
    print(pool.pids[0], flush=True)
    await asyncio.sleep(60)
asyncio.run(main())
"""


@pytest.mark.skipif(not os.path.exists("/proc"), reason="only Linux offers it")
async def test_a_busy_worker_does_not_outlive_its_gateway() -> None:
    gateway = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        LEFT_ALONE,
        stdout=asyncio.subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])},
    )
    assert gateway.stdout is not None
    pid = int(await gateway.stdout.readline())
    worker = psutil.Process(pid)
    gateway.kill()
    await gateway.wait()
    with suppress(psutil.NoSuchProcess, psutil.TimeoutExpired):
        await asyncio.to_thread(worker.wait, 10)
    # Where nobody collects orphans it stays in the list, dead.
    assert not worker.is_running() or worker.status() == psutil.STATUS_ZOMBIE
