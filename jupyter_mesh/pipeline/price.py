"""From tokens to money. Fails open: an unknown price is None, flagged, never zero."""

from __future__ import annotations

from contextlib import aclosing

from ..schemas.events import Answer, Chunk, Events, Metered
from ..schemas.spend import Usage, cost_of
from .call import Call
from .chunks import chunk_text
from .step import Next, Step

_SLICE_CHARACTERS = 256
"""How often a running stream is metered: about every 64 tokens."""


class PriceStep(Step):
    """Adds cost to the provider's final `Metered`, and meters a running stream by what it has
    produced, so that budgets hold while it runs and an aborted call is charged for what was
    written.
    """

    async def __call__(self, call: Call, next: Next) -> Events:
        produced = call.produced
        metered_at = 0
        async with aclosing(next(call)) as events:
            async for event in events:
                if isinstance(event, Chunk):
                    if text := chunk_text(event.data):
                        produced.text.append(text)
                        produced.characters += len(text)
                    yield event
                    if produced.characters - metered_at >= _SLICE_CHARACTERS:
                        metered_at = produced.characters
                        yield metered_so_far(call)
                elif isinstance(event, Metered):
                    if event.final:
                        yield _final(call, event)
                else:
                    if isinstance(event, Answer):
                        text = chunk_text(event.data)
                        produced.text.append(text)
                        produced.characters += len(text)
                    yield event


def _final(call: Call, event: Metered) -> Metered:
    candidate = call.candidate
    assert candidate is not None
    price = candidate.facts.price
    report = call.report
    report.usage = event.usage
    report.cost = None if price is None else cost_of(event.usage, price)
    report.price_source = None if price is None else price.source
    if price is None:
        call.notice("unpriced", f"The price of {candidate.id} is unknown; its cost is not counted.")
    return Metered(event.usage, model=candidate.id, cost=report.cost)


def metered_so_far(call: Call) -> Metered:
    """An estimate of what a call that still runs, or was cut short, has used."""
    candidate = call.candidate
    usage = Usage(input=call.input_bound * 2 // 3, output=call.produced.tokens(), estimated=True)
    price = candidate.facts.price if candidate else None
    cost = None if price is None else cost_of(usage, price)
    return Metered(usage, model=candidate.id if candidate else "", cost=cost, final=False)
