"""What a list of names needs around it: databases, tools, and a look at what it tells."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import cast

from jupyter_mesh.guards.database import Database, DatabaseConfig
from jupyter_mesh.spi.guard import Detector, GuardedCall, GuardTools
from jupyter_mesh.spi.happenings import Happening, Happenings
from jupyter_mesh.spi.models import Models
from jupyter_mesh.spi.workers import Workers
from jupyter_mesh.testing.in_threads import InThreads
from jupyter_mesh.testing.secrets import StaticSecrets


class World:
    """Tools over a folder, and what was told."""

    def __init__(self, folder: Path, secrets: dict[str, str] | None = None) -> None:
        self.folder = folder / "guards"
        self.told: list[Happening] = []
        self._heard = asyncio.Event()
        self.workers: Workers = InThreads()
        self.secrets = StaticSecrets(secrets)
        self.key: Callable[[str], bytes] = lambda purpose: purpose.encode().ljust(32, b".")[:32]

    @property
    def kinds(self) -> list[str]:
        return [one.kind for one in self.told]

    def _hear(self, happening: Happening) -> None:
        self.told.append(happening)
        self._heard.set()

    def tools(self) -> GuardTools:
        happenings = Happenings()
        happenings.listen(self._hear)
        models = cast(Models, None)
        return GuardTools(
            models, self.secrets, self.workers, self.folder, happenings, lambda p: self.key(p)
        )

    @asynccontextmanager
    async def started(self, name: str = "customers", **settings: object) -> AsyncIterator[Database]:
        """A database guard that has been asked to begin."""
        guard = Database(DatabaseConfig.model_validate(settings))
        guard.start(name, self.tools())
        try:
            yield guard
        finally:
            await guard.aclose()

    async def until(self, kind: str, times: int = 1) -> Happening:
        """Wait until this was told so often; the last time."""
        async with asyncio.timeout(60):
            while self.kinds.count(kind) < times:
                await self._heard.wait()
                self._heard.clear()
        return [one for one in self.told if one.kind == kind][-1]


def sqlite_with(path: Path, rows: Iterable[tuple[str | None, ...]], columns: str = "name") -> str:
    """A database with these rows in `people`; its URL."""
    marks = ", ".join("?" for _ in columns.split(","))
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"CREATE TABLE IF NOT EXISTS people ({columns})")
        connection.execute("DELETE FROM people")
        connection.executemany(f"INSERT INTO people VALUES ({marks})", rows)
        connection.commit()
    return f"sqlite:///{path}"


async def found(guard: Detector, text: str) -> list[tuple[str, str]]:
    """(entity, what it is) of all findings, in order."""
    (findings,) = await guard.find([text], GuardedCall())
    return sorted({(one.entity, text[one.start : one.end]) for one in findings})


def run(url: str, statement: str, *values: object) -> list[tuple[object, ...]]:
    import psycopg

    with psycopg.connect(url) as connection:
        cursor = connection.execute(statement, values or None)  # pyright: ignore[reportArgumentType, reportCallIssue]
        return cursor.fetchall() if cursor.description else []
