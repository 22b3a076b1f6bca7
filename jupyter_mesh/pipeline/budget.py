"""Money: reserved for the dearest candidate, topped up in slices while a stream runs, settled to
the
real cost.

The reservation is committed together with the intent, by `call.open`, in one atomic statement of
the shared store. Fails closed: 402, and nothing was sent.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import aclosing
from decimal import Decimal

from ..errors import AuditUnavailable, BudgetExceeded
from ..schemas.audit import Hold
from ..schemas.catalog import Capability
from ..schemas.events import Answer, Chunk, Event, Events, Finished, Metered
from ..schemas.json import JsonObject
from ..schemas.policy import BudgetRule
from ..schemas.request import Operation
from ..schemas.spend import Usage, cost_of
from ..spi.journal import Journal
from .call import Call, Window
from .chunks import text_chunk
from .fold import Fold
from .headroom import Headroom
from .scopes import reaches, share
from .snapshot import Candidate
from .step import Next, Step
from .windows import window_of

_SLICE = Decimal("0.25")
"""Each top-up is a quarter of the first reservation."""
_NEAR = 20
"""Under so many times the call's maximum of headroom, a call counts as near the limit."""


class Budget(Step):
    """Only calls that really go upstream come here: a cache hit needs no money."""

    def __init__(self, journal: Journal, headroom: Headroom) -> None:
        self._journal = journal
        self._headroom = headroom

    def __call__(self, call: Call, next: Next) -> Events:
        call.holds = holds_for(call)
        return self._budgeted(call, next) if call.holds else next(call)

    async def _budgeted(self, call: Call, next: Next) -> Events:
        await self._near_limit(call)
        folds = call.upstream_streams is True and not call.request.stream
        fold = Fold() if folds else None
        cut: Metered | None = None
        last: JsonObject = {}
        try:
            async with aclosing(next(call)) as events:
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
        finally:
            _give_back(call)

    async def _near_limit(self, call: Call) -> None:
        """Near a hard limit, stream upstream whatever the client asked, or cap a model that cannot
        stream.
        """
        hard = [hold for hold in call.holds if hold.hard]
        room = min([await self._headroom.of(hold) for hold in hard], default=None)
        for hold in hard:
            self._headroom.add(hold, hold.amount)
        dearest = max((hold.amount for hold in hard), default=Decimal(0))
        if room is None or dearest == 0 or room >= _NEAR * dearest:
            return
        if call.request.operation not in (Operation.CHAT, Operation.COMPLETION):
            return
        if all(Capability.STREAM in one.facts.capabilities for one in call.candidates):
            call.upstream_streams = True
        else:
            _cap_output(call, room)

    async def _accrue(self, call: Call, used: Decimal) -> bool:
        """Top the reservation up when what has been produced comes near it. False: there is no
        room.

        Raises:
            AuditUnavailable: Nobody knows whether there is; the answer ends, charged for what came.
        """
        room = max(call.room.values())
        if used < room * (1 - _SLICE / 2) or call.reserved == 0:
            return True
        amount = max(call.reserved_first * _SLICE, used - room)
        try:
            if not await self._journal.top_up(call.id, amount):
                return False
        except AuditUnavailable as error:
            raise AuditUnavailable(
                f"The answer breaks off here: what more of it would cost cannot be reserved. "
                f"{error.message}",
                retry_after=error.retry_after,
            ) from error
        call.reserved += amount
        for hold in call.holds:
            self._headroom.add(hold, amount)
        for window in call.room:
            call.room[window] += amount
        return True


def _cut_short(call: Call, cut: Metered, last: JsonObject, fold: Fold | None) -> list[Event]:
    """How an answer ends that its budget has no room for: with `length`, and saying so."""
    call.report.usage, call.report.cost = cut.usage, cut.cost
    notice = call.notice("budget_cut", "Stopped here: the budget has no room for more.")
    ending: Chunk | Answer = text_chunk(last, (0, "content"), "", "length")
    if fold is not None:
        fold.add(ending.data)
        ending = Answer(fold.answer())
    return [notice, ending, cut, Finished("length")]


def _claim(call: Call, window: Window, need: Decimal) -> Decimal:
    """Take up to `need` of what is left of the reservation of the call this one is made for."""
    if call.parent is None or not call.parent.opened or window in call.claims:
        return call.claims.get(window, Decimal(0))
    room = call.parent.room
    claimed = max(Decimal(0), min(need, room.get(window, Decimal(0))))
    if claimed:
        room[window] -= claimed
        call.claims[window] = claimed
    return claimed


def _give_back(call: Call) -> None:
    """Leave to the parent what was claimed of its room and not used."""
    if call.parent is None or (call.report.usage is None and call.produced.characters):
        return  # broken off: nobody knows yet what it will be charged
    topped = call.reserved - call.reserved_first
    for hold in call.holds:
        window = (hold.budget, hold.window_start)
        own, claimed = hold.amount + topped, call.claims.pop(window, Decimal(0))
        nested = own + claimed - call.room[window]
        used = max(Decimal(0), nested + (call.report.cost or Decimal(0)) - own)
        if claimed > used:
            call.parent.room[window] += claimed - used


def _cap_output(call: Call, room: Decimal) -> None:
    prices = [one.facts.price for one in call.candidates if one.facts.price]
    per_token = max((price.output for price in prices), default=Decimal(0)) / 1_000_000
    if per_token > 0:
        affordable = max(1, int(room / per_token))
        wanted = call.request.max_tokens
        if wanted is None or wanted > affordable:
            call.request = call.request.with_body(max_tokens=affordable)


def holds_for(call: Call) -> tuple[Hold, ...]:
    """The reservation a call needs in each budget window that applies to it. Sets `call.reserved`.

    A call made for another claims what it can of that one's reservation and holds only the rest.

    Raises:
        BudgetExceeded: A candidate's price is unknown and the budget refuses such models.
    """
    holds: list[Hold] = []
    for rule in call.snapshot.budgets:
        key = share(rule.scope, call.principal, call.groups)
        reached = [one for one in call.candidates if reaches(rule.scope, one)]
        if key is None or not reached:
            continue
        need = _maximum(rule, reached, call)
        window = (budget_key(rule, key), window_of(rule, call.started_at)[0])
        holds.append(
            Hold(
                budget=window[0],
                window_start=window[1],
                window=rule.window,
                limit=rule.limit_usd,
                amount=max(Decimal(0), need - _claim(call, window, need)),
                hard=rule.on_limit == "block",
            )
        )
        call.room[window] = max(need, call.room.get(window, need))
    call.reserved = call.reserved_first = max(call.room.values(), default=Decimal(0))
    return tuple(holds)


def budget_key(rule: BudgetRule, key: str) -> str:
    """A name for one share of a budget that stays the same while its limit is edited."""
    return f"{rule.ledger_name}|{key}"


def _maximum(rule: BudgetRule, candidates: Sequence[Candidate], call: Call) -> Decimal:
    """The most the call may cost on the dearest of `candidates`, before slices."""
    request = call.request
    amounts = [Decimal(0)]
    for candidate in candidates:
        price = candidate.facts.price
        if price is None:
            if rule.unknown_price == "refuse":
                raise BudgetExceeded(
                    f"The price of {candidate.id} is unknown and this budget takes no unpriced "
                    "model; ask an admin to enter its price."
                )
            continue
        output = 0
        if request.operation in (Operation.CHAT, Operation.COMPLETION):
            limits = (request.max_tokens, rule.reserve_output_tokens, candidate.facts.max_output)
            output = min(limit for limit in limits if limit is not None) * request.choices
        amounts.append(cost_of(Usage(input=call.input_bound, output=output), price))
    return max(amounts)


def uncharged(call: Call) -> tuple[str, ...]:
    """Budgets whose connection or model scope does not cover what really answered: released, not
    charged.
    """
    candidate = call.candidate
    if candidate is None:
        return ()
    return tuple(
        budget_key(rule, key)
        for rule in call.snapshot.budgets
        if (rule.scope.connection or rule.scope.model)
        and not reaches(rule.scope, candidate)
        and (key := share(rule.scope, call.principal, call.groups)) is not None
    )
