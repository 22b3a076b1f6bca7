"""Money: reserved for the dearest candidate, topped up in slices while a stream runs, settled to
the real cost.

The reservation is committed together with the intent, by `call.open`, in one atomic statement of
the shared store. Fails closed: 402, and nothing was sent.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import aclosing
from decimal import Decimal
from functools import partial

from ..errors import AuditUnavailable
from ..schemas.catalog import Capability
from ..schemas.events import Answer, Chunk, Event, Events, Finished, Metered
from ..schemas.json import JsonObject
from ..spi.happenings import Happenings
from ..spi.journal import Journal
from .bound import capped, writes
from .call import Call, Window
from .chunks import text_chunk
from .fold import Fold
from .headroom import Headroom
from .holds import Need, charges, give_back, needs_of, reserve, uncharged
from .judging import tries
from .step import Next, Step
from .thresholds import Thresholds

_SLICE = Decimal("0.25")
"""Each top-up is a quarter of the first reservation."""
_NEAR = 20
"""Under so many times the most a call may cost of headroom, it counts as near the limit."""


class Budget(Step):
    """Only calls that really go upstream come here: a cache hit needs no money."""

    def __init__(
        self, journal: Journal, headroom: Headroom, happenings: Happenings | None = None
    ) -> None:
        self._journal = journal
        self._headroom = headroom
        self._thresholds = Thresholds(headroom, happenings or Happenings())

    async def __call__(self, call: Call, next: Next) -> Events:
        needs = needs_of(call)
        if not needs:
            return await next(call)
        whole = await self._reserve(call, needs)
        call.at_end.append(partial(self._release, call, needs))
        inner = await next(call)
        # What comes whole cannot be cut: all that it may cost is reserved.
        return inner if whole else self._budgeted(call, inner)

    async def _budgeted(self, call: Call, inner: Events) -> Events:
        folds = call.upstream_streams is True and not call.request.stream
        fold = Fold() if folds else None
        cut: Metered | None = None
        last: JsonObject = {}
        async with aclosing(inner) as events:
            async for event in events:
                if isinstance(event, Metered) and not event.final:
                    if await self._accrue(call, event.cost or Decimal(0)):
                        continue
                    cut = Metered(event.usage, event.model, event.cost)
                    break
                if isinstance(event, Chunk):
                    last = event.data
                    if fold is not None:
                        fold.add(event.data)
                        continue
                elif isinstance(event, Finished) and fold is not None:
                    yield Answer(fold.answer())
                yield event
        if cut is not None:
            for event in _cut_short(call, cut, last, fold):
                yield event

    async def _reserve(self, call: Call, needs: Sequence[Need]) -> bool:
        """Decide how the answer comes and what is held for it; tell when a budget runs low. Returns
        whether it comes in one piece.
        """
        rooms: dict[Window, Decimal] = {}
        for need in needs:
            used = await self._headroom.used(need.window)
            rooms[need.window] = need.rule.limit_usd - used + _above(call, need.window)
            _tell_near(call, need, used)
        whole = _comes_whole(call, needs, rooms)
        reserve(call, needs, whole=whole)
        for window, reserved in call.reserved.items():
            self._headroom.add(window, reserved.own)
        return whole

    async def _accrue(self, call: Call, used: Decimal) -> bool:
        """Top up each window whose reservation is nearly used up by what has been produced. False:
        one has no room.

        Raises:
            AuditUnavailable: Nobody knows whether there is; the answer ends, charged for what came.
        """
        short = {
            window: max(reserved.first * _SLICE, used - reserved.room)
            for window, reserved in call.reserved.items()
            if used and used >= reserved.room - reserved.first * _SLICE / 2
        }
        if short:
            free = uncharged(call)
            short = {window: more for window, more in short.items() if window[0] not in free}
        if not short:
            return True
        try:
            if not await self._journal.top_up(call.id, short, used + max(short.values())):
                return False
        except AuditUnavailable as error:
            raise AuditUnavailable(
                f"The answer breaks off here: what more of it would cost cannot be reserved. "
                f"{error.message}",
                retry_after=error.retry_after,
            ) from error
        for window, amount in short.items():
            call.reserved[window].own += amount
            call.reserved[window].room += amount
            self._headroom.add(window, amount)
        return True

    def _release(self, call: Call, needs: Sequence[Need]) -> None:
        """From here on others may use what the call did not."""
        give_back(call)
        charged = charges(call)
        for window, reserved in call.reserved.items():
            self._headroom.add(window, -reserved.own, charged[window])
        self._thresholds.look(needs)


def _above(call: Call, window: Window) -> Decimal:
    """What is left of the reservation of the call this one is made for."""
    if call.parent is None or window not in call.parent.reserved:
        return Decimal(0)
    return call.parent.reserved[window].room


def _comes_whole(call: Call, needs: Sequence[Need], rooms: dict[Window, Decimal]) -> bool:
    """Whether the answer comes in one piece. Near a hard limit it is streamed upstream whatever the
    client asked, so that it can be cut; a model that cannot stream has its output capped.
    """
    if not writes(call.request):
        return True
    streams = all(Capability.STREAM in one.facts.capabilities for one in call.candidates)
    if streams and call.request.stream:
        return False
    costs = [(rooms[need.window], need.most(call)) for need in needs if need.hard]
    near = any(most is None or (most and room < _NEAR * most) for room, most in costs)
    if near and streams:
        call.upstream_streams = True
        return False
    if near:
        room = min(room for room, most in costs if most != 0)
        call.request = capped(call, room / tries(call))
    return True


def _tell_near(call: Call, need: Need, used: Decimal) -> None:
    """Tell once a share of the budget is used up at which its rule wants an alert."""
    limit, amounts = need.rule.limit_usd, need.rule.alert_amounts
    if not amounts or used < amounts[0][1] or used >= limit or call.parent is not None:
        return
    passed = [share for share, amount in amounts if used >= amount]
    call.notice(
        "budget_near",
        f"{used / limit:.0%} of the budget of {need.title} (${limit:f}) are used.",
        {
            "budget": need.window[0],
            "alert_at": max(passed),
            "used_usd": f"{used:f}",
            "limit_usd": f"{limit:f}",
        },
    )


def _cut_short(call: Call, cut: Metered, last: JsonObject, fold: Fold | None) -> list[Event]:
    """How an answer ends that its budget has no room for: with `length`, and saying so."""
    call.report.usage, call.report.cost = cut.usage, cut.cost
    notice = call.notice("budget_cut", "Stopped here: the budget has no room for more.")
    ending: Chunk | Answer = text_chunk(last, (0, "content"), "", "length")
    if fold is not None:
        fold.add(ending.data)
        ending = Answer(fold.answer())
    return [notice, ending, cut, Finished("length")]
