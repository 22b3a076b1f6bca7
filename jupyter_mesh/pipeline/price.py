"""From tokens to money. Fails open: an unknown price is None, flagged, never zero."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import aclosing
from decimal import Decimal

from ..schemas.events import Answer, Chunk, Events, Metered
from ..schemas.request import Operation, Request
from ..schemas.searches import searches_of
from ..schemas.spend import Usage, cost_by_class, cost_of, total_cost
from .call import Call
from .snapshot import Candidate
from .step import Next, Step

_SLICE_CHARACTERS = 256
"""How often a running stream is metered: about every 64 tokens."""
_MOST_TOKENS = 10**12
"""No call has so many."""
_NOTHING = Metered(Usage(), cost=Decimal(0), final=False)


class PriceStep(Step):
    """Adds cost to the provider's final `Metered`, and meters a running stream by what it has
    produced, so that budgets hold while it runs and an aborted call is charged for what was
    written.
    """

    async def __call__(self, call: Call, next: Next) -> Events:
        return _priced(call, await next(call))


async def _priced(call: Call, inner: Events) -> Events:
    produced = call.produced
    metered_at = 0
    async with aclosing(inner) as events:
        async for event in events:
            if isinstance(event, Chunk):
                produced.add(event.data)
                yield event
                if produced.characters - metered_at >= _SLICE_CHARACTERS:
                    metered_at = produced.characters
                    yield metered_so_far(call)
            elif isinstance(event, Metered):
                if event.final:
                    yield _final(call, event)
            else:
                if isinstance(event, Answer):
                    produced.add(event.data)
                yield event


def _final(call: Call, event: Metered) -> Metered:
    candidate = call.candidate
    assert candidate is not None
    price = candidate.facts.price
    report = call.report
    if _plausible(event.usage):
        cost = None if price is None else cost_of(event.usage, price)
        tries = [*call.lost, Metered(event.usage, candidate.id, cost)]
    else:
        tries = _tries(call)
    metered = total(tries)
    report.usage, report.cost = metered.usage, metered.cost
    report.cost_classes = _classes(call, tries)
    if price is not None:
        report.price_source, report.priced_at = price.source, price.taken_at
        report.saved_by_fallback = _saved_by_fallback(call, candidate, tries[-1])
    if price is None:
        call.notice("unpriced", f"The price of {candidate.id} is unknown; its cost is not counted.")
    return Metered(report.usage, model=candidate.id, cost=report.cost)


def _plausible(usage: Usage) -> bool:
    """Whether these can be counts of tokens; an upstream or a plugin may report anything."""
    for count in usage.counts:
        if type(count) is not int or not 0 <= count <= _MOST_TOKENS:
            return False
    return True


def metered_so_far(call: Call) -> Metered:
    """An estimate of what a call that still runs, or was cut short, has used."""
    tries = _tries(call)
    return total(tries) if tries else _NOTHING


def _tries(call: Call) -> list[Metered]:
    return [*call.lost, estimated(call)] if call.sent else call.lost


def _classes(call: Call, tries: Sequence[Metered]) -> dict[str, Decimal]:
    """What the tries cost by class of tokens, those of an unknown price left out."""
    costs: dict[str, Decimal] = {}
    for one in tries:
        candidate = call.snapshot.models.get(one.model)
        price = candidate.facts.price if candidate else None
        if price is None:
            continue
        found = cost_by_class(one.usage, price, one.cost)
        if not costs:
            costs = found
            continue
        for name, cost in found.items():
            costs[name] = costs.get(name, Decimal(0)) + cost
    return costs


def _saved_by_fallback(call: Call, candidate: Candidate, answered: Metered) -> Decimal:
    """By how much the answer was cheaper than the first candidate's would have been."""
    first = call.candidates[0] if call.candidates else candidate
    if first is candidate or first.facts.price is None or answered.cost is None:
        return Decimal(0)
    return max(Decimal(0), cost_of(answered.usage, first.facts.price) - answered.cost)


def classes_of(call: Call, cost: Decimal | None) -> Mapping[str, Decimal]:
    """What `cost` of a call that ends now consists of; empty where it is not known or nothing."""
    if not cost:
        return {}
    classes = call.report.cost_classes or _classes(call, _tries(call))
    return classes if sum(classes.values()) == cost else {}


def estimated(call: Call) -> Metered:
    """What the present try has used, if the provider works on it."""
    candidate = call.candidate
    usage = Usage(
        input=call.input_bound * 2 // 3,
        output=call.produced.tokens(),
        estimated=True,
        more_requests=more_requests(call.request),
    )
    price = candidate.facts.price if candidate else None
    cost = None if price is None else cost_of(usage, price)
    return Metered(usage, model=candidate.id if candidate else "", cost=cost, final=False)


def more_requests(request: Request) -> int:
    """As how many requests beyond one it is likely charged: rankings by the hundred documents."""
    ranks = request.operation is Operation.RERANK
    return searches_of(request.body.get("documents")) - 1 if ranks else 0


def total(tries: Sequence[Metered]) -> Metered:
    """Several tries as one. A cost that is unknown is left out where another is known."""
    if len(tries) == 1:
        return tries[0]
    usage = sum((one.usage for one in tries), Usage())
    known, unknown = total_cost(one.cost for one in tries)
    cost = None if unknown and unknown == len(tries) else known
    return Metered(usage, model=tries[-1].model if tries else "", cost=cost, final=False)


def settled(call: Call) -> tuple[Usage, Decimal | None]:
    """Tokens and USD that a call which ends now is charged: what was reported, else an estimate of
    what a provider has done for it. A cost of None is unknown; a cache hit and a call that nobody
    worked on cost nothing.
    """
    report = call.report
    if report.usage is None:
        metered = metered_so_far(call)
        return metered.usage, metered.cost
    return report.usage, report.cost
