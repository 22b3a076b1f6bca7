"""What screening costs: 1 kB against bare Presidio, 1 MB beside others, throughput by workers."""

from __future__ import annotations

import asyncio
import gc
import os
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from statistics import median, quantiles
from typing import cast

import psutil

from jupyter_mesh.guards.deny_list import DenyListConfig, DenyListDetector
from jupyter_mesh.guards.patterns import Patterns, PatternScanner, PatternsConfig
from jupyter_mesh.guards.presidio import (
    Presidio,
    PresidioScanner,
    is_installed,
)
from jupyter_mesh.guards.secrets import Secrets, SecretsConfig
from jupyter_mesh.guards.workers import WorkerPool
from jupyter_mesh.schemas.json import JsonObject
from jupyter_mesh.spi.guard import Detector, GuardedCall, GuardTools
from jupyter_mesh.spi.happenings import Happenings
from jupyter_mesh.spi.models import Models
from jupyter_mesh.spi.secrets import SecretStore

from .bare_presidio import EVERY_RECOGNIZER, as_it_comes, bare_presidio, compared
from .loop_blocks import LoopBlocks
from .report import Row
from .screened_texts import names, texts

_LISTED = 100_000


async def screening_sections(quick: bool) -> dict[str, list[Row]]:
    """Everything, on the cores that there are; 1 kB on one of them."""
    known = names(_LISTED)
    everyone = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(everyone)})
    try:
        small = await _small(known, 40 if quick else 400)
    finally:
        os.sched_setaffinity(0, everyone)
    return {
        "screening, 1 kB on one core": small,
        "screening, 1 MB beside others": await _large(known),
        "screening, throughput by workers": await _throughput(known, 0.25 if quick else 2.0),
        "screening, findings of bare Presidio": compared(known, 40 if quick else 400),
    }


def _detectors(known: Sequence[str]) -> dict[str, Detector]:
    """As policy would name them."""
    made: dict[str, Detector] = {
        "patterns": Patterns(PatternsConfig()),
        "secrets": Secrets(SecretsConfig()),
        "list": DenyListDetector(DenyListConfig(terms=tuple(known))),
    }
    return {**made, "presidio": Presidio(as_it_comes())} if is_installed() else made


@asynccontextmanager
async def _working(detectors: Mapping[str, Detector], count: int) -> AsyncIterator[WorkerPool]:
    happenings = Happenings()
    happenings.listen(lambda one: print(one.message))
    pool = WorkerPool(happenings, count=count)
    tools = GuardTools(
        cast(Models, None),
        cast(SecretStore, None),
        pool,
        Path(),
        happenings,
        lambda _: b"",
    )
    for name, detector in detectors.items():
        detector.start(name, tools)
    try:
        yield pool
    finally:
        await pool.aclose()


# ── 1 kB ────────────────────────────────────────────────────────────────────────────────────────


async def _small(known: Sequence[str], count: int) -> list[Row]:
    every = texts(count, 1_000, [*known])
    detectors = _detectors(known)
    if is_installed():
        detectors["every"] = Presidio(EVERY_RECOGNIZER)
    usual = ["patterns", "secrets", "list"]
    sets = {
        "patterns and secrets": usual[:2],
        f"list of {_LISTED:,}": usual[2:],
        "Presidio's usual recognizers, by our detector": ["presidio"],
        "Presidio's every recognizer, by our detector": ["every"],
        f"patterns, secrets, list of {_LISTED:,} and the usual recognizers": [
            *usual,
            "presidio",
        ],
        f"patterns, secrets, list of {_LISTED:,} and every recognizer": [
            *usual,
            "every",
        ],
    }
    rows: list[Row] = []
    async with _working(detectors, 1) as pool:
        rows.append(await _timed("a worker and back, nothing sought", every, _nothing(pool), pool))
        for title, chosen in sets.items():
            some = {name: detectors[name] for name in chosen if name in detectors}
            if some:
                rows.append(await _timed(title, every, _screen(some), pool))
        for title, analyze in bare_presidio().items():
            rows.append(await _timed(title, every, _at_once(analyze), pool))
    return rows


def _nothing(pool: WorkerPool) -> Callable[[str], Awaitable[object]]:
    settings: JsonObject = {"entities": []}

    async def screen(text: str) -> object:
        return await pool.scan(PatternScanner, settings, [text])

    return screen


def _screen(detectors: Mapping[str, Detector]) -> Callable[[str], Awaitable[object]]:
    async def screen(text: str) -> object:
        # As the pipeline does, but without its deadline, which is for calls.
        return [await one.find([text], GuardedCall()) for one in detectors.values()]

    return screen


def _at_once(analyze: Callable[[str], object]) -> Callable[[str], Awaitable[object]]:
    async def screen(text: str) -> object:
        return analyze(text)

    return screen


async def _timed(
    title: str,
    every: Sequence[str],
    screen: Callable[[str], Awaitable[object]],
    pool: WorkerPool,
) -> Row:
    for text in every[:20]:
        await screen(text)
    spans: list[float] = []
    cpu = _cpu(pool)
    for text in every:
        began = time.perf_counter()
        await screen(text)
        spans.append((time.perf_counter() - began) * 1000)
    cpu = (_cpu(pool) - cpu) / len(every) * 1000
    return {
        "1 kB": title,
        "p50 ms": median(spans),
        "p95 ms": quantiles(spans, n=20)[-1],
        "cpu ms": cpu,
    }


def _cpu(pool: WorkerPool) -> float:
    """Seconds that this process and the workers have computed: what others do does not count."""
    times = [psutil.Process(pid).cpu_times() for pid in pool.pids]
    return time.process_time() + sum(one.user + one.system for one in times)


# ── 1 MB ────────────────────────────────────────────────────────────────────────────────────────


async def _large(known: Sequence[str]) -> list[Row]:
    detectors = _detectors(known)
    (large,) = texts(1, 1_000_000, [*known])
    every = texts(100, 1_000, [*known])
    rows: list[Row] = []
    async with _working(detectors, 2):
        screen = _screen(detectors)
        await screen(large[:100_000])  # every process has made its scanners
        await screen(every[0])
        gc.freeze()  # bare Presidio is loaded here too, which it is not in a gateway
        rows.append(await _beside("alone", every, screen, None))
        rows.append(await _beside("beside a megabyte", every, screen, large))
    return rows


async def _beside(
    title: str,
    every: Sequence[str],
    screen: Callable[[str], Awaitable[object]],
    large: str | None,
) -> Row:
    """Short calls, one after the other, and a large one again and again meanwhile."""
    spans: list[float] = []
    large_spans: list[float] = []

    async def again() -> None:
        while large is not None:
            began = time.perf_counter()
            await screen(large)
            large_spans.append(time.perf_counter() - began)

    blocks = LoopBlocks()
    async with blocks.watched():
        beside = asyncio.create_task(again())
        while not spans or (large is not None and not large_spans):
            for text in every:
                began = time.perf_counter()
                await screen(text)
                spans.append((time.perf_counter() - began) * 1000)
        beside.cancel()
        with suppress(asyncio.CancelledError):
            await beside
    return {
        "1 kB calls": title,
        "p50 ms": median(spans),
        "p99 ms": quantiles(spans, n=100)[-1],
        "1 MB s": median(large_spans) if large_spans else "",
        "longest block ms": blocks.longest * 1000,
        "of it working ms": blocks.working * 1000,
    }


# ── throughput ──────────────────────────────────────────────────────────────────────────────────


async def _throughput(known: Sequence[str], megabytes: float) -> list[Row]:
    if not is_installed():
        return []
    every = texts(int(megabytes * 100), 10_000, [*known])
    settings = as_it_comes().settings().model_dump(mode="json")
    rows: list[Row] = []
    for count in (1, 2, 4):
        async with _working({}, count) as pool:
            scan = pool.scan
            warm = [scan(PresidioScanner, settings, [text]) for text in every[: 8 * count]]
            await asyncio.gather(*warm)
            began = time.perf_counter()
            await asyncio.gather(*(scan(PresidioScanner, settings, [one]) for one in every))
            seconds = time.perf_counter() - began
            processes = len(pool.pids)
        rows.append(
            {
                "workers": str(count),
                "running": str(processes),
                "cores": str(len(os.sched_getaffinity(0))),
                "MB/s": megabytes / seconds,
            }
        )
    return rows
