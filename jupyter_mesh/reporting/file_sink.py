"""Records as JSON lines in a file that is begun anew when it is large or a day is over."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import orjson
from pydantic import Field

from ..schemas.json import JsonObject
from ..spi.sink import AuditSink, SinkConfig


class FileSinkConfig(SinkConfig):
    """Settings of the file.

    Attributes:
        path: It is created, readable by its owner only; the folder must be there.
        max_bytes: A file that is at least so large is set aside.
        daily: One that was begun on an earlier day (UTC) is set aside.
        keep: So many set aside stay, the oldest go.
        fsync: Records are on the disk before they count as taken.
    """

    path: Path
    max_bytes: int = Field(default=100 * 1024 * 1024, ge=1)
    daily: bool = True
    keep: int = Field(default=30, ge=1)
    fsync: bool = True


class FileSink(AuditSink):
    """One line for each record. What is set aside is called `<name>.<time>`."""

    Config: type[SinkConfig] = FileSinkConfig
    name = "file"

    async def write(self, records: Sequence[JsonObject]) -> None:
        config = self.config
        assert isinstance(config, FileSinkConfig)
        await asyncio.to_thread(_append, config, records)


def _append(config: FileSinkConfig, records: Sequence[JsonObject]) -> None:
    _set_aside(config)
    lines = b"".join(orjson.dumps(record) + b"\n" for record in records)
    descriptor = os.open(config.path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        size = os.fstat(descriptor).st_size
        if size and os.pread(descriptor, 1, size - 1) != b"\n":
            lines = b"\n" + lines  # whoever wrote last died in the midst of a line
        view = memoryview(lines)
        while view:
            view = view[os.write(descriptor, view) :]
        if config.fsync:
            os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _set_aside(config: FileSinkConfig) -> None:
    try:
        found = config.path.stat()
    except FileNotFoundError:
        return
    today = datetime.now(UTC)
    begun = datetime.fromtimestamp(found.st_mtime, UTC)
    if found.st_size < config.max_bytes and not (config.daily and begun.date() < today.date()):
        return
    config.path.rename(f"{config.path}.{today:%Y%m%dT%H%M%S.%f}")
    aside = sorted(config.path.parent.glob(f"{config.path.name}.*"))
    for old in aside[: -config.keep]:
        old.unlink(missing_ok=True)
