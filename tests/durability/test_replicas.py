"""Gateways over one store keep one set of books: a budget admits what fits and not one call more,
and whoever hangs up leaves nothing reserved."""

from __future__ import annotations

import http.client
import json
from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import yaml

from jupyter_mesh.testing.fake_openai import Behaviour
from jupyter_mesh.testing.gateway_process import GatewayProcess

from .world import World, world

A_DOLLAR_EACH = {"m": {"price": {"input": 0, "output": 0, "per_request": 1}}}


@contextmanager
def replicas(one: World, count: int) -> Generator[list[GatewayProcess]]:
    """More gateways with the same configuration, over the same store."""
    config = yaml.safe_load((one.folder / "mesh.yaml").read_text())
    with ExitStack() as running:
        gateways: list[GatewayProcess] = []
        for number in range(count):
            folder = one.folder / f"gateway{number}"
            folder.mkdir()
            gateway = GatewayProcess(folder)
            gateway.configure(config)
            gateways.append(running.enter_context(gateway))
        yield gateways


def connection_to(one: World, models: object) -> dict[str, object]:
    url = f"http://127.0.0.1:{one.upstream_port}/v1"
    return {"up": {"provider": "openai_compatible", "base_url": url, "models": models}}


def test_of_a_hundred_calls_over_four_gateways_a_budget_for_ten_admits_ten(
    tmp_path: Path, store: Path | str
) -> None:
    with world(tmp_path, store) as one:
        one.configure(connections=connection_to(one, A_DOLLAR_EACH), budgets=[{"limit_usd": 10}])
        with replicas(one, 4) as gateways, ThreadPoolExecutor(100) as clients:
            asked = [
                clients.submit(one.ask, f"call {number}", of=gateways[number % 4], timeout=120)
                for number in range(100)
            ]
            statuses = [answer.result() for answer in asked]
            assert (statuses.count(200), statuses.count(402)) == (10, 90)
            assert len(one.received()) == 10
            one.wait_until_settled()
            (window,) = one.rows("SELECT spent, held FROM budget_windows")
            assert window == {"spent": 10 * 10**12, "held": 0}
            assert one.rows("SELECT * FROM holds") == []


def test_who_hangs_up_in_mid_stream_leaves_nothing_reserved(
    tmp_path: Path, store: Path | str, rounds: Callable[[int, int], int]
) -> None:
    streams = rounds(60, 10_000)
    slow = Behaviour(text="word " * 200, piece_delay=0.01)
    with world(tmp_path, store) as one, replicas(one, 2) as gateways:

        def hang_up(number: int) -> None:
            gateway = gateways[number % 2]
            place = urlsplit(gateway.url)
            body = {
                "model": "up/m",
                "messages": [{"role": "user", "content": f"call {number}"}],
                "stream": True,
            }
            headers = {
                "Authorization": f"Bearer {gateway.key}",
                "Content-Type": "application/json",
            }
            asking = http.client.HTTPConnection(place.hostname or "", place.port, timeout=60)
            asking.request("POST", f"{place.path}v1/chat/completions", json.dumps(body), headers)
            answer = asking.getresponse()
            assert answer.status == 200
            assert answer.read(20)
            asking.close()

        one.script(*[slow] * streams)
        with ThreadPoolExecutor(8) as clients:
            list(clients.map(hang_up, range(streams)))
        one.wait_until_settled()
        outcomes = one.rows("SELECT outcome, count(*) AS calls FROM calls GROUP BY outcome")
        assert outcomes == [{"outcome": "aborted", "calls": streams}]
        assert one.rows("SELECT * FROM holds") == []
        (window,) = one.rows("SELECT spent, held FROM budget_windows")
        (charged,) = one.rows("SELECT sum(cost) AS cost FROM calls")
        assert (window["spent"], window["held"]) == (charged["cost"], 0)
        assert window["spent"] > 0
