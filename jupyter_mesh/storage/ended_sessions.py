"""Sessions of browsers that were signed out, for every gateway over the store to refuse."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import cast

from .location import Cursor, Location, StorePlace
from .reader import Reader
from .values import micros, moment, text

_ADD = """
    INSERT INTO ended_sessions (id, until) VALUES (?, ?)
    ON CONFLICT (id) DO UPDATE SET until = excluded.until"""
_FORGET = "DELETE FROM ended_sessions WHERE until < ?"
_ALL = "SELECT id, until FROM ended_sessions WHERE until >= ?"


class EndedSessions:
    """Args:
    place: The store.
    """

    def __init__(self, place: StorePlace) -> None:
        self._reader = Reader(Location.of(place), threads=1)

    async def add(self, session: str, until: datetime) -> None:
        """Note one; it is forgotten once it would be over in any case.

        Raises:
            StoreUnavailable: The store cannot be written.
        """

        def change(cursor: Cursor) -> None:
            cursor.execute(_FORGET, (micros(datetime.now(UTC)),))
            cursor.execute(_ADD, (text(session), micros(until)))

        await self._reader.write(change)

    async def all(self) -> Mapping[str, datetime]:
        """Those that are not forgotten yet, and when they will be.

        Raises:
            StoreUnavailable: The store cannot be read.
        """

        def query(cursor: Cursor) -> dict[str, datetime]:
            cursor.execute(_ALL, (micros(datetime.now(UTC)),))
            found = cast("list[tuple[str, int]]", cursor.fetchall())
            return {session: moment(until) for session, until in found}

        return await self._reader.read(query)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._reader.aclose()
