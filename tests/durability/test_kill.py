"""Killed at any moment, the gateway can say afterwards which calls a provider may have received."""

from __future__ import annotations

import http.client
import json
import random
import time
import urllib.request
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from jupyter_mesh.storage.chain_check import check
from jupyter_mesh.storage.location import Location
from jupyter_mesh.testing.fake_openai import Behaviour

from .world import World, world

POINTS = (
    "pipeline.before_open",
    "journal.before_open_commit",
    "journal.after_open_commit",
    "route.before_send",
    "route.first_event",
    "route.mid_stream",
    "budget.before_close",
    "journal.before_close_commit",
    "journal.after_close_commit",
)
SLOW = Behaviour(text="one two three four five six seven eight", piece_delay=0.01)


def check_the_books(one: World) -> None:
    """After a restart: everything the upstream received is in the record, nothing is held or
    pending, and money spent is the sum of what calls cost."""
    calls = one.rows("SELECT id, outcome, cost FROM calls")
    sent = {row["id"]: row for row in calls if row["outcome"] not in ("refused", "blocked")}
    assert len(one.received()) <= len(sent)
    assert all(row["outcome"] != "pending" for row in calls)
    assert one.rows("SELECT * FROM holds") == []
    assert all(row["held"] == 0 for row in one.rows("SELECT held FROM budget_windows"))
    spent = sum(row["spent"] for row in one.rows("SELECT spent FROM budget_windows"))
    assert spent == sum(row["cost"] or 0 for row in calls)
    usage = one.rows("SELECT SUM(cost) AS cost, SUM(calls) AS calls FROM usage_hourly")[0]
    assert (usage["cost"] or 0) == spent
    assert (usage["calls"] or 0) == len(calls)
    with closing(Location.of(one.store).read()) as connection:
        verdict = check(connection.cursor())
    assert (verdict.fault, verdict.unsealed) == (None, 0)


@pytest.mark.parametrize("stream", [False, True])
def test_killed_at_each_labelled_point_it_loses_and_doubles_nothing(
    tmp_path: Path, store: Path | str, stream: bool, rounds: Callable[[int, int], int], seed: int
) -> None:
    chance = random.Random(f"{seed}{stream}")
    with world(tmp_path, store) as one:
        for point in POINTS * rounds(1, 12):
            passage = chance.randint(1, 3)
            one.gateway.start(JUPYTER_MESH_FAULT=f"kill:{point}:{passage}")
            one.script(*[SLOW] * (passage + 1))
            statuses = [one.ask(f"call {n}", stream=stream) for n in range(passage + 1)]
            assert statuses[-1] == 0, f"{point}:{passage} answered {statuses}"
            assert one.gateway.wait() == -9
        one.gateway.start()
        assert one.ask("after the restart") == 200
        one.wait_until_settled()
        one.gateway.stop()
        check_the_books(one)


@pytest.mark.parametrize("point", ["cache.before_purge", "cache.after_purge"])
def test_killed_while_answers_are_forgotten_it_says_who_had_that_done(
    tmp_path: Path, store: Path | str, point: str
) -> None:
    with world(tmp_path, store) as one:
        one.gateway.start(JUPYTER_MESH_FAULT=f"kill:{point}:1")
        assert one.ask() == 200
        purge = urllib.request.Request(
            f"{one.gateway.url}api/cache?model=up/m",
            method="DELETE",
            headers={"Authorization": f"Bearer {one.gateway.key}"},
        )
        with pytest.raises((OSError, http.client.HTTPException)):
            urllib.request.urlopen(purge, timeout=30)
        assert one.gateway.wait() == -9
        acts = one.rows("SELECT act, username, subject, details FROM audit_acts")
        (act,) = acts
        assert (act["act"], act["username"], act["subject"]) == ("purge_cache", "ada", "ada")
        assert json.loads(act["details"]) == {"everybody": False, "model": "up/m"}
        one.gateway.start()
        assert one.ask() == 200
        one.gateway.stop()
        check_the_books(one)


def test_killed_in_mid_stream_by_somebody_else_it_settles_the_call_at_its_estimate(
    tmp_path: Path, store: Path | str
) -> None:
    with world(tmp_path, store) as one:
        one.gateway.start()
        one.script(Behaviour(text="word " * 400, piece_delay=0.02))
        with ThreadPoolExecutor(1) as pool:
            status = pool.submit(one.ask, "long", stream=True)
            while one.bytes_sent() < 1000:
                time.sleep(0.01)
            one.gateway.kill()
            assert status.result() == 0
        one.gateway.start()
        one.wait_until_settled()
        one.gateway.stop()
        check_the_books(one)
        (call,) = one.rows("SELECT outcome, cost FROM calls")
        assert call["outcome"] == "interrupted"
        assert call["cost"] > 0
