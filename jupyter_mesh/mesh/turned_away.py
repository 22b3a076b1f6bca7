"""Calls that were turned away at the door: counted, and recorded together, one record for those of
a caller in about a second.

A flood of them so costs no commit each. What is counted and not yet recorded when a gateway is
killed is lost: about a second's number. Nothing was read or sent for such calls.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import TypeAlias

from ..errors import LimitExceeded
from ..pipeline.door import Door
from ..pipeline.scopes import Caller, caller
from ..pipeline.snapshot import Snapshot
from ..schemas.audit import UNSPECIFIED, Completion, Intent
from ..schemas.principal import Principal
from ..schemas.request import Operation
from ..spi.journal import Journal
from .alerting import Watcher
from .metrics import Metrics
from .nested import new_call_id

FLUSH_SECONDS = 1.0
_log = logging.getLogger("jupyter_mesh")
_Kind: TypeAlias = tuple[Caller, str, Operation]


@dataclass(slots=True, eq=False)
class _Tally:
    """Calls of one caller for one operation.

    Attributes:
        intent: Of the first of them, as far as anybody has looked.
        refused: What the first was told.
        count: How many they are.
        last: When the last of them came.
    """

    intent: Intent
    refused: LimitExceeded
    count: int
    last: datetime


class TurnedAway:
    """Asks the door, and keeps the record of what it answers.

    Args:
        door: Knows who is refused.
        journal: Where they are recorded; while it cannot be written nobody is turned away here: the
            pipeline says that no call is let out.
        watcher: Alerts where a limit refuses repeatedly.
        metrics: Counts them.
    """

    def __init__(self, door: Door, journal: Journal, watcher: Watcher, metrics: Metrics) -> None:
        self._door = door
        self._journal = journal
        self._watcher = watcher
        self._metrics = metrics
        self._tallies: dict[_Kind, _Tally] = {}
        self._due: list[_Tally] = []
        self._writing = asyncio.Lock()

    def ask(
        self, snapshot: Snapshot, principal: Principal, operation: Operation
    ) -> tuple[str, LimitExceeded] | None:
        """Of a call that is turned away the id of its record and the error; None: let it in."""
        if not snapshot.limits or not self._journal.healthy:
            return None
        refused = self._door.refusal(snapshot, principal)
        if refused is None:
            return None
        now = datetime.now(UTC)
        kind = (caller(principal), principal.via, operation)
        tally = self._tallies.get(kind)
        if tally is None:
            intent = _intent(snapshot, principal, operation, now)
            tally = self._tallies[kind] = _Tally(intent, refused, 0, now)
        tally.count += 1
        tally.last = now
        self._watcher.refused(refused)
        self._metrics.turned_away()
        return tally.intent.id, refused

    async def flush(self) -> None:
        """Record what was counted. What the store does not take is tried again the next time, with
        the same id and number: it may have been recorded all the same.

        Raises:
            AuditUnavailable: The store cannot be written.
        """
        async with self._writing:
            for tally in self._tallies.values():
                said = "%d calls turned away unread [%s] %s"
                _log.info(said, tally.count, tally.intent.id, tally.refused.message)
                self._due.append(tally)
            self._tallies = {}
            if not self._due:
                return
            writing = [self._journal.close(_completion(tally), tally.intent) for tally in self._due]
            ends = await asyncio.gather(*writing, return_exceptions=True)
            failures = [end for end in ends if end is not None]
            self._due = [
                tally for tally, end in zip(self._due, ends, strict=True) if end is not None
            ]
            if failures:
                raise failures[0]


def _intent(
    snapshot: Snapshot, principal: Principal, operation: Operation, now: datetime
) -> Intent:
    """What is known of a call that was not read: all but what it asks."""
    groups = snapshot.groups_of(principal)
    return Intent(
        id=new_call_id(),
        started_at=now,
        user=principal.user,
        via=principal.via,
        application=principal.application,
        operation=operation.value,
        requested_model="",
        groups=tuple(sorted(groups)),
        purpose=principal.purpose or UNSPECIFIED,
        key_id=principal.key_id,
        charged_group=snapshot.charged_group(groups, ""),
    )


def _completion(tally: _Tally) -> Completion:
    return Completion(
        id=tally.intent.id,
        started_at=tally.intent.started_at,
        ended_at=tally.last,
        outcome="refused",
        cost=Decimal(0),
        error_code=tally.refused.code,
        error_message=tally.refused.message,
        stands_for=tally.count,
    )
