"""Gateways over PostgreSQL and Redis as they are run: what they need is said when they start, and
either may go and come back.
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from jupyter_mesh.storage.chain_check import check
from jupyter_mesh.storage.location import Location
from jupyter_mesh.storage.sealing_keys import KEY_VARIABLE
from jupyter_mesh.testing.gateway_process import GatewayProcess
from jupyter_mesh.testing.postgres import ScratchPostgres
from jupyter_mesh.testing.redis_server import RedisServer
from tests.conftest import SEALING_KEY

from .test_replicas import replicas
from .world import World, world

pytestmark = [pytest.mark.needs("postgresql"), pytest.mark.needs("redis")]


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[RedisServer]:
    folder = tmp_path / "redis"
    folder.mkdir()
    with RedisServer(folder) as server:
        yield server


@pytest.fixture
def server() -> Iterator[ScratchPostgres]:
    """One that may be stopped."""
    with ScratchPostgres() as one:
        yield one


def ready(gateway: GatewayProcess) -> bool:
    try:
        with urllib.request.urlopen(f"{gateway.url}readyz", timeout=10) as answer:
            return answer.status == 200
    except urllib.error.HTTPError as error:
        return error.code != 503


def get(gateway: GatewayProcess, path: str) -> dict[str, object]:
    request = urllib.request.Request(
        f"{gateway.url}{path}", headers={"Authorization": f"Bearer {gateway.key}"}
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)


def refusal(one: World, command: str, *options: str) -> str:
    """What a command says that fails."""
    said = subprocess.run(
        [
            *(
                sys.executable,
                "-c",
                "import sys; from jupyter_mesh.cli import main; sys.exit(main())",
            ),
            *(command, "--config", str(one.folder / "mesh.yaml")),
            *("--state", str(one.folder / "state")),
            *options,
        ],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert said.returncode != 0
    return said.stdout + said.stderr


def until(condition: Callable[[], bool], within: float = 60.0) -> None:
    deadline = time.monotonic() + within
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


@contextmanager
def load(one: World, gateways: list[GatewayProcess]) -> Iterator[list[int]]:
    """Two clients of each gateway ask all the while; the statuses they got."""
    statuses: list[int] = []
    over = threading.Event()

    def ask(client: int) -> None:
        number = 0
        while not over.is_set():
            number += 1
            gateway = gateways[client % len(gateways)]
            statuses.append(one.ask(f"{client} {number}", of=gateway))
            over.wait(0.05)

    clients = [threading.Thread(target=ask, args=(n,)) for n in range(2 * len(gateways))]
    for client in clients:
        client.start()
    try:
        yield statuses
    finally:
        over.set()
        for client in clients:
            client.join()


def answered_again(statuses: list[int]) -> Callable[[], bool]:
    before = len(statuses)
    return lambda: statuses[before:].count(200) >= 8


def test_without_the_key_that_seals_it_says_so_and_does_not_start(
    tmp_path: Path, server: ScratchPostgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(KEY_VARIABLE, raising=False)
    with world(tmp_path, server.create_database()) as one:
        for command in ("serve", "check"):
            assert f"{KEY_VARIABLE} must be set" in refusal(one, command)
        one.configure(audit={"content": "none"})
        one.gateway.start()  # where nothing is kept, there is nothing to seal
        assert one.ask() == 200


def test_either_may_go_and_come_back_under_load_and_the_books_agree(
    tmp_path: Path, server: ScratchPostgres, redis: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(KEY_VARIABLE, SEALING_KEY)
    with world(tmp_path, server.create_database()) as one:
        limits = [{"requests_per_minute": 100_000, "parallel": 50}]
        one.configure(shared={"url": redis.url}, limits=limits, cache={"exact": {"enabled": True}})
        with replicas(one, 2) as gateways:
            assert [one.ask("the same", of=gateway) for gateway in gateways] == [200, 200]
            assert len(one.received()) == 1  # the second came from the cache of both
            with load(one, gateways) as statuses:
                for stop, start in ((server.stop, server.start), (redis.stop, redis.start)):
                    until(answered_again(statuses))
                    stop()
                    until(lambda: not any(ready(gateway) for gateway in gateways))
                    gone = len(statuses)
                    until(lambda gone=gone: len(statuses) > gone + 12)
                    assert set(statuses[gone + 8 :]) == {503}
                    start()
                    until(lambda: all(ready(gateway) for gateway in gateways))
                    until(answered_again(statuses))
            assert set(statuses) <= {200, 503}
            one.wait_until_settled()
            usage = get(gateways[0], "api/usage")
            assert usage
        calls = one.rows("SELECT outcome, cost FROM calls")
        sent = [call for call in calls if call["outcome"] not in ("refused", "cached")]
        assert len(sent) == len(one.received())
        (window,) = one.rows("SELECT spent, held FROM budget_windows")
        assert window == {"spent": sum(call["cost"] or 0 for call in calls), "held": 0}
        assert one.rows("SELECT * FROM holds") == []
        with closing(Location.of(one.store).read()) as connection:
            verdict = check(connection.cursor())
        assert (verdict.fault, verdict.unsealed) == (None, 0)
