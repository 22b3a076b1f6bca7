"""What a gateway's stores have done so far: what a call costs there is the difference."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import psutil
import psycopg
import redis as client

from .gateways import Gateway


def done(gateway: Gateway) -> dict[str, float]:
    """Commits, bytes and seconds of CPU of PostgreSQL, commands and seconds of CPU of Redis; of a
    file only its bytes.
    """
    if isinstance(gateway.store, Path):
        files = gateway.store.parent.glob(f"{gateway.store.name}*")
        return {"bytes stored": float(sum(file.stat().st_size for file in files))}
    assert gateway.postgres is not None
    assert gateway.redis is not None
    with client.Redis.from_url(gateway.redis.url) as connection:
        info = connection.info()
    return {
        **_postgres(gateway.store),
        "CPU ms of PostgreSQL": 1000 * _cpu(psutil.Process(gateway.postgres.pid)),
        "Redis commands": float(info["total_commands_processed"]),
        "CPU ms of Redis": 1000 * (info["used_cpu_user"] + info["used_cpu_sys"]),
    }


def _postgres(url: str) -> dict[str, float]:
    with psycopg.connect(url, autocommit=True) as connection:
        row = connection.execute(
            "SELECT pg_database_size(current_database()), pg_current_wal_lsn() - '0/0', "
            "(SELECT wal_sync FROM pg_stat_wal), "
            "(SELECT xact_commit FROM pg_stat_database WHERE datname = current_database())"
        ).fetchone()
    assert row is not None
    names = ("bytes stored", "bytes of WAL", "syncs", "transactions")
    return {name: float(value) for name, value in zip(names, row, strict=True)}


def _cpu(root: psutil.Process) -> float:
    total = 0.0
    for process in [root, *root.children(recursive=True)]:
        with suppress(psutil.NoSuchProcess):  # a backend that has just ended
            times = process.cpu_times()
            total += times.user + times.system
    return total
