"""Alerts, a row for each kind and subject: opened, counted, acknowledged, resolved."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from ..errors import InvalidRequest, NotFound
from ..schemas.alerts import (
    MOST_ALERTS,
    Alert,
    AlertKind,
    AlertPage,
    AlertState,
    AlertSummary,
    Listed,
    Severity,
    Signal,
)
from ..schemas.channels import ChannelRule
from ..schemas.json import JsonObject, as_object, dig
from .alert_deliveries import deliveries_of, drop, enqueue_ending, enqueue_opening
from .location import Cursor, Location, StorePlace, Value
from .reader import Reader
from .values import from_json, micros, moment, text, to_json

COLUMNS = (
    *("id", "kind", "severity", "subject", "title", "text", "count", "first_seen", "last_seen"),
    *("state", "opening", "acknowledged_by", "acknowledged_at", "resolved_at", "details"),
)
_AGAIN = """(alerts.state = 'resolved'
    OR (excluded.severity = 'critical' AND alerts.severity <> 'critical'))"""
# It came back, or got worse.
_RAISE = f"""
    INSERT INTO alerts (id, kind, subject, severity, title, text, details, state, opening, count,
    first_seen, last_seen) VALUES (?, ?, ?, ?, ?, ?, ?, 'open', 1, ?, ?, ?)
    ON CONFLICT (kind, subject) DO UPDATE SET
    severity = excluded.severity, title = excluded.title, text = excluded.text,
    details = excluded.details,
    opening = alerts.opening + CASE WHEN {_AGAIN} THEN 1 ELSE 0 END,
    count = excluded.count + CASE WHEN {_AGAIN} THEN 0 ELSE alerts.count END,
    first_seen = CASE WHEN {_AGAIN} THEN excluded.first_seen ELSE alerts.first_seen END,
    last_seen = CASE WHEN excluded.last_seen > alerts.last_seen
    THEN excluded.last_seen ELSE alerts.last_seen END,
    state = CASE WHEN {_AGAIN} THEN 'open' ELSE alerts.state END,
    acknowledged_by = CASE WHEN {_AGAIN} THEN NULL ELSE alerts.acknowledged_by END,
    acknowledged_at = CASE WHEN {_AGAIN} THEN NULL ELSE alerts.acknowledged_at END,
    resolved_at = NULL
    RETURNING id, opening"""
_RESOLVE = """
    UPDATE alerts SET state = 'resolved', resolved_at = ?
    WHERE kind = ? AND subject = ? AND state <> 'resolved' AND last_seen <= ?
    RETURNING id, opening, severity"""
_ACKNOWLEDGE = """
    UPDATE alerts SET state = 'acknowledged', acknowledged_by = ?, acknowledged_at = ?
    WHERE id = ? AND state = 'open'"""
_LIVE = """
    SELECT kind, subject, severity, details, last_seen FROM alerts WHERE state <> 'resolved'"""
_COUNTS = "SELECT severity, state, count(*) FROM alerts WHERE state <> 'resolved' GROUP BY 1, 2"
_BY_KIND = "SELECT kind, state, count(*) FROM alerts WHERE state <> 'resolved' GROUP BY 1, 2"


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A condition that was seen once or more between two moments, and may have ended since."""

    signal: Signal | None
    kind: AlertKind
    subject: str
    count: int
    first: datetime
    last: datetime
    ended: bool = False
    told: frozenset[str] = frozenset()
    """Channels that were told while it could not be written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Live:
    """An alert that is not resolved, as far as is needed to see whether it should be."""

    kind: AlertKind
    subject: str
    severity: Severity
    details: JsonObject
    last_seen: datetime


Channels = Mapping[str, ChannelRule]


class SqlAlerts:
    """Args:
    place: The store, the same as the journal's.
    """

    def __init__(self, place: StorePlace) -> None:
        self.reader = Reader(Location.of(place), threads=1)

    async def save(
        self, seen: Collection[Seen], channels: Channels, now: datetime, name: str
    ) -> None:
        """Open, count or resolve, and put down whom to tell, in one commit.

        Args:
            seen: What to save; read when it is written.
            channels: Those in force.
            now: The time.
            name: Of this batch, to be given again when it is tried again: it is counted once.

        Raises:
            StoreUnavailable: The store cannot be written, or failed in the commit.
        """

        def change(cursor: Cursor) -> None:
            for one in seen:
                if one.signal is not None:
                    _raise(cursor, one, one.signal, channels, micros(now))
                if one.ended:
                    _resolve(cursor, one, channels, micros(now))

        await self.reader.write_once(name, change)

    async def by_kind(self) -> dict[tuple[AlertKind, AlertState], int]:
        """How many are not resolved."""

        def query(cursor: Cursor) -> dict[tuple[AlertKind, AlertState], int]:
            cursor.execute(_BY_KIND)
            rows = cast("list[tuple[AlertKind, AlertState, int]]", cursor.fetchall())
            return {(kind, state): count for kind, state, count in rows}

        return await self.reader.read(query)

    async def page(
        self, *, state: Listed, kind: AlertKind | None, before: str | None, limit: int
    ) -> AlertPage:
        """Alerts, the one that was opened last first.

        Raises:
            InvalidRequest: `before` is not the `next` of a page.
        """
        where, values = ["1 = 1"], list[Value]()
        if state != "all":
            where.append("state = ?")
            values.append(state)
        if kind is not None:
            where.append("kind = ?")
            values.append(kind)
        if before is not None:
            where.append("(first_seen < ? OR (first_seen = ? AND id < ?))")
            values += _place(before)
        size = max(1, min(limit, MOST_ALERTS))
        statement = (
            f"SELECT {', '.join(COLUMNS)} FROM alerts WHERE {' AND '.join(where)} "
            f"ORDER BY first_seen DESC, id DESC LIMIT {size + 1}"
        )

        def query(cursor: Cursor) -> AlertPage:
            cursor.execute(statement, values)
            rows = cursor.fetchall()
            shown = _alerts(cursor, rows[:size])
            last = shown[-1] if len(rows) > size else None
            return AlertPage(
                alerts=shown, next=f"{micros(last.first_seen)}.{last.id}" if last else None
            )

        return await self.reader.read(query)

    async def one(self, id: str) -> Alert:
        """Raises NotFound where there is none."""

        def query(cursor: Cursor) -> Alert:
            cursor.execute(f"SELECT {', '.join(COLUMNS)} FROM alerts WHERE id = ?", (text(id),))
            if not (found := _alerts(cursor, cursor.fetchall())):
                raise NotFound(f"There is no alert {id[:80]!r}.", param="id")
            return found[0]

        return await self.reader.read(query)

    async def acknowledge(self, id: str, by: str, now: datetime) -> Alert:
        """Note who looks after it; whoever was first stays, and one that is over stays so.

        Raises:
            NotFound: There is none.
        """
        row = (text(by), micros(now), text(id))
        await self.reader.write(lambda cursor: cursor.execute(_ACKNOWLEDGE, row))
        return await self.one(id)

    async def summary(self) -> AlertSummary:
        """How many there are to look at."""

        def query(cursor: Cursor) -> AlertSummary:
            cursor.execute(_COUNTS)
            counts: dict[str, int] = dict.fromkeys(
                ("info", "warning", "critical", "acknowledged"), 0
            )
            for severity, state, count in cast("list[tuple[str, str, int]]", cursor.fetchall()):
                counts["acknowledged" if state == "acknowledged" else severity] += int(count)
            return AlertSummary(**counts)

        return await self.reader.read(query)

    async def live(self) -> list[Live]:
        """Those that are not resolved."""

        def query(cursor: Cursor) -> list[Live]:
            cursor.execute(_LIVE)
            rows = cast("list[tuple[AlertKind, str, Severity, str | None, int]]", cursor.fetchall())
            return [
                Live(
                    kind=kind,
                    subject=subject,
                    severity=severity,
                    details=as_object(from_json(details)) or {},
                    last_seen=moment(last),
                )
                for kind, subject, severity, details, last in rows
            ]

        return await self.reader.read(query)

    async def prune(self, before: datetime) -> None:
        """Delete what was resolved before a moment."""
        old = (micros(before),)
        gone = "SELECT id FROM alerts WHERE state = 'resolved' AND resolved_at < ?"

        def change(cursor: Cursor) -> None:
            cursor.execute(f"DELETE FROM alert_deliveries WHERE alert IN ({gone})", old)
            cursor.execute("DELETE FROM alerts WHERE state = 'resolved' AND resolved_at < ?", old)

        await self.reader.write(change)

    async def aclose(self) -> None:
        """Close the connections."""
        await self.reader.aclose()


def _raise(cursor: Cursor, seen: Seen, signal: Signal, channels: Channels, now: int) -> None:
    words = (signal.kind, text(signal.subject), signal.severity)
    said = (text(signal.title), text(signal.text), to_json(signal.details))
    counted = (seen.count, micros(seen.first), micros(seen.last))
    cursor.execute(_RAISE, (f"alert_{secrets.token_hex(8)}", *words, *said, *counted))
    id, opening = cast("tuple[str, int]", cursor.fetchone())
    wanted = {n: rule for n, rule in channels.items() if rule.wants(signal.kind, signal.severity)}
    enqueue_opening(cursor, id, opening, wanted, now, seen.told)


def _resolve(cursor: Cursor, seen: Seen, channels: Channels, now: int) -> None:
    cursor.execute(_RESOLVE, (now, seen.kind, text(seen.subject), micros(seen.last)))
    if (row := cast("tuple[str, int, Severity] | None", cursor.fetchone())) is None:
        return
    id, opening, severity = row
    wanted = {
        name: rule
        for name, rule in channels.items()
        if rule.resolved and rule.wants(seen.kind, severity)
    }
    enqueue_ending(cursor, id, opening, wanted, now)
    drop(cursor, id)


def _alerts(cursor: Cursor, rows: Sequence[tuple[object, ...]]) -> list[Alert]:
    records = [dict(zip(COLUMNS, row, strict=True)) for row in rows]
    told = deliveries_of(cursor, [cast(str, one["id"]) for one in records])
    return [alert_of(one, told) for one in records]


def alert_of(record: Mapping[str, object], told: Mapping[str, object]) -> Alert:
    """An alert from a row by column name, with the deliveries by id."""
    times = {
        name: None if (value := cast("int | None", record[name])) is None else moment(value)
        for name in ("first_seen", "last_seen", "acknowledged_at", "resolved_at")
    }
    reopened = cast(int, record["opening"]) - 1
    deliveries = told.get(cast(str, record["id"]), [])
    details = from_json(cast("str | None", record["details"]))
    more = {"reopened": reopened, "deliveries": deliveries, "call": dig(details, "call")}
    return Alert.model_validate({**record, **times, **more})


def _place(before: str) -> tuple[int, int, str]:
    at, dot, id = before.partition(".")
    if not (at.isascii() and at.isdigit() and len(at) < 19 and dot):
        raise InvalidRequest("`before` must be the `next` of an earlier page.", param="before")
    return int(at), int(at), text(id)
