"""Parallel slots in Redis belong to gateways that are alive."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
import redis as client

from jupyter_mesh.testing.fake_openai import Behaviour
from jupyter_mesh.testing.redis_server import RedisServer

from .test_replicas import replicas
from .world import world

pytestmark = pytest.mark.needs("redis")
LONG = Behaviour(text="word " * 3000, piece_delay=0.05)


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[RedisServer]:
    folder = tmp_path / "redis"
    folder.mkdir()
    with RedisServer(folder) as server:
        yield server


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 90
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_those_of_a_killed_gateway_come_free_after_their_lease_and_not_before(
    tmp_path: Path, redis: RedisServer
) -> None:
    limits = [{"parallel": 3, "wait_seconds": 0}]
    with (
        world(tmp_path, tmp_path / "mesh.db") as one,
        closing(client.Redis.from_url(redis.url)) as looking,
    ):
        one.configure(shared={"url": redis.url}, limits=limits)

        def now() -> float:
            seconds, micros = looking.time()
            return seconds * 1000 + micros / 1000

        def slots() -> dict[bytes, float]:
            """Who has one, and when it would end."""
            found: dict[bytes, float] = {}
            for key in looking.keys("*limit:slots*"):
                found |= dict(looking.zrange(key, 0, -1, withscores=True))
            return {member: end for member, end in found.items() if end > now()}

        with replicas(one, 2) as (dead, living), ThreadPoolExecutor(5) as clients:
            try:
                one.script(*[LONG] * 3)
                for number in range(2):
                    clients.submit(one.ask, f"dead {number}", stream=True, timeout=200, of=dead)
                until(lambda: len(slots()) == 2)
                of_dead = slots().keys()
                clients.submit(one.ask, "living", stream=True, timeout=200, of=living)
                until(lambda: len(slots()) == 3)
                (of_living,) = slots().keys() - of_dead
                until(lambda: len(one.received()) == 3)
                assert one.ask("no room", of=living) == 429

                dead.kill()
                held = slots()
                ends = [held[member] for member in of_dead]
                statuses: list[int] = []

                def admitted() -> bool:
                    statuses.append(one.ask("room?", of=living))
                    return statuses[-1] != 429

                until(admitted)
                assert statuses[-1] == 200
                assert statuses[0] == 429
                assert now() >= min(ends), "free before the lease of the dead was over"

                until(lambda: now() > max(ends))
                assert slots()[of_living] > held[of_living], "the living renews what it has"
                one.script(*[LONG] * 2)
                for number in range(2):
                    clients.submit(one.ask, f"next {number}", stream=True, timeout=200, of=living)
                until(lambda: len(slots()) == 3)
                assert of_living in slots()
                assert one.ask("no room again", of=living) == 429
            finally:
                for gateway in (dead, living):
                    gateway.kill()
