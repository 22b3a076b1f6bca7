"""A list of names that is kept fresh: read again and again by a process of its own, the last good
version in force meanwhile.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
import os
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple
from urllib.parse import quote

from ..errors import MeshError
from ..schemas.json import JsonObject
from ..spi.guard import GuardTools, ReadFrom
from ..spi.happenings import Happening
from .name_builder import FRAMES, Built, Failed, Plain, Task
from .name_table import CurrentTable, UnusableTable
from .name_words import Lookup

_FIRST_PAUSE, _LONGEST_PAUSE = 10.0, 3600.0
"""Seconds before a list is tried again that could not be read; doubled each time."""
_FIRST_SECONDS = 10.0
"""For which a call waits where names are read for the first time."""
_LONGEST_FRAME = 16 * 1024 * 1024
_SECRET_WORDS = ("KEY", "TOKEN", "SECRET", "PASSWORD", "PASSWD", "CREDENTIAL")
_log = logging.getLogger("jupyter_mesh")


@dataclass(frozen=True, slots=True, kw_only=True)
class ListSource:
    """Where a list comes from.

    Attributes:
        url, password: Of the database; references are resolved each time.
        every, deadline: Seconds between two readings, and for one.
        plain: Up to how many names are kept in memory as they are; 0: only hashes, ever.
    """

    url: str
    password: str | None
    query: str
    columns: Mapping[str, str]
    shortest: int
    plain: int
    every: float
    deadline: float

    @property
    def identity(self) -> str:
        """The same where a table made of one serves for the other."""
        parts = (self.url, self.query, [*self.columns.items()], self.shortest)
        return hashlib.blake2b(json.dumps(parts).encode(), digest_size=16).hexdigest()


class Names(NamedTuple):
    """Names that can be looked up.

    Attributes:
        lookup: What says whether a form is one.
        entities: What `lookup` counts, from 1.
        plain: Whether they lie in memory as they are, which is faster.
    """

    lookup: Lookup
    entities: tuple[str, ...]
    plain: bool


class ListFailed(Exception):
    """A list could not be read; says why, without a password or a name."""


class NameList:
    """Args:
    name: What policy calls it.
    source: Where it is read.
    tools: Of the guard.
    """

    def __init__(self, name: str, source: ListSource, tools: GuardTools) -> None:
        self._name, self._source, self._tools = name, source, tools
        self._file = tools.folder / f"{quote(name, safe='').replace('.', '%2E')}.names"
        self._key = b""
        self._table: CurrentTable | None = None
        self._plain: Names | None = None
        self._failing: bool | None = None
        self._tried = asyncio.Event()
        self._gone = asyncio.Event()
        self._anew = False
        self._read: ReadFrom | None = None

    @property
    def scanner_settings(self) -> JsonObject:
        """What a scanner in another process needs to look names up in the table."""
        return {
            "file": str(self._file),
            "key": self._key.hex(),
            "source": self._source.identity,
        }

    def names(self) -> Names:
        """Those in force.

        Raises:
            UnusableTable: They were never loaded.
        """
        if self._plain is not None:
            return self._plain
        if self._table is None:
            raise UnusableTable(f"The list {self._name!r} was never loaded.")
        table = self._table.get()
        return Names(table.lookup, table.header.entities, False)

    async def first_names(self) -> Names:
        """The same, once there are some or reading them has been tried. Raises as `names`."""
        with suppress(TimeoutError):
            async with asyncio.timeout(_FIRST_SECONDS):
                await self._tried.wait()
        return self.names()

    async def keep_fresh(self) -> None:
        """Read it now and then again and again, until cancelled."""
        failures = 0
        while True:
            try:
                await self.refresh()
                failures = 0
                pause = self._source.every
            except ListFailed as error:
                pause = min(self._source.every, _LONGEST_PAUSE, _FIRST_PAUSE * 2**failures)
                failures = min(failures + 1, 20)
                self._tell_failing(str(error))
            self._tried.set()
            if not self._anew:  # nobody has asked for it meanwhile
                self._gone.clear()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._gone.wait(), pause)

    @property
    def read(self) -> ReadFrom | None:
        """What was read last, maybe in an earlier run or by another gateway."""
        if self._read is None and self._table is not None:
            with suppress(UnusableTable):
                header = self._table.get().header
                return ReadFrom(header.names, datetime.fromtimestamp(header.built_at, UTC))
        return self._read

    def read_again(self) -> None:
        """Read it now, not only when its time has come."""
        self._anew = True
        self._gone.set()

    def look_after_table(self) -> None:
        """Others could not use the table: make it again at once where somebody removed it."""
        if self._failing is False and not self._file.exists():
            self._gone.set()

    async def refresh(self) -> None:
        """Read it once.

        Raises:
            ListFailed: What was in force before still is.
        """
        asked = time.time()
        anew, self._anew = self._anew, False
        # What another gateway has just read will do, unless somebody wants to have it read now.
        since = asked if anew else asked - self._source.every / 2
        task = await asyncio.to_thread(self._task, since)
        if self._has_names():
            self._tried.set()
        try:
            async with asyncio.timeout(self._source.deadline):
                forms, built = await _built_by_process(task, self._environment())
        except TimeoutError:
            raise ListFailed(f"It took longer than {self._source.deadline:g} seconds.") from None
        if built.plain:
            self._plain = Names(forms.get, built.entities, True)
        else:
            self._plain = None
        self._read = ReadFrom(built.names, datetime.fromtimestamp(asked, UTC))
        self._tell_working(built.names)

    def _task(self, since: float) -> Task:
        """What to do now, with what is secret in it; takes over a table of an earlier run."""
        source, secrets = self._source, self._tools.secrets
        try:
            key = self._tools.key(f"guards.names.{self._name}")
            if key != self._key:
                self._take_table(key)
            is_reference = source.url.startswith(("env:", "file:", "store:"))
            return Task(
                url=secrets.resolve(source.url) if is_reference else source.url,
                password=None if source.password is None else secrets.resolve(source.password),
                query=source.query,
                columns=dict(source.columns),
                shortest=source.shortest,
                plain=source.plain,
                file=self._file,
                key=key.hex(),
                source=source.identity,
                since=since,
            )
        except MeshError as error:
            raise ListFailed(error.message) from None
        except OSError as error:
            raise ListFailed(f"Its key cannot be read: {error.strerror}.") from None

    def _take_table(self, key: bytes) -> None:
        table = CurrentTable(self._file, key, self._source.identity)
        with suppress(UnusableTable):
            table.get()
        self._key, self._table = key, table

    def _environment(self) -> dict[str, str]:
        """Drivers read their settings from it; no key is among them."""
        known = self._tools.secrets.known_values()
        return {
            name: value
            for name, value in os.environ.items()
            if value not in known and not any(word in name.upper() for word in _SECRET_WORDS)
        }

    def _has_names(self) -> bool:
        try:
            self.names()
        except UnusableTable:
            return False
        return True

    def _tell_failing(self, why: str) -> None:
        if self._has_names():
            so = "The names read last stay in force."
        else:
            so = (
                "It was never read, so calls are refused that a rule in force has it screen; "
                "rules on trial let theirs pass."
            )
        said = f"The list {self._name!r} could not be read. {why.rstrip('.')}. {so}"
        _log.warning("%s", said)
        self._failing = True
        self._tools.happenings.publish(
            Happening(
                kind="guard_failing",
                subject=self._name,
                message=said,
                details={"guard": self._name},
            )
        )

    def _tell_working(self, count: int) -> None:
        if self._failing is not False:  # the first time too: an earlier run may have told
            said = f"The list {self._name!r} was read: {count} names."
            self._tools.happenings.publish(
                Happening(kind="guard_working", subject=self._name, message=said)
            )
        self._failing = False


async def _built_by_process(
    task: Task, environment: Mapping[str, str]
) -> tuple[dict[str, bytes], Built]:
    try:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "jupyter_mesh.guards.name_builder"),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            env=dict(environment),
            limit=_LONGEST_FRAME,
        )
    except OSError as error:
        raise ListFailed(f"No process could be started: {error.strerror}.") from None
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        process.stdin.write(task.model_dump_json().encode() + b"\n")
        return await _read(process.stdout)
    except (ValueError, OSError):
        raise ListFailed("The process that reads it answered garbage.") from None
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()


async def _read(lines: asyncio.StreamReader) -> tuple[dict[str, bytes], Built]:
    forms: dict[str, bytes] = {}
    kinds: dict[tuple[int, ...], bytes] = {}
    while line := await lines.readline():
        match FRAMES.validate_json(line):
            case Plain(forms=some):
                for form, places in some.items():
                    forms[form] = kinds.setdefault(tuple(places), bytes(places))
                await asyncio.sleep(0)  # what has come already is read without a pause
            case Built() as built:
                return forms, built
            case Failed(why=why):
                raise ListFailed(why)
    raise ListFailed("The process that reads it ended before it was done.")
