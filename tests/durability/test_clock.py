"""T42: the wall clock of a running gateway, or of its Redis, is set back by an hour."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from jupyter_mesh.testing.redis_server import RedisServer

from .preloaded import compiled
from .test_replicas import A_DOLLAR_EACH, connection_to
from .world import World, world


@dataclass
class Clock:
    """What the programs that it is preloaded into take for the time."""

    file: Path
    environment: dict[str, str]

    def set(self, hour: int, minute: int) -> None:
        """It is that time on a day in the middle of a month, a week and a quarter."""
        wanted = datetime(2026, 8, 12, hour, minute, tzinfo=UTC)
        self._off(int(wanted.timestamp() - time.time()))

    def set_back(self, seconds: int) -> None:
        """By so much from now."""
        self._off(int(self.file.read_text()) - seconds)

    def _off(self, seconds: int) -> None:
        new = self.file.with_suffix(".new")
        new.write_text(str(seconds))
        new.rename(self.file)


@pytest.fixture
def clock(tmp_path: Path) -> Clock:
    file = tmp_path / "off"
    file.write_text("0")
    shim = compiled("wall_clock", tmp_path)
    return Clock(file, {"LD_PRELOAD": str(shim), "CLOCK_OFF": str(file)})


@pytest.fixture
def redis(tmp_path: Path, clock: Clock) -> Iterator[RedisServer]:
    folder = tmp_path / "redis"
    folder.mkdir()
    with RedisServer(folder, environment=clock.environment) as server:
        yield server


def asked(one: World, times: int) -> list[int]:
    return [one.ask(f"call {time.monotonic_ns()}") for _ in range(times)]


@pytest.mark.parametrize(
    "window",
    [
        "day",
        "month",
        "total",
        "rolling 2h",
    ],
)
def test_what_was_spent_of_a_budget_stays_spent(tmp_path: Path, clock: Clock, window: str) -> None:
    with world(tmp_path) as one:
        budget = {"limit_usd": 3, "window": window}
        one.configure(connections=connection_to(one, A_DOLLAR_EACH), budgets=[budget])
        clock.set(12, 30)
        one.gateway.start(**clock.environment)
        assert asked(one, 2) == [200, 200]
        clock.set_back(3600)
        assert asked(one, 2) == [200, 402]
        clock.set_back(-3600)
        assert asked(one, 1) == [402]
        assert len(one.received()) == 3


def test_of_an_hour_that_comes_again_only_what_was_left_of_it_is_there(
    tmp_path: Path, clock: Clock
) -> None:
    with world(tmp_path) as one:
        budget = {"limit_usd": 2, "window": "hour"}
        one.configure(connections=connection_to(one, A_DOLLAR_EACH), budgets=[budget])
        clock.set(11, 40)
        one.gateway.start(**clock.environment)
        assert asked(one, 1) == [200]
        clock.set(12, 30)
        assert asked(one, 3) == [200, 200, 402]
        clock.set_back(3600)
        assert asked(one, 2) == [200, 402]
        clock.set_back(-3600)
        assert asked(one, 1) == [402]
        one.wait_until_settled()
        windows = one.rows("SELECT spent, held FROM budget_windows ORDER BY window_start")
        assert windows == [{"spent": 2 * 10**12, "held": 0}] * 2


@pytest.mark.parametrize("shared", [False, pytest.param(True, marks=pytest.mark.needs("redis"))])
def test_a_rate_limit_gives_nothing_back_and_keeps_nobody_waiting_for_an_hour(
    tmp_path: Path, clock: Clock, request: pytest.FixtureRequest, shared: bool
) -> None:
    sections: dict[str, object] = {}
    if shared:
        redis: RedisServer = request.getfixturevalue("redis")
        sections["shared"] = {"url": redis.url}
    hard = {"scope": {"user": "ada"}, "requests_per_minute": 1, "wait_seconds": 0}
    with world(tmp_path) as one:
        one.configure(limits=[hard], **sections)
        clock.set(12, 30)
        one.gateway.start(**clock.environment)
        assert asked(one, 2) == [200, 429]
        clock.set_back(3600)
        assert asked(one, 1) == [429]
        one.gateway.stop()
        patient = {"scope": {"user": "ada"}, "requests_per_minute": 10, "wait_seconds": 30}
        one.configure(limits=[patient | {"name": "patient"}], **sections)
        one.gateway.start(**clock.environment)
        with ThreadPoolExecutor(11) as clients:
            answers = [clients.submit(one.ask, f"patient {n}", timeout=60) for n in range(11)]
            time.sleep(1)
            clock.set_back(3600)
            assert {answer.result() for answer in answers} == {200}
