"""Calls and money on disk: every commit carries both."""

from __future__ import annotations

import asyncio
import os
import secrets
import socket
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Literal, TypeVar

from ..errors import AuditUnavailable, StoreUnavailable
from ..schemas.audit import Completion, Hold, Intent
from . import sql
from .acts import Act
from .chain import Chain
from .content_keys import ContentKeys, Sealing, destroy
from .ledger import Closing, Opening, top_up
from .location import Connection, Cursor, Durability, Location, Row, StorePlace
from .records import completion_row, content_row, hold_rows, intent_row, request_row
from .recovery import Recovery
from .schema import prepare
from .secrets import Secrets
from .values import micros, money, text
from .writer import Writer

T = TypeVar("T")


class SqlJournal:
    """`spi.Journal` over a SQL store, shared by any number of gateways.

    A store that cannot be written at the start does not raise: the journal is unhealthy and
    recovers by itself.

    Args:
        place: `sqlite:///mesh.db`, `postgresql://role@host/database`, or a path.
        durability: `strict`: every method returns after the fsync. `batched`: it returns just
            before the commit,
            which is not synced either: a call is lost from the record if the gateway dies in
            between, and the last second or so of calls if the machine does.
        sealing: Seals the keys of what was said; None: as the store's secrets are.

    Raises:
        ConfigError: The URL is wrong, or the store was written by a newer version.
    """

    def __init__(
        self,
        place: StorePlace,
        durability: Durability = "strict",
        sealing: Sealing | None = None,
    ) -> None:
        self._location = Location.of(place)
        self._durability: Durability = durability
        self._batched = durability == "batched"
        self._id = secrets.token_hex(8)
        self._chain = Chain(self._id, ContentKeys(sealing or Secrets(place).keys))
        self._presence = self._location.presence(self._id)
        self._unsure: dict[str, Row] = {}
        self._writer = Writer(
            self._location,
            self._connect,
            self._register,
            self._chain,
            batched=self._batched,
        )

    @property
    def healthy(self) -> bool:
        return self._writer.failure is None

    @property
    def trouble(self) -> str | None:
        """Why it is unhealthy, for the readiness check."""
        return self._writer.failure.reason if self._writer.failure else None

    @property
    def commits(self) -> int:
        """Transactions written so far: fewer than calls where they came together."""
        return self._writer.commits

    async def open(self, intent: Intent, holds: Sequence[Hold]) -> tuple[str, ...]:
        call = intent_row(intent, self._id)
        request = request_row(intent)
        opening = Opening(call, intent.id, intent.parent, hold_rows(holds), request, self._chain)
        try:
            return await self._writer.submit(opening, "open", undo=opening.undo)
        except asyncio.CancelledError:
            # Nobody knows whether it is recorded: `close` will make sure.
            self._unsure[intent.id] = call
            raise

    async def top_up(
        self, call_id: str, amounts: Mapping[tuple[str, datetime], Decimal], estimate: Decimal
    ) -> bool:
        rows = {
            (text(budget), micros(start)): money(amount)
            for (budget, start), amount in amounts.items()
        }
        return await self._writer.submit(
            partial(top_up, call_id=call_id, amounts=rows, estimate=money(estimate))
        )

    async def close(self, completion: Completion, intent: Intent | None = None) -> None:
        unsure = self._unsure.pop(completion.id, None)
        closing = Closing(
            completion_row(completion),
            completion.id,
            micros(completion.started_at),
            money(completion.cost) if completion.cost is not None else 0,
            self._chain,
            content_row(completion, intent),
            intent_row(intent, self._id) if intent else unsure,
            completion.uncharged,
            {budget: money(usd) for budget, usd in completion.kept.items()},
        )
        await self._writer.submit(closing, "close", owed=intent is None)

    async def recover(self, now: datetime) -> int:
        """Settle what dead writers left open. Cheap when none died: call it every half minute as
        well.
        """
        return await self._writer.submit(Recovery(self._presence, self._id, self._chain, now))

    async def note_pruned(self, kind: Literal["prune", "prune_content"], until: datetime) -> None:
        """Record that policy deletes what began before `until`, before it does."""

        def note(cursor: Cursor) -> None:
            self._chain.append(cursor, kind, "", micros(until), (micros(until),), None)

        await self._writer.submit(note)

    async def note_act(self, act: Act) -> None:
        """Record what somebody is about to do with the record.

        Raises:
            StoreUnavailable: It cannot be; then it must not be done.
        """
        await self.seal(act.record)

    async def erase(self, act: Act, user: str | None) -> int:
        """Destroy the keys of what a user said, or with None of what everybody did, in the commit
        that records it; how many keys that were.

        Raises:
            StoreUnavailable: It cannot be recorded; nothing was destroyed.
        """

        def change(cursor: Cursor, chain: Chain) -> int:
            destroyed = destroy(cursor, user)
            act.record(cursor, chain)
            chain.content_keys.forget()
            return destroyed

        return await self.seal(change)

    async def seal(self, change: Callable[[Cursor, Chain], T]) -> T:
        """Run a change of what is configured, whose last act is its entry in the chain; both are
        written when this returns, or neither.

        Raises:
            StoreUnavailable: They cannot be; or the store failed in their commit, and nobody knows.
            MeshError: What `change` raised; what it did is undone.
        """
        try:
            done = await self._writer.submit(lambda cursor: change(cursor, self._chain), "change")
            if self._batched:  # that answer came before its commit; the next one comes after it
                await self._writer.submit(lambda _: None)
        except AuditUnavailable as error:
            raise StoreUnavailable(
                f"The change cannot be recorded: {self.trouble or 'the store failed'}. Once the "
                "store works again, look whether it was made: its commit may have been under way.",
                retry_after=error.retry_after,
            ) from error
        return done

    async def aclose(self) -> None:
        with suppress(AuditUnavailable):
            await self._writer.submit(self._unregister)
        await self._writer.aclose()
        self._presence.withdraw()

    def _connect(self) -> Connection:
        prepare(self._location)
        return self._location.connect(self._durability)

    def _register(self, cursor: Cursor) -> None:
        self._presence.announce(cursor)
        now = micros(datetime.now(UTC))
        cursor.execute(sql.HEARTBEAT, (now, self._id))
        if cursor.rowcount == 0:
            cursor.execute(
                sql.INSERT_WRITER,
                (self._id, socket.gethostname(), _boot_id(), os.getpid(), now, now),
            )

        self._chain.load(cursor)

    def _unregister(self, cursor: Cursor) -> None:
        cursor.execute(sql.HAS_PENDING, (self._id,))
        if cursor.fetchone() is None:  # else the next gateway settles what is left open
            cursor.execute(sql.DELETE_WRITER, (self._id,))


def _boot_id() -> str:
    """Differs after each boot of the machine; empty where the system does not tell."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
    except OSError:
        return ""
