"""`jupyter mesh alerts …` against a gateway over HTTP, opened for the command."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from .conftest import Run

Mesh = Callable[..., Run]

BUDGET = "budgets: [{name: Nothing, scope: {user: '*'}, limit_usd: 0, unknown_price: maximum}]\n"
MODEL = "connections: {echo: {provider: echo, models: {echo: {price: {input: 1, output: 1}}}}}\n"


@pytest.fixture
def receiver() -> Iterator[tuple[str, list[bytes]]]:
    """Where a webhook goes, and what came."""
    bodies: list[bytes] = []

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(204)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Tests print nothing."""

    server = HTTPServer(("127.0.0.1", 0), Receiver)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/hook", bodies
    server.shutdown()
    thread.join()
    server.server_close()


def test_where_nothing_is_wrong_that_is_said(mesh: Mesh) -> None:
    assert mesh("alerts", "list").out == "There is nothing.\n"
    assert mesh("alerts", "list", "--show", "all", "--json").json["alerts"] == []


def test_what_is_wrong_is_listed_and_somebody_looks_after_it(mesh: Mesh, home: Path) -> None:
    (home / "mesh.yaml").write_text(MODEL + BUDGET)
    assert mesh("ask", "echo/echo", "one").code != 0
    (alert,) = mesh("alerts", "list", "--json").json["alerts"]
    assert alert["kind"] == "budget_reached"
    lines = mesh("alerts", "list").out.splitlines()
    assert lines[0].startswith(f"{alert['id']}  ")
    assert "  open  " in lines[0]
    taken = mesh("alerts", "ack", str(alert["id"]))
    assert (taken.code, "acknowledged" in taken.out) == (0, True)
    assert mesh("alerts", "list").out == "There is nothing.\n"
    (kept,) = mesh("alerts", "list", "--show", "acknowledged", "--json").json["alerts"]
    assert kept["id"] == alert["id"]
    unknown = mesh("alerts", "ack", "no-such-alert")
    assert (unknown.code != 0, "no-such-alert" in unknown.out) == (True, False)


def test_a_channel_is_tried_and_the_exit_code_tells(
    mesh: Mesh, home: Path, receiver: tuple[str, list[bytes]]
) -> None:
    url, bodies = receiver
    (home / "mesh.yaml").write_text(
        "connections: {echo: {provider: echo}}\nalerts:\n"
        f"  good: {{channel: webhook, url: '{url}', private: true}}\n"
        "  dead: {channel: webhook, url: 'http://127.0.0.1:9/', private: true}\n"
    )
    tried = mesh("alerts", "test", "good")
    assert (tried.code, tried.out) == (0, "It was taken.\n")
    assert [isinstance(json.loads(body), dict) for body in bodies] == [True]
    failed = mesh("alerts", "test", "dead")
    assert (failed.code, failed.out.startswith("It did not arrive: ")) == (1, True)
    assert mesh("alerts", "test", "dead", "--json").json["ok"] is False
    assert mesh("alerts", "test", "none").code not in (0, 1)
    assert len(bodies) == 1
