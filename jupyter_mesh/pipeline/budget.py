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

from ..errors import BudgetExceeded
from ..schemas.audit import Hold
from ..schemas.catalog import Capability
from ..schemas.events import Answer, Chunk, Event, Events, Finished, Metered
from ..schemas.json import JsonObject
from ..schemas.policy import BudgetRule
from ..schemas.request import Operation
from ..schemas.spend import Usage, cost_of
from ..spi.journal import Journal
from .call import Call
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
        async with aclosing(next(call)) as events:
            async for event in events:
                if isinstance(event, Metered):
                    if event.final:
                        _draw(call, event.cost)
                    elif not await self._accrue(call, event.cost):
                        cut = Metered(event.usage, event.model, event.cost)
                        break
                    else:
                        continue
                elif isinstance(event, Chunk):
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

    async def _accrue(self, call: Call, cost: Decimal | None) -> bool:
        """Top the reservation up when what has been produced comes near it. False: there is no
        room.
        """
        root = call.parent or call
        used = (cost or Decimal(0)) + (root.drawn if root is not call else Decimal(0))
        if used < root.reserved * (1 - _SLICE / 2) or root.reserved == 0:
            return True
        amount = root.reserved_first * _SLICE
        if not await self._journal.top_up(root.id, amount):
            return False
        root.reserved += amount
        for hold in root.holds:
            self._headroom.add(hold, amount)
        return True


def _cut_short(call: Call, cut: Metered, last: JsonObject, fold: Fold | None) -> list[Event]:
    """How an answer ends that its budget has no room for: with `length`, and saying so."""
    call.report.usage, call.report.cost = cut.usage, cut.cost
    _draw(call, cut.cost)
    notice = call.notice("budget_cut", "Stopped here: the budget has no room for more.")
    ending: Chunk | Answer = text_chunk(last, (0, "content"), "", "length")
    if fold is not None:
        fold.add(ending.data)
        ending = Answer(fold.answer())
    return [notice, ending, cut, Finished("length")]


def _draw(call: Call, cost: Decimal | None) -> None:
    if call.parent is not None and cost is not None:
        call.parent.drawn += cost


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

    A call made for another draws on that one's reservation and holds nothing of its own.

    Raises:
        BudgetExceeded: A candidate's price is unknown and the budget refuses such models.
    """
    holds: list[Hold] = []
    drawing = call.parent is not None and call.parent.opened
    for rule in call.snapshot.budgets:
        key = share(rule.scope, call.principal, call.groups)
        reached = [one for one in call.candidates if reaches(rule.scope, one)]
        if key is None or not reached:
            continue
        amount = _maximum(rule, reached, call)
        holds.append(
            Hold(
                budget=budget_key(rule, key),
                window_start=window_of(rule, call.started_at)[0],
                window=rule.window,
                limit=rule.limit_usd,
                amount=Decimal(0) if drawing else amount,
                hard=rule.on_limit == "block",
            )
        )
    call.reserved = call.reserved_first = max((hold.amount for hold in holds), default=Decimal(0))
    return tuple(holds)


def budget_key(rule: BudgetRule, key: str) -> str:
    """A name for one share of a budget that stays the same while its limit is edited."""
    scope = ",".join(
        f"{k}={v}" for k, v in sorted(rule.scope.model_dump(exclude_none=True).items())
    )
    return f"{scope or 'everyone'}|{rule.window}|{key}"


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
