"""Which channel is to be told of which alert, and what came of it.

Whoever tells claims the delivery first, in one statement, so that of several gateways one does.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import cast

from ..schemas.alerts import About, AlertDelivery
from ..schemas.channels import ChannelRule
from .location import Cursor
from .reader import Reader
from .values import micros, moment, text

_FIELDS = "alert, channel, about, opening, state, attempts, due, tried_at, error"
_TOLD = "SELECT channel, about, opening, told_at FROM alert_deliveries WHERE alert = ?"
_ENQUEUE = """
    INSERT INTO alert_deliveries (alert, channel, about, opening, state, attempts, due)
    VALUES (?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (alert, channel, about) DO UPDATE SET opening = excluded.opening,
    state = excluded.state, attempts = excluded.attempts, due = excluded.due, tried_at = NULL,
    error = NULL
    WHERE alert_deliveries.opening < excluded.opening"""
_REACHED = """
    SELECT channel FROM alert_deliveries
    WHERE alert = ? AND about = 'opened' AND opening = ? AND state IN ('sent', 'sending')"""
_DROP = """
    UPDATE alert_deliveries SET state = 'dropped'
    WHERE alert = ? AND about = 'opened' AND state = 'waiting'"""
_HAS_DUE = """
    SELECT 1 FROM alert_deliveries WHERE state IN ('waiting', 'sending') AND due <= ? LIMIT 1"""
_DUE = """
    SELECT alert, channel, about, opening, attempts, due FROM alert_deliveries
    WHERE state = 'waiting' AND due <= ? ORDER BY due LIMIT 100"""
_CLAIM = """
    UPDATE alert_deliveries SET state = 'sending', attempts = attempts + 1, tried_at = ?, due = ?
    WHERE alert = ? AND channel = ? AND about = ? AND opening = ? AND state = 'waiting'"""
_LAPSED = """
    UPDATE alert_deliveries SET state = 'failed', error = ?
    WHERE state = 'sending' AND due <= ?"""
_ORPHANED = """
    UPDATE alert_deliveries SET state = 'failed', error = ?
    WHERE alert = ? AND channel = ? AND about = ? AND state = 'waiting'"""
_SETTLE = """
    UPDATE alert_deliveries SET state = ?, due = ?, error = ?, told_at = coalesce(?, told_at)
    WHERE alert = ? AND channel = ? AND about = ? AND opening = ? AND state = 'sending'"""
_STILL = "SELECT 1 FROM alerts WHERE id = ? AND opening = ? AND state <> 'resolved'"

_ORPHAN = timedelta(minutes=2)
"""After so long a channel that this gateway does not know is not known to any."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed:
    """A message that this gateway, and no other, is to send."""

    alert: str
    channel: str
    about: About
    opening: int
    attempts: int
    """With this one."""


def enqueue_opening(
    cursor: Cursor,
    alert: str,
    opening: int,
    channels: Mapping[str, ChannelRule],
    now: int,
    told_already: Collection[str],
) -> None:
    """Tell each channel once of this opening, when its quiet period about the alert is over."""
    if not channels:
        return
    cursor.execute(_TOLD, (alert,))
    rows = cast("list[tuple[str, About, int, int | None]]", cursor.fetchall())
    known = {channel for channel, about, of, _ in rows if about == "opened" and of >= opening}
    told = {
        name: max((at for channel, _, _, at in rows if channel == name and at), default=0)
        for name in channels
    }
    for name, rule in channels.items():
        if name not in known:
            due = max(now, told[name] + rule.quiet // timedelta(microseconds=1))
            sent = ("sent", 1) if name in told_already else ("waiting", 0)
            cursor.execute(_ENQUEUE, (alert, text(name), "opened", opening, *sent, due))


def enqueue_ending(
    cursor: Cursor, alert: str, opening: int, channels: Collection[str], now: int
) -> None:
    """Tell the end to each channel that was told the beginning."""
    cursor.execute(_REACHED, (alert, opening))
    for (name,) in cast("list[tuple[str]]", cursor.fetchall()):
        if name in channels:
            cursor.execute(_ENQUEUE, (alert, name, "resolved", opening, "waiting", 0, now))


def drop(cursor: Cursor, alert: str) -> None:
    """Nobody need be told any more that it began."""
    cursor.execute(_DROP, (alert,))


def deliveries_of(cursor: Cursor, alerts: Sequence[str]) -> dict[str, list[AlertDelivery]]:
    """What came of telling of each of `alerts`."""
    found: dict[str, list[AlertDelivery]] = defaultdict(list)
    if alerts:
        marks = ", ".join("?" * len(alerts))
        cursor.execute(
            f"SELECT {_FIELDS} FROM alert_deliveries WHERE alert IN ({marks}) "
            "AND state <> 'dropped' ORDER BY channel, about",
            alerts,
        )
    for row in cursor.fetchall() if alerts else ():
        alert, channel, about, _, state, attempts, due, tried, error = cast(
            "tuple[str, str, About, int, str, int, int, int | None, str | None]", row
        )
        retried = state == "waiting" and attempts > 0
        found[alert].append(
            AlertDelivery.model_validate(
                {
                    "channel": channel,
                    "about": about,
                    "state": "retrying" if retried else state,
                    "at": None if tried is None else moment(tried),
                    "error": error,
                    "attempts": attempts,
                    "next_at": moment(due) if state == "waiting" else None,
                }
            )
        )
    return found


async def claim(
    reader: Reader, channels: Collection[str], now: datetime, lease: timedelta
) -> list[Claimed]:
    """What is due, for this gateway alone. What a gateway had claimed that died meanwhile is given
    up, since it may have been sent.

    Raises:
        StoreUnavailable: The store cannot be read or written; nothing is claimed.
    """
    at = micros(now)

    def has_due(cursor: Cursor) -> bool:
        cursor.execute(_HAS_DUE, (at,))
        return cursor.fetchone() is not None

    def take(cursor: Cursor) -> list[Claimed]:
        cursor.execute(_LAPSED, ("The gateway ended while it was sent; it may have arrived.", at))
        cursor.execute(_DUE, (at,))
        rows = cast("list[tuple[str, str, About, int, int, int]]", cursor.fetchall())
        claimed: list[Claimed] = []
        for alert, channel, about, opening, attempts, due in rows:
            key = (alert, channel, about)
            if channel in channels:
                cursor.execute(_CLAIM, (at, micros(now + lease), *key, opening))
                if cursor.rowcount == 1:
                    claimed.append(
                        Claimed(
                            alert=alert,
                            channel=channel,
                            about=about,
                            opening=opening,
                            attempts=attempts + 1,
                        )
                    )
            elif due < micros(now - _ORPHAN):
                cursor.execute(_ORPHANED, ("There is no such channel any more.", *key))
        return claimed

    return await reader.write(take) if await reader.read(has_due) else []


async def settle(
    reader: Reader, one: Claimed, now: datetime, error: str | None, again: timedelta | None
) -> None:
    """What came of it.

    Args:
        reader: Of the store.
        one: What was claimed.
        now: The moment.
        error: Why it did not arrive; None: it did.
        again: After how long it is tried again; None: never.
    """
    key = (one.alert, one.channel, one.about, one.opening)

    def change(cursor: Cursor) -> None:
        if error is None:
            cursor.execute(_SETTLE, ("sent", micros(now), None, micros(now), *key))
            return
        state = "failed" if again is None else "waiting"
        if state == "waiting" and one.about == "opened":
            cursor.execute(_STILL, (one.alert, one.opening))
            state = "waiting" if cursor.fetchone() else "dropped"
        due = micros(now + (again or timedelta(0)))
        cursor.execute(_SETTLE, (state, due, text(error), None, *key))

    await reader.write(change)
