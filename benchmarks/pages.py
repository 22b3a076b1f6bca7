"""How long the admin's pages wait for their data, over a store with a year of calls, and whether
the browser stays smooth with it.

Beside the time stands the CPU that one answer takes, of the gateway and of PostgreSQL: on a machine
that does other things as well, it says what of the time was waiting for a core.
"""

from __future__ import annotations

import base64
import tempfile
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlencode

import aiohttp
import psutil
import yaml

from jupyter_mesh.config import key_hash
from jupyter_mesh.storage.sealing_keys import KEY_VARIABLE
from jupyter_mesh.testing.postgres import ScratchPostgres
from scripts.system_parts import PARTS

from .browser import CHROMIUM, browser_rows
from .contestant import KEY
from .filled_store import fill
from .load import percentile
from .processes import Process, start
from .report import Row

GOAL_MS = 300.0
_PAGES_DEEP = 20
_SQLITE, _POSTGRES = 1_000_000, 10_000_000
POSTGRES = PARTS["postgresql"]
_SHARED_FOLDER = Path(tempfile.gettempdir())
"""PostgreSQL may run as another user, who cannot enter a folder of ours."""
_POSTGRES_SETTINGS = {
    "shared_buffers": "1GB",
    "effective_cache_size": "4GB",
    # While it is filled: what a table that was made in the same transaction gets needs no log.
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_wal_size": "8GB",
}
Query = Mapping[str, str]


def questions(now: datetime) -> dict[str, tuple[str, Query]]:
    """What the pages ask: by name, a path and its fields."""
    today = now.replace(hour=0, minute=0, second=0, microsecond=0)

    def span(days: int) -> Query:
        """Whole days and the running one, as the pages ask."""
        since = today - timedelta(days=days - 1)
        return {"since": since.isoformat(), "until": now.isoformat()}

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
        "usage: month of one person by day and model": (
            "usage",
            {**month, "by": "day,model", "user": "user-007"},
        ),
        "usage: last 24 hours by hour and model": (
            "usage",
            {
                "since": (now - timedelta(days=1)).isoformat(),
                "until": now.isoformat(),
                "by": "hour,model",
            },
        ),
        "usage: forecast of the month": ("usage/forecast", {"window": "month"}),
        "usage: forecast of one team's quarter": (
            "usage/forecast",
            {"window": "quarter", "group": "team-03"},
        ),
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
        "inventory: month": ("inventory", month),
        "inventory: year": ("inventory", year),
    }


async def page_sections(folder: Path, quick: bool) -> dict[str, list[Row]]:
    """SQLite with a million calls and PostgreSQL with ten; `quick` a twentieth of them."""
    scale, rounds = (20, 10) if quick else (1, 40)
    store = f"sqlite:///{folder / 'pages.db'}"
    found = await _sections(folder, "SQLite", store, _SQLITE // scale, rounds)
    if POSTGRES.find():
        with ScratchPostgres(_SHARED_FOLDER, **_POSTGRES_SETTINGS) as server:
            store, calls = server.create_database(), _POSTGRES // scale
            database = psutil.Process(server.pid)
            found |= await _sections(folder, "PostgreSQL", store, calls, rounds, database)
    else:
        print(f"PostgreSQL is missing, its pages are not measured: {POSTGRES.install_line}")
    return found


async def _sections(
    folder: Path,
    name: str,
    store: str,
    calls: int,
    rounds: int,
    database: psutil.Process | None = None,
) -> dict[str, list[Row]]:
    """Fill a store, open a gateway over it, ask it as the pages do and look at them."""
    began = time.perf_counter()
    made = await fill(store, calls)
    print(f"{made:,} calls put into {name} in {time.perf_counter() - began:.0f} s", flush=True)
    gateway = _gateway(Path(tempfile.mkdtemp(dir=folder)), store)

    def cpu() -> float:
        return gateway.cpu() + (_cpu_of_all(database) if database else 0.0)

    try:
        site = f"http://127.0.0.1:{gateway.port}/mesh/"
        found = {f"pages, {name}": await page_rows(f"{site}api/", made, rounds, cpu)}
        if CHROMIUM.find():
            found[f"browser, {name}"] = await browser_rows(site, made)
        else:
            print(f"Chromium is missing, nothing is looked at: {CHROMIUM.install_line}")
    finally:
        gateway.stop()
    return found


async def page_rows(base: str, made: int, rounds: int, cpu: Callable[[], float]) -> list[Row]:
    """Each question some times, one after the other."""
    rows: list[Row] = []
    async with aiohttp.ClientSession(headers={"Authorization": f"Bearer {KEY}"}) as session:
        for name, (path, query) in questions(datetime.now(UTC)).items():
            url = f"{base}{path}?{urlencode(query)}"
            before = cpu()
            took = [await _ask(session, url) for _ in range(rounds)]
            rows.append(_row(name, made, took, cpu() - before))
        before = cpu()
        took = await _deep(session, base)
        rows.append(_row(f"audit: {_PAGES_DEEP} pages on", made, took, cpu() - before))
    return rows


def _row(name: str, calls: int, seconds: list[float], cpu: float) -> Row:
    return {
        "question": name,
        "calls in the store": f"{calls:,}",
        "p50 ms": percentile(seconds, 0.5),
        "p95 ms": percentile(seconds, 0.95),
        "cpu ms": cpu / len(seconds) * 1000,
        "goal ms": GOAL_MS,
    }


def _cpu_of_all(database: psutil.Process) -> float:
    """Seconds of CPU of a server, with its children that have ended."""
    own = database.cpu_times()
    total = own.user + own.system + own.children_user + own.children_system
    for child in database.children():
        with suppress(psutil.NoSuchProcess):
            times = child.cpu_times()
            total += times.user + times.system
    return total


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
                "audit": {"retain": "3650d", "content": "none"},
                "offers": False,
            }
        )
    )
    sealing = {KEY_VARIABLE: base64.b64encode(bytes(range(32))).decode()}
    command = ["-m", "benchmarks.mesh_host", "as-it-is", str(home)]
    return start(command, home / "port", core=0, env=sealing)
