"""How long the admin's pages wait for their data, over a store with a year of calls."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlencode

import aiohttp
import yaml

from jupyter_mesh.config import key_hash
from jupyter_mesh.testing.postgres import ScratchPostgres
from scripts.system_parts import PARTS

from .contestant import KEY
from .filled_store import fill
from .load import percentile
from .processes import Process, start
from .report import Row

GOAL_MS = 300.0
_PAGES_DEEP = 20
_SQLITE, _POSTGRES = 1_000_000, 10_000_000
POSTGRES = PARTS["postgresql"]
Query = Mapping[str, str]


def questions(now: datetime) -> dict[str, tuple[str, Query]]:
    """What the pages ask: by name, a path and its fields."""

    def span(days: int) -> Query:
        return {"since": (now - timedelta(days=days)).isoformat(), "until": now.isoformat()}

    month, quarter, year = span(30), span(91), span(365)
    return {
        "usage: month by day and group": ("usage", {**month, "by": "day,group"}),
        "usage: month by user and model": ("usage", {**month, "by": "user,model"}),
        "usage: quarter by application and purpose": (
            "usage",
            {**quarter, "by": "application,purpose"},
        ),
        "usage: year by month and group": ("usage", {**year, "by": "month,group"}),
        "usage: year by user and model": ("usage", {**year, "by": "user,model"}),
        "usage: year of one team by user": ("usage", {**year, "by": "user", "group": "team-03"}),
        "usage: forecast of the month": ("usage/forecast", {"window": "month"}),
        "audit: newest": ("calls", {"view": "all", "limit": "100"}),
        "audit: of one person": ("calls", {"view": "all", "user": "user-007", "limit": "100"}),
        "audit: blocked, of one team": (
            "calls",
            {"view": "all", "outcome": "blocked", "group": "team-05", "limit": "100"},
        ),
        "audit: one model, half a year ago": (
            "calls",
            {
                "view": "all",
                "model": "anthropic/mid",
                "until": (now - timedelta(days=180)).isoformat(),
                "limit": "100",
            },
        ),
        "audit: what nobody ever asked": (
            "calls",
            {"view": "all", "group": "nobody", "operation": "rerank", "limit": "100"},
        ),
        "inventory": ("inventory", year),
    }


async def page_sections(folder: Path, quick: bool) -> dict[str, list[Row]]:
    """SQLite with a million calls and PostgreSQL with ten; `quick` a twentieth of them."""
    scale, rounds = (20, 10) if quick else (1, 40)
    file = folder / "pages.db"
    found = {
        "pages, SQLite": await page_rows(folder, f"sqlite:///{file}", _SQLITE // scale, rounds)
    }
    if POSTGRES.find():
        with ScratchPostgres() as server:
            url = server.create_database()
            found["pages, PostgreSQL"] = await page_rows(folder, url, _POSTGRES // scale, rounds)
    else:
        print(f"PostgreSQL is missing, its pages are not measured: {POSTGRES.install_line}")
    return found


async def page_rows(folder: Path, store: str, calls: int, rounds: int) -> list[Row]:
    """Fill a store, open a gateway over it and ask it as the pages do."""
    made = await fill(store, calls)
    home = Path(tempfile.mkdtemp(dir=folder))
    gateway = _gateway(home, store)
    rows: list[Row] = []
    try:
        base = f"http://127.0.0.1:{gateway.port}/mesh/api/"
        async with aiohttp.ClientSession(headers={"Authorization": f"Bearer {KEY}"}) as session:
            for name, (path, query) in questions(datetime.now(UTC)).items():
                url = f"{base}{path}?{urlencode(query)}"
                took = [await _ask(session, url) for _ in range(rounds)]
                rows.append(_row(name, made, took))
            rows.append(_row(f"audit: {_PAGES_DEEP} pages on", made, await _deep(session, base)))
    finally:
        gateway.stop()
    return rows


def _row(name: str, calls: int, seconds: list[float]) -> Row:
    return {
        "question": name,
        "calls in the store": f"{calls:,}",
        "p50 ms": percentile(seconds, 0.5),
        "p95 ms": percentile(seconds, 0.95),
        "goal ms": GOAL_MS,
    }


async def _ask(session: aiohttp.ClientSession, url: str) -> float:
    began = time.perf_counter()
    async with session.get(url) as answer:
        body = await answer.read()
        if answer.status != 200:
            raise RuntimeError(f"{url}: {answer.status} {body[:300].decode(errors='replace')}")
    return time.perf_counter() - began


async def _deep(session: aiohttp.ClientSession, base: str) -> list[float]:
    """One page after the other, as a person who scrolls."""
    took: list[float] = []
    query = {"view": "all", "limit": "100"}
    for _ in range(_PAGES_DEEP):
        began = time.perf_counter()
        async with session.get(f"{base}calls?{urlencode(query)}") as answer:
            page = await answer.json()
        took.append(time.perf_counter() - began)
        query["before"] = page["next"]
    return took


def _gateway(home: Path, store: str) -> Process:
    file = home / "mesh.yaml"
    key = {"name": "bench", "hash": key_hash(KEY), "user": "admin", "application": "bench"}
    file.write_text(
        yaml.safe_dump(
            {
                "store": {"url": store},
                "connections": {"echo": {"provider": "echo"}},
                "keys": [{**key, "admin": True}],
                "audit": {"retain": "3650d"},
                "offers": False,
            }
        )
    )
    return start(["-m", "benchmarks.mesh_host", "as-it-is", str(home)], home / "port", core=0)
