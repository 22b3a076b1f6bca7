"""The gateways that a crowd stands before: one process over a file, or several over servers."""

from __future__ import annotations

import base64
import tempfile
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import yaml

from jupyter_mesh.storage.sealing_keys import KEY_VARIABLE
from jupyter_mesh.testing.postgres import ScratchPostgres
from jupyter_mesh.testing.redis_server import RedisServer

from .crowd import keys
from .mesh_host import configuration
from .processes import Process, start

_SHARED_FOLDER = Path(tempfile.gettempdir())
"""PostgreSQL may run as another user, who cannot enter a folder of ours."""
PATH = "/mesh/v1/chat/completions"
LIMITS = [
    {
        "scope": {"user": "*"},
        "requests_per_minute": 60,
        "tokens_per_minute": 100_000,
        "parallel": 8,
    }
]
"""As the admin guide has them."""


@dataclass(frozen=True, slots=True)
class Gateway:
    """A gateway that runs.

    Attributes:
        process: With its children.
        store: A file, or the URL of a database.
        postgres: Where `store` is, if not in a file.
        redis: What several processes share.
    """

    process: Process
    store: Path | str
    postgres: ScratchPostgres | None = None
    redis: RedisServer | None = None


@contextmanager
def alone(
    folder: Path, upstream: int, users: int, *, limits: list[dict[str, object]] = LIMITS
) -> Generator[Gateway]:
    """One process over SQLite, on a core of its own."""
    home = folder / "alone"
    _configure(home, upstream, users, limits=limits)
    command = ["-m", "benchmarks.mesh_host", "as-it-is", str(home)]
    process = start(command, home / "port", core=0)
    try:
        yield Gateway(process, home / "state" / "mesh.db")
    finally:
        process.stop()


@contextmanager
def several(
    folder: Path,
    upstream: int,
    users: int,
    *,
    count: int = 2,
    limits: list[dict[str, object]] = LIMITS,
) -> Generator[Gateway]:
    """So many processes at one address over PostgreSQL and Redis, on any core; the data of
    PostgreSQL are on a disk.
    """
    home = folder / "several"
    home.mkdir(exist_ok=True)
    with ExitStack() as running:
        postgres = running.enter_context(ScratchPostgres(_SHARED_FOLDER))
        redis = running.enter_context(RedisServer(home))
        store = postgres.create_database()
        shared = {"store": {"url": store}, "shared": {"url": redis.url}}
        _configure(home, upstream, users, limits=limits, **shared)
        command = ["-m", "benchmarks.mesh_host", "as-it-is", str(home), "--processes", str(count)]
        key = {KEY_VARIABLE: base64.b64encode(bytes(range(32))).decode()}
        process = start(command, home / "port", core=None, env=key)
        running.callback(process.stop)
        yield Gateway(process, store, postgres, redis)


def _configure(home: Path, upstream: int, users: int, **sections: object) -> None:
    home.mkdir(exist_ok=True)
    everything = {**configuration(upstream, screened=True), "keys": keys(users), **sections}
    (home / "mesh.yaml").write_text(yaml.safe_dump(everything), encoding="utf-8")
