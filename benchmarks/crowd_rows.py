"""What a crowd waits for before the gateway and before the upstream itself, what the gateway grows
by meanwhile, and what one greedy person does to the others.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import linear_regression

from .crowd import Crowd, Plan, Seen
from .gateways import PATH, Gateway, alone, several
from .load import percentile
from .processes import Process, start
from .report import Row
from .stores import done

ADDED_MS = 50.0
"""Goal: what the gateway may add to the upstream's p99."""
RAISED = 1.2
"""Goal: what a greedy person may do to the others' p99."""
_WARM_SECONDS = 10.0
_QUIET_SECONDS = 3.0
_AWAITED = {
    "whole answer": lambda seen: seen.whole,
    "first content": lambda seen: seen.first,
    "whole stream": lambda seen: seen.streams,
}


@dataclass(frozen=True, slots=True)
class Growth:
    """What a gateway uses over time.

    Attributes:
        mib: Resident memory of all its processes at each `at`, in seconds.
    """

    at: list[float]
    mib: list[float]

    @property
    def slope(self) -> float:
        """MiB a minute over the second half; the first warms up."""
        half = len(self.at) // 2
        if len(self.at) - half < 2:
            return 0.0
        return linear_regression(self.at[half:], self.mib[half:]).slope * 60


async def watched(process: Process, asking: asyncio.Task[Seen]) -> Growth:
    """Its memory, every second until all is asked."""
    loop, growth = asyncio.get_running_loop(), Growth([], [])
    while not asking.done():
        growth.at.append(loop.time())
        growth.mib.append(process.memory())
        await asyncio.wait((asking,), timeout=1.0)
    return growth


async def ask(port: int, path: str, plan: Plan) -> Seen:
    """One crowd that comes, asks and leaves."""
    crowd = Crowd(port, path, plan)
    seen = await crowd.ask()
    crowd.leave()
    return seen


async def crowd_sections(folder: Path, seconds: float, kinds: list[str]) -> dict[str, list[Row]]:
    """All tables.

    Args:
        folder: Where everything is.
        seconds: For each measurement: two, and six for each kind.
        kinds: Which gateways: `alone`, `several`.
    """
    port_file = folder / "upstream.port"
    upstream = start(["-m", "benchmarks.upstream", str(port_file)], port_file, core=1)
    plan = Plan(seconds=seconds)
    waits: list[Row] = []
    greed: list[Row] = []
    try:
        await ask(upstream.port, "/v1/chat/completions", replace(plan, seconds=_WARM_SECONDS))
        bare = await ask(upstream.port, "/v1/chat/completions", plan)
        floor = await _floor(folder, upstream.port, plan)
        waits += _waits("floor (aiohttp)", floor, bare)
        makers: dict[str, Callable[..., AbstractContextManager[Gateway]]] = {
            "alone": alone,
            "several": several,
        }
        use: list[Row] = []
        for kind in kinds:
            name = {"alone": "one process, SQLite", "several": "two, PostgreSQL + Redis"}[kind]
            with makers[kind](folder, upstream.port, plan.users) as gateway:
                port = gateway.process.port
                await ask(port, PATH, replace(plan, seconds=_WARM_SECONDS))
                seen, row = await _used(gateway, plan)
                use.append({"gateway": name, "calls are": "half streams", **row})
                for calls, every in (("whole answers", 0), ("streams", 1)):
                    _, row = await _used(gateway, replace(plan, every=every))
                    use.append({"gateway": name, "calls are": calls, **row})
                waits += _waits(name, seen, bare)
                begins = await ask(port, PATH, replace(plan, greedy=200.0))
                goes_on = await ask(port, PATH, replace(plan, greedy=200.0))
                after = await ask(port, PATH, plan)
                for when, greedy in (("begins", begins), ("goes on", goes_on)):
                    greed += _greed(name, when, seen, greedy, after)
    finally:
        upstream.stop()
    title = f"crowd, {plan.users} people, {plan.rate:g} calls/s, {seconds:g} s"
    return {
        f"{title}: what they wait for": waits,
        **{
            f"{title}: what it uses, {kind}": [row for row in use if row["gateway"] == kind]
            for kind in dict.fromkeys(str(row["gateway"]) for row in use)
        },
        f"{title}: one more makes 200 calls/s": greed,
    }


async def _floor(folder: Path, upstream: int, plan: Plan) -> Seen:
    port_file = folder / "floor.port"
    command = ["-m", "benchmarks.floors", "aiohttp", str(port_file), str(upstream)]
    process = start(command, port_file, core=0)
    try:
        return await ask(process.port, PATH, plan)
    finally:
        process.stop()


async def _used(gateway: Gateway, plan: Plan) -> tuple[Seen, Row]:
    process = gateway.process
    before, cpu, stored = process.descriptors(), process.cpu(), done(gateway)
    asking = asyncio.create_task(ask(process.port, PATH, plan))
    growth = await watched(process, asking)
    seen = asking.result()
    cpu = process.cpu() - cpu
    await asyncio.sleep(_QUIET_SECONDS)
    calls = sum(seen.statuses.values())
    each = {
        f"{what} per call": (sofar - stored[what]) / calls for what, sofar in done(gateway).items()
    }
    return seen, {
        "calls": str(calls),
        "failed": str(calls - seen.statuses[200]),
        "CPU ms per call": cpu / calls * 1000,
        "cores": cpu / plan.seconds,
        "MiB at first": growth.mib[0],
        "MiB at the end": growth.mib[-1],
        "MiB a minute": growth.slope,
        "descriptors before": str(sum(before)),
        "and after": str(sum(process.descriptors())),
        **each,
    }


def _waits(name: str, seen: Seen, bare: Seen) -> list[Row]:
    rows: list[Row] = []
    for what, times in _AWAITED.items():
        p99, least = percentile(times(seen), 0.99), percentile(times(bare), 0.99)
        rows.append(
            {
                "before": name,
                "for": what,
                "answers": str(len(times(seen))),
                "p50 ms": percentile(times(seen), 0.5),
                "p99 ms": p99,
                "upstream's own p99 ms": least,
                "added p99 ms": p99 - least,
                f"at most {ADDED_MS:g} ms": "reached" if p99 - least <= ADDED_MS else "not reached",
            }
        )
    return rows


def _greed(name: str, when: str, before: Seen, greedy: Seen, after: Seen) -> list[Row]:
    """Who begins has a minute's allowance, and uses it within seconds: calls like anybody's. From
    then on they get what refills.
    """
    rows: list[Row] = []
    for what, times in _AWAITED.items():
        calm = max(percentile(times(one), 0.99) for one in (before, after))
        p99 = percentile(times(greedy), 0.99)
        rows.append(
            {
                "before": name,
                "the greedy one": when,
                "for": what,
                "p99 ms before": percentile(times(before), 0.99),
                "and after": percentile(times(after), 0.99),
                "p99 ms meanwhile": p99,
                "x": p99 / calm,
                f"at most {RAISED:g} x": "reached" if p99 <= RAISED * calm else "not reached",
                "the greedy one's answers": " ".join(
                    f"{status}: {count}" for status, count in sorted(greedy.greedy.items())
                ),
            }
        )
    return rows
