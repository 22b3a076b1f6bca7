"""A crowd before a gateway (T40): all are answered, the books are right, and nothing has grown.

How long they wait is measured by `make bench`, on a machine that does nothing else.
"""

from __future__ import annotations

import asyncio
import re
import time
import urllib.request
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any, cast

import pytest

from benchmarks.crowd import Plan, Seen, key_of
from benchmarks.crowd_rows import Growth, ask, watched
from benchmarks.gateways import PATH, Gateway, alone, several
from benchmarks.processes import Process, start
from jupyter_mesh.storage.chain_check import check
from jupyter_mesh.storage.location import Location
from tests.durability.world import World

KINDS = [
    "alone",
    pytest.param("several", marks=[pytest.mark.needs("postgresql"), pytest.mark.needs("redis")]),
]
_WARM = Plan(seconds=3.0, users=100, greedy=20.0, seed=2)
_LONG = 300.0
"""Seconds from which on memory has a slope that is no noise."""
_MOST_MIB_A_MINUTE = 1.0


@pytest.mark.timeout(2400)
@pytest.mark.parametrize("kind", KINDS)
def test_all_are_answered_the_books_are_right_and_nothing_has_grown(
    tmp_path: Path,
    kind: str,
    rounds: Callable[[int, int], int],
    record_property: Callable[[str, object], None],
) -> None:
    plan = Plan(
        seconds=rounds(6, 600),
        users=rounds(100, 500),
        rate=rounds(10, 50),
        greedy=rounds(20, 200),
    )
    port_file = tmp_path / "upstream.port"
    upstream = start(["-m", "benchmarks.upstream", str(port_file)], port_file, core=1)
    maker = alone if kind == "alone" else several
    try:
        with maker(tmp_path, upstream.port, plan.users) as gateway:
            warm = asyncio.run(ask(gateway.process.port, PATH, _WARM))
            quiet = settled(gateway)
            seen, growth = asyncio.run(run(gateway, plan))
            record_property("MiB a minute", growth.slope)
            assert set(seen.statuses) == {200}
            assert set(seen.greedy) <= {200, 429}
            assert seen.greedy[429] > 0
            check_the_books(tmp_path, gateway, [warm, seen], count(upstream))
            until(lambda: settled(gateway) == quiet, f"{quiet}, then {settled(gateway)}")
            if plan.seconds >= _LONG:
                assert growth.slope <= _MOST_MIB_A_MINUTE
    finally:
        upstream.stop()


async def run(gateway: Gateway, plan: Plan) -> tuple[Seen, Growth]:
    asking = asyncio.create_task(ask(gateway.process.port, PATH, plan))
    growth = await watched(gateway.process, asking)
    return asking.result(), growth


def check_the_books(folder: Path, gateway: Gateway, crowds: list[Seen], received: int) -> None:
    """Record, ledger, what clients got and what the upstream was asked agree."""
    one = World(folder, cast(Any, None), gateway.store)
    one.wait_until_settled()
    got = sum((seen.statuses + seen.greedy for seen in crowds), start=type(crowds[0].greedy)())
    until(lambda: outcomes(one).get("refused") == got[429], f"{got}, but {outcomes(one)}")
    assert outcomes(one) == {"answered": got[200], "refused": got[429]}
    (summed,) = one.rows("SELECT sum(calls) AS calls FROM usage_hourly")
    assert summed["calls"] == got[200] + got[429]
    assert received == got[200]
    assert one.rows("SELECT * FROM holds") == []
    (money,) = one.rows("SELECT sum(spent) AS spent, sum(held) AS held FROM budget_windows")
    (charged,) = one.rows("SELECT sum(cost) AS cost FROM calls")
    assert (money["spent"], money["held"]) == (charged["cost"], 0)
    with closing(Location.of(gateway.store).read()) as connection:
        verdict = check(connection.cursor())
    assert (verdict.fault, verdict.unsealed) == (None, 0)


def outcomes(one: World) -> dict[str, int]:
    """How many calls are on record; those that were turned away unread share records."""
    counted = one.rows(
        "SELECT outcome, sum(coalesce(stands_for, 1)) AS calls FROM calls GROUP BY outcome"
    )
    return {row["outcome"]: int(row["calls"]) for row in counted}


def settled(gateway: Gateway) -> dict[str, object]:
    """What a gateway has when nobody asks it anything."""
    state: dict[str, object] = {}

    def unchanged() -> bool:
        nonlocal state
        before, state = state, look(gateway)
        return before == state

    until(unchanged, "it does not come to rest")
    return state


def look(gateway: Gateway) -> dict[str, object]:
    time.sleep(0.5)
    found: dict[str, object] = {"descriptors": gateway.process.descriptors()}
    if gateway.postgres is None:  # of several, one answers, and not always the same
        found["tasks"] = tasks(gateway.process)
    return found


def tasks(process: Process) -> float:
    request = urllib.request.Request(
        f"http://127.0.0.1:{process.port}/mesh/metrics",
        headers={"Authorization": f"Bearer {key_of('admin')}"},
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        (number,) = re.findall(r"^jupyter_mesh_tasks (\S+)$", answer.read().decode(), re.M)
    return float(number)


def count(upstream: Process) -> int:
    with urllib.request.urlopen(f"http://127.0.0.1:{upstream.port}/count", timeout=30) as answer:
        return int(answer.read())


def until(condition: Callable[[], bool], otherwise: str) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline, otherwise
