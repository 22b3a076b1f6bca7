"""What is counted of guards' verdicts, and what an earlier record is worth."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from contextlib import closing
from pathlib import Path

import pytest

from jupyter_mesh.schemas.json import Json
from jupyter_mesh.storage.guard_hits import Hit, hits_of
from jupyter_mesh.storage.location import Location
from jupyter_mesh.storage.schema import upgrade

from .samples import rows
from .test_earlier_revisions import store_of


@pytest.mark.parametrize(
    ("verdicts", "hits"),
    [
        ([], {}),
        (None, {}),
        (
            [{"guard": "a", "entity": "X", "action": "redact", "count": 3}],
            {("a", "X", "redact"): 3},
        ),
        (
            [{"guard": "j", "direction": "response", "action": "block"}],
            {("j", "response", "block"): 1},
        ),
        (
            [
                {"guard": "a", "entity": "X", "action": "redact", "count": 3},
                {"guard": "a", "entity": "X", "action": "redact", "count": 2},
            ],
            {("a", "X", "redact"): 5},
        ),
        ([{"entity": "X"}, "odd", 5], {}),
    ],
)
def test_each_verdict_counts_what_it_says(
    verdicts: Json, hits: dict[tuple[str, str, str], int]
) -> None:
    assert hits_of(verdicts) == Counter({Hit(*key, "enforce"): n for key, n in hits.items()})


def test_what_was_only_watched_is_told_apart() -> None:
    watched: Json = [{"guard": "a", "entity": "X", "action": "monitor", "would": "block"}]
    assert hits_of(watched) == Counter({Hit("a", "X", "block", "monitor"): 1})


def test_the_verdicts_of_an_earlier_version_are_counted_too(tmp_path: Path) -> None:
    store = tmp_path / "mesh.db"
    store_of(store, "0017")
    verdict = {"guard": "patterns", "entity": "IBAN_CODE", "action": "block", "count": 2}
    with closing(sqlite3.connect(store, isolation_level=None)) as opened:
        opened.execute("UPDATE calls SET verdicts = ?", (json.dumps([verdict]),))
    upgrade(Location.of(store))
    key = ("patterns", "IBAN_CODE", "block", "enforce")
    assert rows(
        store, "SELECT guard, subject, action, mode, calls, hits FROM guard_hits_hourly"
    ) == [(*key, 1, 2)]
