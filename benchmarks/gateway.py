"""CPU per call, added latency and memory of the gateway, its floors and its peers."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable
from pathlib import Path
from statistics import median

from .contestant import KEY, Contestant
from .load import Timings, closed_loop, open_loop, percentile
from .processes import Process, start
from .report import Row


def contestants(folder: Path, upstream: int) -> list[Contestant]:
    """Floors first, then the mesh in its two hosts, with and without screening."""

    def floor(kind: str) -> Callable[[], Process]:
        def run() -> Process:
            port = folder / f"{kind}.port"
            command = ["-m", "benchmarks.floors", kind, str(port), str(upstream)]
            return start(command, port, core=0)

        return run

    def mesh(host: str, screening: bool) -> Callable[[], Process]:
        def run() -> Process:
            name = f"mesh-{host}-{'screened' if screening else 'plain'}"
            home = folder / name
            shutil.rmtree(home, ignore_errors=True)
            home.mkdir()
            port = home / "port"
            command = ["-m", "benchmarks.mesh_host", host, str(home), str(upstream)]
            return start([*command, "screened" if screening else "plain"], port, core=0)

        return run

    bearer = (("Authorization", f"Bearer {KEY}"),)
    token = (("Authorization", "token bench"),)
    return [
        Contestant("tornado floor", "", floor("tornado")),
        Contestant("tornado floor, uvloop", "", floor("tornado-uvloop")),
        Contestant("aiohttp floor, uvloop", "", floor("aiohttp")),
        Contestant("Jupyter handler floor", "", floor("jupyter"), "/floor", token),
        Contestant("mesh, stand-alone", "tornado floor, uvloop", mesh("standalone", False),
                   "/mesh/v1/chat/completions", bearer),
        Contestant("mesh, stand-alone, screened", "tornado floor, uvloop", mesh("standalone", True),
                   "/mesh/v1/chat/completions", bearer),
        Contestant("mesh in Jupyter", "Jupyter handler floor", mesh("jupyter", False),
                   "/mesh/v1/chat/completions", token),
        Contestant("mesh in Jupyter, screened", "Jupyter handler floor", mesh("jupyter", True),
                   "/mesh/v1/chat/completions", token),
    ]  # fmt: skip


def direct(upstream: int) -> Contestant:
    """The upstream itself: what latency there is without anything in between."""

    def nothing() -> Process:
        raise RuntimeError("the upstream runs already")

    return Contestant("direct", "", nothing)


async def cpu_rows(
    ones: list[Contestant], *, calls: int, rounds: int, connections: int
) -> list[Row]:
    """CPU per call, closed loop. Contestants take turns, so that noise hits all of them."""
    running: dict[str, Process] = {}
    cpu: dict[str, list[float]] = {one.name: [] for one in ones}
    p50: dict[str, list[float]] = {one.name: [] for one in ones}
    failed: dict[str, int] = {one.name: 0 for one in ones}
    try:
        running.update((one.name, one.start()) for one in ones)
        for number in range(rounds + 1):
            for one in ones:
                process = running[one.name]
                target = one.target(process.port, personal="screened" in one.name)
                before = process.cpu()
                timings = await closed_loop(target, connections=connections, calls=calls)
                failed[one.name] += timings.failed
                if number:  # the first round warms up
                    cpu[one.name].append((process.cpu() - before) / calls * 1000)
                    p50[one.name].append(percentile(timings.total, 0.5))
        medians = {name: median(values) for name, values in cpu.items()}
        return [
            {
                "contestant": one.name,
                "connections": str(connections),
                "CPU ms per call": medians[one.name],
                "x floor": medians[one.name] / medians[one.floor] if one.floor in medians else 1.0,
                "p50 ms": median(p50[one.name]),
                "memory MiB": running[one.name].memory(),
                "failed": str(failed[one.name]),
            }
            for one in ones
        ]
    finally:
        for process in running.values():
            process.stop()


async def stream_rows(ones: list[Contestant], *, streams: int, rounds: int, plan: str) -> list[Row]:
    """CPU per stream and per chunk, and the time to the first content."""
    running: dict[str, Process] = {}
    cpu: dict[str, list[float]] = {one.name: [] for one in ones}
    first: dict[str, list[float]] = {one.name: [] for one in ones}
    chunks = int(plan.partition("=")[2].partition(" ")[0])
    try:
        running.update((one.name, one.start()) for one in ones)
        for number in range(rounds + 1):
            for one in ones:
                process = running[one.name]
                before = process.cpu()
                target = one.target(process.port, stream=plan)
                timings = await closed_loop(target, connections=8, calls=streams)
                if number:
                    cpu[one.name].append((process.cpu() - before) / streams * 1000)
                    first[one.name].append(percentile(timings.first, 0.5))
        medians = {name: median(values) for name, values in cpu.items()}
        return [
            {
                "contestant": one.name,
                "plan": plan,
                "CPU ms per stream": medians[one.name],
                "CPU ms per chunk": medians[one.name] / chunks,
                "x floor": medians[one.name] / medians[one.floor] if one.floor in medians else 1.0,
                "first content p50 ms": median(first[one.name]),
            }
            for one in ones
        ]
    finally:
        for process in running.values():
            process.stop()


async def latency_rows(
    ones: list[Contestant], upstream: int, *, rate: float, seconds: float
) -> list[Row]:
    """What each adds to the upstream's own latency at a fixed open-loop rate."""
    bare = await _latency(direct(upstream), upstream, rate, seconds)
    rows: list[Row] = []
    for one in ones:
        process = one.start()
        try:
            await closed_loop(one.target(process.port), connections=4, calls=200)
            timings = await _latency(one, process.port, rate, seconds)
        finally:
            process.stop()
        row: Row = {"contestant": one.name, "calls/s": f"{rate:g}"}
        for share in (0.5, 0.95, 0.99):
            added = percentile(timings.total, share) - percentile(bare.total, share)
            row[f"added p{share * 100:.0f} ms"] = added
        row["failed"] = str(timings.failed)
        rows.append(row)
    return rows


async def _latency(one: Contestant, port: int, rate: float, seconds: float) -> Timings:
    return await open_loop(one.target(port), rate=rate, seconds=seconds)


async def memory_rows(one: Contestant, *, calls: int) -> list[Row]:
    """Resident memory idle and after many calls."""
    process = one.start()
    try:
        await asyncio.sleep(1)
        idle = process.memory()
        await closed_loop(one.target(process.port), connections=32, calls=calls)
        return [
            {
                "contestant": one.name,
                "idle MiB": idle,
                f"after {calls} calls MiB": process.memory(),
            }
        ]
    finally:
        process.stop()
