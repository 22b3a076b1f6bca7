"""Reads over the journal's store, and the small settings of users."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from functools import partial
from typing import NamedTuple, cast

from ..schemas.api import CallDetail, CallPage, UsageRow
from ..schemas.audit_acts import AuditAct
from ..schemas.call_search import ALL_CALLS, CallSearch, Whose
from ..schemas.guards import GuardUse
from ..schemas.record_policy import AuditRule
from . import guard_hits, retention, sql
from .acts import page as acts_page
from .budget_totals import Total, totals
from .call_search import search_query
from .calls import detail_query
from .chain_check import Head, Verdict, check, heads
from .content import erase_any, erase_of, seal_plain
from .content_keys import ContentKeys, Sealing
from .location import Cursor, Location, StorePlace
from .reader import Reader
from .rolling import expired
from .secrets import Secrets
from .usage import People, people_query, usage_query
from .usage_sums import fold
from .use_cases import Span, last_groups, spans
from .values import micros, moment, text, usd

_MOST_TIMINGS = 20_000
_TIMINGS = (
    "SELECT model, started_at, total_ms, first_token_ms, output_tokens, outcome FROM ("
    "SELECT model, started_at, total_ms, first_token_ms, output_tokens, outcome, seq, "
    "row_number() OVER (PARTITION BY model ORDER BY seq DESC) AS place FROM ("
    "SELECT seq, model, started_at, total_ms, first_token_ms, output_tokens, outcome "
    f"FROM calls ORDER BY seq DESC LIMIT {_MOST_TIMINGS}) AS latest "
    "WHERE started_at >= ? AND model IS NOT NULL AND outcome IN ('answered', 'failed')) AS ranked "
    "WHERE place <= ? ORDER BY seq"
)


class CallTiming(NamedTuple):
    """How long one finished call took, in milliseconds."""

    model: str
    started_at: datetime
    total_ms: float
    first_token_ms: float | None
    output_tokens: int
    ok: bool


class SqlHistory:
    """`spi.History`, and what the mesh itself reads and tidies up.

    Args:
        place: The same as the journal's.
        sealing: Likewise.

    Raises:
        ConfigError: The URL is wrong.
    """

    def __init__(self, place: StorePlace, sealing: Sealing | None = None) -> None:
        self._reader = Reader(Location.of(place))
        self._keys = ContentKeys(sealing or Secrets(place).keys)

    async def calls(
        self,
        search: CallSearch = ALL_CALLS,
        *,
        whose: Whose,
        before: str | None = None,
        limit: int = 50,
    ) -> CallPage:
        return await self._reader.read(
            search_query(search, whose=whose, before=before, limit=limit)
        )

    async def call(self, call_id: str, *, whose: Whose) -> CallDetail:
        return await self._reader.read(detail_query(call_id, whose, self._keys))

    async def usage(
        self,
        *,
        since: datetime,
        until: datetime,
        by: Sequence[str],
        user: str | None,
        groups: Collection[str] | None = None,
        where: Mapping[str, str] | None = None,
        most: int | None = None,
    ) -> list[UsageRow]:
        """Sums over the whole hours (UTC) that overlap the time asked for, exactly the sums of
        their calls.
        """
        query = usage_query(
            since=since, until=until, by=by, user=user, groups=groups, where=where, most=most
        )
        return await self._reader.read(query)

    async def people(self, *, since: datetime, until: datetime) -> dict[tuple[str, str], People]:
        """Who called and who was charged, by application and purpose, over whole hours."""
        return await self._reader.read(people_query(since, until))

    async def guard_use(self, since: datetime, until: datetime) -> GuardUse:
        """What guards found, over whole hours, exactly the sums of the calls' verdicts."""

        def query(cursor: Cursor) -> GuardUse:
            return GuardUse(
                since=since,
                until=until,
                rows=guard_hits.sums(cursor, since, until),
                hours=guard_hits.by_hour(cursor, since, until),
            )

        return await self._reader.read(query)

    async def spent(
        self, holds: Sequence[tuple[str, datetime]]
    ) -> dict[tuple[str, datetime], tuple[Decimal, Decimal]]:
        now = micros(datetime.now(UTC))

        def query(cursor: Cursor) -> dict[tuple[str, datetime], tuple[Decimal, Decimal]]:
            found: dict[tuple[str, datetime], tuple[Decimal, Decimal]] = {}
            for budget, start in holds:
                cursor.execute(sql.WINDOW, (text(budget), micros(start)))
                spent, held = cast("tuple[int, int]", cursor.fetchone() or (0, 0))
                if micros(start) < 0:
                    spent -= expired(cursor, text(budget), micros(start), now)
                found[budget, start] = (usd(spent), usd(held))
            return found

        return await self._reader.read(query)

    async def budget_totals(self, windows: Sequence[tuple[str, datetime]]) -> list[Total]:
        """What all shares of each budget have used, by its name in the ledger and the start of a
        window.
        """
        now = datetime.now(UTC)
        return await self._reader.read(lambda cursor: totals(cursor, windows, now))

    async def recent_timings(self, since: datetime, per_model: int = 200) -> list[CallTiming]:
        """The latest calls of each model that were answered or failed, oldest first: seeds for
        latencies.
        """

        def query(cursor: Cursor) -> list[CallTiming]:
            cursor.execute(_TIMINGS, (micros(since), per_model))
            rows = cast("list[tuple[str, int, float, float | None, int, str]]", cursor.fetchall())
            return [
                CallTiming(model, moment(started), total, first, tokens, outcome == "answered")
                for model, started, total, first, tokens, outcome in rows
            ]

        return await self._reader.read(query)

    async def set_preference(self, user: str, key: str, value: str | None) -> None:
        def change(cursor: Cursor) -> None:
            if value is None:
                cursor.execute(
                    "DELETE FROM preferences WHERE username = ? AND name = ?",
                    (text(user), text(key)),
                )
            else:
                cursor.execute(
                    "INSERT INTO preferences (username, name, setting) VALUES (?, ?, ?) "
                    "ON CONFLICT (username, name) DO UPDATE SET setting = excluded.setting",
                    (text(user), text(key), text(value)),
                )

        await self._reader.write(change)

    async def preferences(self, user: str) -> dict[str, str]:
        def query(cursor: Cursor) -> dict[str, str]:
            cursor.execute(
                "SELECT name, setting FROM preferences WHERE username = ?", (text(user),)
            )
            return dict(cast("list[tuple[str, str]]", cursor.fetchall()))

        return await self._reader.read(query)

    async def last_groups(
        self, users: Collection[str], before: datetime
    ) -> dict[str, tuple[str, ...]]:
        """The groups each of these users was in at their last call before a moment."""
        names = sorted(users)
        return await self._reader.read(lambda cursor: last_groups(cursor, names, before))

    async def use_case_spans(self) -> list[Span]:
        """The first and last hour of every application and purpose."""
        return await self._reader.read(spans)

    async def add_up_usage(self, now: datetime) -> int:
        """Add up days and months of usage that are over, a few days at a time, so that no call
        waits for it; returns how many days were.
        """
        days = 0
        while some := await self._reader.write(partial(fold, now=now)):
            days += some
        return days

    async def acts(
        self, *, subject: str | None, act: str | None, before: int | None, limit: int
    ) -> list[AuditAct]:
        """What was done with the record, newest first."""
        return await self._reader.read(
            lambda cursor: acts_page(cursor, subject=subject, act=act, before=before, limit=limit)
        )

    async def delete_content(self, user: str | None, batch: int = 500) -> int:
        """Erase what is kept of what a user said, or with None everybody, `batch` calls at a
        time; of how many calls that was.
        """
        gone = 0
        if user is None:
            call_id: str | None = ""
            while call_id is not None:
                erased, call_id = await self._reader.write(erase_any(call_id, batch))
                gone += erased
            return gone
        place: tuple[int, int] | None = (0, 0)
        while place is not None:
            erased, place = await self._reader.write(erase_of(text(user), place, batch))
            gone += erased
        return gone

    async def seal_plain(self, batch: int = 200) -> int:
        """Seal what an earlier version kept in plain text; how many calls that were.

        It may be stopped between two batches and goes on the next time.
        """
        sealed = 0
        while count := await self._reader.write(seal_plain(self._keys, batch)):
            sealed += count
        return sealed

    async def prune(
        self, now: datetime, rule: AuditRule, announce: retention.Announce, batch: int = 500
    ) -> int:
        """Delete what `rule` no longer keeps, `batch` rows at a time; returns how many went.

        `announce` is the journal's `note_pruned`.
        """
        return await retention.prune(self._reader, now, rule, batch, announce)

    async def heads(self) -> list[Head]:
        """Where the chains of records end."""
        return await self._reader.read(heads)

    async def check(self, known: Sequence[Head] = ()) -> Verdict:
        """Whether every record is as it was recorded, and stands behind a checkpoint's heads."""
        return await self._reader.read(lambda cursor: check(cursor, known, self._keys))

    async def aclose(self) -> None:
        """Close the connections."""
        await self._reader.aclose()
