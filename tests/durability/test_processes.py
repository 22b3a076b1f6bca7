"""`jupyter mesh serve --processes`: one address, several processes, any of which may go."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest

from jupyter_mesh.testing.fake_openai import Behaviour
from jupyter_mesh.testing.postgres import ScratchPostgres
from jupyter_mesh.testing.redis_server import RedisServer

from .test_shared_services import refusal, until
from .world import World, world

pytestmark = [pytest.mark.needs("postgresql"), pytest.mark.needs("redis")]
COUNT = 3


@pytest.fixture
def several(tmp_path: Path, postgres: ScratchPostgres, sealed_environment: None) -> Iterator[World]:
    """A gateway of several processes over PostgreSQL and Redis."""
    folder = tmp_path / "redis"
    folder.mkdir()
    with RedisServer(folder) as redis, world(tmp_path, postgres.create_database()) as one:
        one.configure(shared={"url": redis.url})
        one.gateway.options = ("--processes", str(COUNT))
        one.gateway.start()
        yield one


@pytest.fixture
def sealed_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    from jupyter_mesh.storage.sealing_keys import KEY_VARIABLE
    from tests.conftest import SEALING_KEY

    monkeypatch.setenv(KEY_VARIABLE, SEALING_KEY)


def children(one: World) -> list[psutil.Process]:
    """The processes that answer, in the order in which they were started."""
    assert one.gateway.process is not None
    found = psutil.Process(one.gateway.process.pid).children()
    return sorted(found, key=lambda process: process.create_time())


def test_all_of_them_answer_at_one_address(several: World) -> None:
    assert len(children(several)) == COUNT
    slow = Behaviour(text="word " * 5, delay=0.3)
    several.script(*[slow] * 60)
    with ThreadPoolExecutor(60) as clients:
        statuses = list(clients.map(lambda n: several.ask(f"call {n}"), range(60)))
    assert statuses == [200] * 60
    several.wait_until_settled()
    writers = several.rows("SELECT DISTINCT writer FROM calls")
    assert len(writers) > 1


def test_one_that_is_killed_breaks_its_own_streams_only_and_another_takes_its_place(
    several: World, rounds: Callable[[int, int], int]
) -> None:
    streams = rounds(60, 200)
    several.script(*[Behaviour(text="word " * 60, piece_delay=0.1)] * streams)
    with ThreadPoolExecutor(streams) as clients:
        asked = [
            clients.submit(several.ask, f"call {n}", stream=True, timeout=120)
            for n in range(streams)
        ]
        until(lambda: len(several.received()) == streams)
        victim = children(several)[0]
        victim.kill()
        statuses = [answer.result() for answer in asked]
    broken = statuses.count(0)
    assert set(statuses) <= {0, 200}
    assert 0 < broken < streams
    until(lambda: len(children(several)) == COUNT and victim not in children(several))
    several.wait_until_settled()
    counted = several.rows("SELECT writer, outcome, count(*) AS calls FROM calls GROUP BY 1, 2")
    lost = [row for row in counted if row["outcome"] != "answered"]
    assert [row["calls"] for row in lost] == [broken]
    assert {row["outcome"] for row in counted if row["writer"] != lost[0]["writer"]} == {"answered"}
    assert several.rows("SELECT * FROM holds") == []
    (window,) = several.rows("SELECT spent, held FROM budget_windows")
    (charged,) = several.rows("SELECT sum(cost) AS cost FROM calls")
    assert (window["spent"], window["held"]) == (charged["cost"], 0)


def test_all_are_replaced_one_by_one_without_a_failed_call(several: World) -> None:
    assert several.gateway.process is not None
    before = {process.pid for process in children(several)}
    several.script(*[Behaviour(text="word " * 20, piece_delay=0.05)] * 5000)
    statuses: list[int] = []
    over = threading.Event()

    def ask(client: int) -> None:
        number = 0
        while not over.is_set():
            number += 1
            statuses.append(several.ask(f"{client} {number}", stream=client % 2 == 0, timeout=120))

    clients = [threading.Thread(target=ask, args=(n,)) for n in range(8)]
    for client in clients:
        client.start()
    try:
        until(lambda: len(statuses) > 16)
        os.kill(several.gateway.process.pid, signal.SIGUSR2)
        until(lambda: not before & {process.pid for process in children(several)}, within=120)
        reached = len(statuses)
        until(lambda: len(statuses) > reached + 16)
    finally:
        over.set()
        for client in clients:
            client.join()
    assert set(statuses) == {200}
    assert len(children(several)) == COUNT


def test_told_to_stop_they_let_streams_end(several: World) -> None:
    several.script(*[Behaviour(text="word " * 30, piece_delay=0.1)] * 12)
    with ThreadPoolExecutor(12) as clients:
        asked = [clients.submit(several.ask, f"call {n}", stream=True) for n in range(12)]
        until(lambda: len(several.received()) == 12)
        processes = children(several)
        several.gateway.stop()
        assert [answer.result() for answer in asked] == [200] * 12
    assert not any(process.is_running() for process in processes)


def test_they_end_with_the_process_that_started_them(several: World) -> None:
    processes = children(several)
    several.gateway.kill()
    deadline = time.monotonic() + 60
    while any(process.is_running() for process in processes):
        assert time.monotonic() < deadline
        time.sleep(0.1)


@pytest.mark.parametrize(("count", "says"), [("2", "shared: {url:"), ("0", "one at least")])
def test_what_cannot_be_is_refused(tmp_path: Path, count: str, says: str) -> None:
    with world(tmp_path) as one:
        assert says in refusal(one, "serve", "--processes", count)
