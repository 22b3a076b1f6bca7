"""Four gateways over PostgreSQL and Redis, behind a balancer that asks who is ready: exact books,
whichever of them is killed, replaced or told something new.
"""

from __future__ import annotations

import http.client
import itertools
import json
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from jupyter_mesh.config import key_hash
from jupyter_mesh.testing.fake_openai import Behaviour
from jupyter_mesh.testing.gateway_process import GatewayProcess
from jupyter_mesh.testing.postgres import ScratchPostgres
from jupyter_mesh.testing.redis_server import RedisServer

from .test_processes import sealed_environment
from .test_replicas import A_DOLLAR_EACH, connection_to, replicas
from .test_shared_services import answered_again, get, load, ready, until
from .world import World, world

__all__ = ["sealed_environment"]
pytestmark = [
    *(pytest.mark.needs("postgresql"), pytest.mark.needs("redis")),
    pytest.mark.timeout(400),
]
COUNT = 4
CLIENTS = 2 * COUNT
"""Of `load`; each has one call at a time."""
ADMIN = "key-of-an-admin"
LIMITS = [{"requests_per_minute": 1_000_000, "parallel": 1000}]


@dataclass
class Four:
    """The gateways, and the world that they share."""

    one: World
    gateways: list[GatewayProcess]
    postgres: ScratchPostgres
    redis: RedisServer

    def admin(self, gateway: GatewayProcess, method: str, path: str, body: object = None) -> Any:
        """What an admin is told."""
        request = urllib.request.Request(
            f"{gateway.url}{path}",
            None if body is None else json.dumps(body).encode(),
            {"Authorization": f"Bearer {ADMIN}", "Content-Type": "application/json"},
            method=method,
        )
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)

    def check_the_books(self) -> dict[str, int]:
        """Ledger and record agree, nothing is held; how many calls ended how."""
        self.one.wait_until_settled()
        assert self.one.rows("SELECT * FROM holds") == []
        (window,) = self.one.rows("SELECT spent, held FROM budget_windows")
        (charged,) = self.one.rows("SELECT sum(cost) AS cost FROM calls")
        assert (window["spent"], window["held"]) == (charged["cost"], 0)
        counted = self.one.rows("SELECT outcome, count(*) AS calls FROM calls GROUP BY 1")
        return {row["outcome"]: row["calls"] for row in counted}


@pytest.fixture
def four(tmp_path: Path, postgres: ScratchPostgres, sealed_environment: None) -> Iterator[Four]:
    with four_over(postgres, tmp_path) as running:
        yield running


@pytest.fixture
def four_alone(tmp_path: Path, sealed_environment: None) -> Iterator[Four]:
    """Over a PostgreSQL that may be stopped."""
    with ScratchPostgres() as postgres, four_over(postgres, tmp_path) as running:
        yield running


@contextmanager
def four_over(postgres: ScratchPostgres, tmp_path: Path) -> Iterator[Four]:
    folder = tmp_path / "redis"
    folder.mkdir()
    with RedisServer(folder) as redis, world(tmp_path, postgres.create_database()) as one:
        keys = [
            {"name": name, "hash": key_hash(key), "user": user, "application": "tests", **more}
            for name, key, user, more in (
                ("k", one.gateway.key, "ada", {}),
                ("admin", ADMIN, "olga", {"admin": True}),
            )
        ]
        one.configure(
            connections=connection_to(one, A_DOLLAR_EACH),
            budgets=[{"limit_usd": 10_000}],
            shared={"url": redis.url},
            limits=LIMITS,
            keys=keys,
        )
        with replicas(one, COUNT) as gateways:
            yield Four(one, gateways, postgres, redis)


def test_of_a_hundred_calls_at_once_a_budget_for_ten_admits_ten(four: Four) -> None:
    for gateway in four.gateways:
        assert four.one.ask("a first call", of=gateway) == 200
    body = {"body": {"limit_usd": str(COUNT + 10)}, "version": None}
    four.admin(four.gateways[0], "PUT", "api/settings/budgets/ten", body)
    for gateway in four.gateways:
        until(lambda gateway=gateway: "ten" in json.dumps(budgets(four, gateway)))
    with ThreadPoolExecutor(100) as clients:
        asked = [
            clients.submit(four.one.ask, f"call {number}", of=gateway, timeout=120)
            for number, gateway in zip(range(100), itertools.cycle(four.gateways), strict=False)
        ]
        statuses = [answer.result() for answer in asked]
    assert (statuses.count(200), statuses.count(402)) == (10, 90)
    assert len(four.one.received()) == COUNT + 10
    four.one.wait_until_settled()
    for window in four.one.rows("SELECT spent, held FROM budget_windows"):
        assert window == {"spent": (COUNT + 10) * 10**12, "held": 0}


def budgets(four: Four, gateway: GatewayProcess) -> Any:
    return four.admin(gateway, "GET", "api/settings/budgets")


def test_one_that_is_killed_under_streams_harms_no_other_and_its_calls_are_accounted_for(
    four: Four, rounds: Callable[[int, int], int]
) -> None:
    streams = rounds(80, 200)
    dead, *living = four.gateways
    for gateway in four.gateways:
        assert four.one.ask("a first call", of=gateway) == 200
    before = four.admin(living[0], "GET", "api/audit/checkpoint")
    four.one.script(*[Behaviour(text="word " * 60, piece_delay=0.1)] * streams)
    with ThreadPoolExecutor(streams) as clients:
        asked = [
            clients.submit(four.one.ask, f"call {n}", stream=True, timeout=200, of=gateway)
            for n, gateway in zip(range(streams), itertools.cycle(four.gateways), strict=False)
        ]
        until(lambda: len(four.one.received()) == streams + COUNT)
        dead.kill()
        assert all(ready(gateway) for gateway in living)
        statuses = [answer.result() for answer in asked]
    assert statuses[::COUNT] == [0] * len(statuses[::COUNT])
    others = [status for place, status in enumerate(statuses) if place % COUNT]
    assert others == [200] * len(others)
    ended = four.check_the_books()
    assert ended == {"answered": COUNT + len(others), "interrupted": len(statuses[::COUNT])}
    writers = four.one.rows("SELECT DISTINCT writer FROM calls WHERE outcome = 'interrupted'")
    assert len(writers) == 1
    check_the_record(four, living[1], before)
    after = four.admin(living[2], "GET", "api/audit/checkpoint")
    dead.start()
    until(lambda: ready(dead))
    assert four.one.ask("and again", of=dead) == 200
    check_the_record(four, dead, after)


def check_the_record(four: Four, asked: GatewayProcess, checkpoint: Any) -> None:
    """One gateway verifies the chains of all writers, against a checkpoint of another one's."""
    assert len(checkpoint["heads"]) >= COUNT
    body = {"checkpoint": checkpoint, "public_key": checkpoint["public_key"]}
    verdict = four.admin(asked, "POST", "api/audit/verify", body)
    assert (verdict["ok"], verdict["fault"], verdict["unsealed"]) == (True, None, 0)
    assert {head["writer"] for head in checkpoint["heads"]} <= {
        head["writer"] for head in verdict["heads"]
    }
    forged = {**checkpoint, "heads": checkpoint["heads"][1:]}
    with pytest.raises(urllib.error.HTTPError, match="400"):  # its signature is not of that
        four.admin(asked, "POST", "api/audit/verify", {"checkpoint": forged})


def test_all_are_replaced_one_after_the_other_without_a_failed_call(four: Four) -> None:
    """Clients keep their connections, as most do: a gateway that leaves says so on each."""
    four.one.script(*[Behaviour(text="word " * 10, piece_delay=0.05), Behaviour()] * 500)
    balancer = Balancer(four.gateways)
    with asking(balancer, four.one.gateway.key, clients=8) as statuses:
        for gateway in four.gateways:
            reached = len(statuses)
            until(lambda reached=reached: len(statuses) > reached + 8)
            balancer.open.remove(gateway)
            gateway.stop()
            gateway.start()
            until(lambda gateway=gateway: ready(gateway))
            balancer.open.append(gateway)
        reached = len(statuses)
        until(lambda: len(statuses) > reached + 8)
    assert set(statuses) == {200}
    assert four.check_the_books() == {"answered": len(statuses)}


def test_postgresql_and_redis_stop_and_start_under_load_and_all_four_go_on(
    four_alone: Four,
) -> None:
    four, gateways = four_alone, four_alone.gateways
    assert [four.one.ask("a first call", of=gateway) for gateway in gateways] == [200] * COUNT
    before = four.admin(gateways[0], "GET", "api/audit/checkpoint")
    with load(four.one, gateways) as statuses:
        for part in (four.postgres, four.redis, four.postgres):
            until(answered_again(statuses))
            part.stop()
            until(lambda: not any(ready(gateway) for gateway in gateways))
            refused = len(statuses) + CLIENTS  # but for those that had begun before
            until(lambda refused=refused: len(statuses) > refused + CLIENTS)
            assert set(statuses[refused:]) == {503}
            part.start()
            until(lambda: all(ready(gateway) for gateway in gateways))
            back = len(statuses) + CLIENTS
            until(lambda back=back: len(statuses) > back + 10 * CLIENTS)
            assert set(statuses[back:]) == {200}
    assert set(statuses) <= {200, 503}
    ended = four.check_the_books()
    assert ended.keys() <= {"answered", "refused", "error", "interrupted"}
    assert ended["answered"] >= statuses.count(200) + COUNT
    assert sum(ended.values()) - ended["refused"] == len(four.one.received())
    check_the_record(four, gateways[1], before)
    four.admin(gateways[2], "PUT", "api/settings/aliases/fast", {"body": {"models": ["up/m"]}})
    for gateway in gateways:
        until(lambda gateway=gateway: "fast" in models(gateway))


@dataclass
class Balancer:
    """Leads new connections to the gateways that are open, in turns."""

    open: list[GatewayProcess]
    turn: int = 0

    def connection(self) -> http.client.HTTPConnection:
        gateways = list(self.open)
        self.turn += 1
        place = urlsplit(gateways[self.turn % len(gateways)].url)
        return http.client.HTTPConnection(place.hostname or "", place.port, timeout=120)


@contextmanager
def asking(balancer: Balancer, key: str, clients: int) -> Iterator[list[int]]:
    """Clients that ask all the while, each over one connection until it is told to close; the
    statuses they got, 0 where a connection broke.
    """
    statuses: list[int] = []
    over = threading.Event()

    def ask(client: int) -> None:
        connection: http.client.HTTPConnection | None = None
        for number in itertools.count():
            if over.is_set():
                break
            if connection is None or connection.sock is None:  # http.client closes when it is told
                connection = balancer.connection()
            statuses.append(one_call(connection, key, f"{client} {number}", number % 2 == 0))
        if connection is not None:
            connection.close()

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(clients)]
    for thread in threads:
        thread.start()
    try:
        yield statuses
    finally:
        over.set()
        for thread in threads:
            thread.join()


def one_call(connection: http.client.HTTPConnection, key: str, text: str, stream: bool) -> int:
    body = {"model": "up/m", "messages": [{"role": "user", "content": text}], "stream": stream}
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    try:
        connection.request("POST", "/mesh/v1/chat/completions", json.dumps(body), headers)
        answer = connection.getresponse()
        data = answer.read()
    except (OSError, http.client.HTTPException):
        connection.close()
        return 0
    whole = not stream or data.endswith(b"data: [DONE]\n\n")
    return answer.status if whole else 0


def test_what_an_admin_changes_at_one_is_in_force_at_all(
    four: Four, record_property: Callable[[str, object], None]
) -> None:
    first, *others = four.gateways
    four.admin(first, "PUT", "api/settings/aliases/fast", {"body": {"models": ["up/m"]}})
    saved = time.monotonic()
    for gateway in four.gateways:
        until(lambda gateway=gateway: "fast" in models(gateway), within=10)
    record_property("seconds until in force at all", time.monotonic() - saved)
    (setting,) = four.admin(others[0], "GET", "api/settings/aliases")["settings"]
    path = f"api/settings/aliases/fast?version={setting['version']}"
    four.admin(others[-1], "DELETE", path)
    for gateway in four.gateways:
        until(lambda gateway=gateway: "fast" not in models(gateway), within=10)


def models(gateway: GatewayProcess) -> set[str]:
    found: Any = get(gateway, "v1/models")
    return {one["id"] for one in found["data"]}
