"""A kept answer as events again."""

from __future__ import annotations

from decimal import Decimal

from ..schemas.events import Answer, Chunk, Finished, FinishReason, Metered
from ..spi.cache import CacheEntry
from .call import Call
from .chunks import finish_reason
from .fold import unfold

_ENDS: dict[str, FinishReason] = {
    "tool_calls": "tool_calls",
    "length": "length",
    "content_filter": "content_filter",
}


def replay(call: Call, entry: CacheEntry) -> list[Chunk | Answer | Metered | Finished]:
    """The events of a cached answer, at cost 0, streamed or whole as the client asked."""
    report = call.report
    report.cache = "hit"
    report.model = entry.model
    candidate = call.snapshot.models.get(entry.model)
    if candidate is not None:
        report.provider, report.connection = candidate.facts.provider, candidate.facts.connection
    report.usage, report.cost = entry.usage, Decimal(0)
    report.saved = entry.cost or Decimal(0)
    report.price_source = "cache"
    call.notice("cache_hit", "Answered from the cache at no cost.")
    events: list[Chunk | Answer | Metered | Finished] = []
    if call.request.stream:
        events += unfold(entry.body, call.request.operation)
    else:
        events.append(Answer(entry.body))
    reason = finish_reason(entry.body)
    events.append(Metered(entry.usage, model=entry.model, cost=Decimal(0)))
    events.append(Finished(_ENDS.get(reason or "", "stop")))
    return events
