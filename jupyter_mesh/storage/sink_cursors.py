"""How far each sink has been told of each gateway's records, and which gateway tells it now."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import cast

from ..errors import NotFound
from ..schemas.call_search import EVERYBODY
from ..schemas.json import JsonObject
from .calls import detail_query
from .content_keys import ContentKeys, Sealing
from .location import Cursor, Location, StorePlace
from .reader import Reader
from .secrets import Secrets
from .values import micros, moment, text

_BEGIN = """
    INSERT INTO audit_sinks (sink, writer, number, owner, until) VALUES (?, '', 0, '', 0)
    ON CONFLICT (sink, writer) DO NOTHING"""
_TAKE = """
    UPDATE audit_sinks SET owner = ?, until = ?
    WHERE sink = ? AND writer = '' AND (owner = ? OR until < ?)"""
_RELEASE = "UPDATE audit_sinks SET until = 0 WHERE sink = ? AND writer = '' AND owner = ?"
_KNOWN = "SELECT writer, number FROM audit_sinks WHERE sink = ? AND writer <> ''"
_OWNED = "SELECT 1 FROM audit_sinks WHERE sink = ? AND writer = '' AND owner = ?"
_ADVANCE = """
    INSERT INTO audit_sinks (sink, writer, number, owner, until) VALUES (?, ?, ?, '', 0)
    ON CONFLICT (sink, writer) DO UPDATE SET number = excluded.number"""
_NEXT_WRITER = "SELECT min(writer) FROM audit_chain WHERE writer > ?"
_LAST = "SELECT max(number) FROM audit_chain WHERE writer = ?"
_CLOSED = """
    SELECT number, subject, moment FROM audit_chain
    WHERE writer = ? AND number > ? AND kind = 'close' ORDER BY number LIMIT ?"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """What a sink has not been told yet, up to some number of records.

    Attributes:
        ends: How far each gateway's chain goes with them.
        oldest: When the first of them ended.
    """

    records: list[JsonObject]
    ends: dict[str, int]
    oldest: datetime | None


class SinkCursors:
    """Args:
    place: The same as the journal's.
    sealing: Likewise.
    """

    def __init__(self, place: StorePlace, sealing: Sealing | None = None) -> None:
        self._reader = Reader(Location.of(place), threads=1)
        self._keys = ContentKeys(sealing or Secrets(place).keys)

    async def take(
        self, sink: str, owner: str, now: datetime, lease: timedelta, *, backfill: bool
    ) -> bool:
        """Whether `owner` tells the sink for a while; one gateway at a time does. A sink that is
        new begins with what is recorded from now on, or with all there is.

        Raises:
            StoreUnavailable: The store cannot be written.
        """

        def change(cursor: Cursor) -> bool:
            cursor.execute(_BEGIN, (text(sink),))
            if cursor.rowcount == 1 and not backfill:
                for writer in _writers(cursor):
                    cursor.execute(_LAST, (writer,))
                    (last,) = cast("tuple[int]", cursor.fetchone())
                    cursor.execute(_ADVANCE, (text(sink), writer, last))
            times = (micros(now + lease), text(sink), owner, micros(now))
            cursor.execute(_TAKE, (owner, *times))
            return cursor.rowcount == 1

        return await self._reader.write(change)

    async def batch(self, sink: str, most: int, *, content: bool) -> Batch:
        """What comes next.

        Raises:
            StoreUnavailable: The store cannot be read.
        """

        def query(cursor: Cursor) -> Batch:
            cursor.execute(_KNOWN, (text(sink),))
            known = dict(cast("list[tuple[str, int]]", cursor.fetchall()))
            records: list[JsonObject] = []
            ends: dict[str, int] = {}
            oldest: int | None = None
            seen = 0
            for writer in _writers(cursor):
                if seen >= most:
                    break
                cursor.execute(_CLOSED, (writer, known.get(writer, 0), most - seen))
                rows = cast("list[tuple[int, str, int]]", cursor.fetchall())
                seen += len(rows)
                for number, call, at in rows:
                    oldest = at if oldest is None else min(oldest, at)
                    ends[writer] = number
                    if (found := _record(cursor, self._keys, call, content)) is not None:
                        records.append(
                            {"id": call, "writer": writer, "number": number, "call": found}
                        )
            return Batch(
                records=records, ends=ends, oldest=None if oldest is None else moment(oldest)
            )

        return await self._reader.read(query)

    async def advance(self, sink: str, owner: str, ends: dict[str, int]) -> bool:
        """Note how far the sink was told; False where another gateway has taken over.

        Raises:
            StoreUnavailable: The store cannot be written; the sink is told again.
        """

        def change(cursor: Cursor) -> bool:
            cursor.execute(_OWNED, (text(sink), owner))
            if cursor.fetchone() is None:
                return False
            for writer, number in ends.items():
                cursor.execute(_ADVANCE, (text(sink), writer, number))
            return True

        return await self._reader.write(change)

    async def release(self, sink: str, owner: str) -> None:
        """Let another gateway go on at once.

        Raises:
            StoreUnavailable: The store cannot be written; another goes on after the lease.
        """
        row = (text(sink), owner)
        await self._reader.write(lambda cursor: cursor.execute(_RELEASE, row))

    async def aclose(self) -> None:
        """Close the connections."""
        await self._reader.aclose()


def _writers(cursor: Cursor) -> Iterator[str]:
    """Every gateway that has recorded anything: a look into the index for each."""
    last = ""
    while True:
        cursor.execute(_NEXT_WRITER, (last,))
        (found,) = cast("tuple[str | None]", cursor.fetchone())
        if found is None:
            return
        yield (last := found)


def _record(cursor: Cursor, keys: ContentKeys, call: str, content: bool) -> JsonObject | None:
    """A call as a sink gets it; None where policy has deleted it meanwhile."""
    try:
        detail = detail_query(call, EVERYBODY, keys)(cursor)
    except NotFound:
        return None
    left_out = {"children"} if content else {"children", "request", "response"}
    return detail.model_dump(mode="json", exclude=left_out)
