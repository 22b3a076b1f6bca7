"""Answers given before, and one upstream call for many identical ones at once. Fails open: it may
miss.
"""

from __future__ import annotations

import asyncio
import hashlib
import time
from contextlib import aclosing
from decimal import Decimal

import orjson

from ..errors import Conflict
from ..schemas.events import Answer, Chunk, Events, Finished, Metered
from ..schemas.json import JsonObject
from ..spi.cache import Cache, CacheEntry
from .call import Call
from .chunks import finish_reason
from .fold import Fold, unfold
from .step import Next, Step

_IRRELEVANT = frozenset(
    {"model", "stream", "stream_options", "user", "metadata", "store", "service_tier"}
)
_LARGEST = 4 * 1024 * 1024
_IDEMPOTENCY_SECONDS = 86_400.0


class Cached(Step):
    """Exact cache, single flight and idempotency keys.

    The key holds the tenant scope, the model that answered (it must still be a candidate), every
    parameter (system prompt and tools included, after redaction), the policy version and the
    caller's groups. Followers of a flight wait for its leader and replay; if the leader fails or
    leaves, the next one leads.
    """

    def __init__(self, cache: Cache) -> None:
        self._cache = cache
        self._flights: dict[str, asyncio.Future[CacheEntry | None]] = {}

    def __call__(self, call: Call, next: Next) -> Events:
        key = _key(call)
        return next(call) if key is None else self._cached(call, key, next)

    async def _cached(self, call: Call, key: str, next: Next) -> Events:
        call.report.cache = "miss"
        flight_key = f"{key}|{','.join(one.id for one in call.candidates)}"
        while True:
            entry = await self._look_up(call, key)
            if entry is None and (flight := self._flights.get(flight_key)) is not None:
                entry = await asyncio.shield(flight)
                if entry is None:
                    continue
            break
        if entry is not None:
            for event in replay(call, entry):
                yield event
            return
        flight = self._flights[flight_key] = asyncio.get_running_loop().create_future()
        recording = _Recording(call)
        try:
            async with aclosing(next(call)) as events:
                async for event in events:
                    recording.add(event)
                    if isinstance(event, Finished) and (entry := recording.entry()) is not None:
                        await self._keep(call, key, entry)
                        flight.set_result(entry)
                    yield event
        finally:
            self._flights.pop(flight_key, None)
            if not flight.done():
                flight.set_result(None)

    async def _look_up(self, call: Call, key: str) -> CacheEntry | None:
        if call.idempotency_key is not None:
            entry = await self._cache.get(_idempotency_name(call))
            if entry is not None and entry.body.get("digest") != key:
                raise Conflict("This Idempotency-Key was used for another request; use a new one.")
            if entry is not None and isinstance(answer := entry.body.get("answer"), dict):
                return CacheEntry(
                    body=answer,
                    model=entry.model,
                    usage=entry.usage,
                    cost=entry.cost,
                    created=entry.created,
                )
            return None
        if call.cache.no_store or not call.snapshot.cache.enabled:
            return None
        for candidate in call.candidates:
            entry = await self._cache.get(f"{key}|{candidate.id}")
            if entry is not None:
                age = time.time() - entry.created
                if call.cache.max_age is None or age <= call.cache.max_age:
                    return entry
        return None

    async def _keep(self, call: Call, key: str, entry: CacheEntry) -> None:
        if call.idempotency_key is not None:
            body: JsonObject = {"digest": key, "answer": entry.body}
            saved = CacheEntry(
                body=body,
                model=entry.model,
                usage=entry.usage,
                cost=entry.cost,
                created=entry.created,
            )
            await self._cache.put(_idempotency_name(call), saved, _IDEMPOTENCY_SECONDS)
        if call.snapshot.cache.enabled and not call.cache.no_store:
            ttl = call.snapshot.cache.ttl.total_seconds()
            await self._cache.put(f"{key}|{entry.model}", entry, ttl)


def _key(call: Call) -> str | None:
    rule = call.snapshot.cache
    wanted = rule.enabled and not call.cache.no_store
    if not call.guarded or not (wanted or call.idempotency_key):
        return None
    scope: list[str] = {"user": [call.principal.user], "group": [], "everyone": [""]}[rule.scope]
    body = {name: value for name, value in call.request.body.items() if name not in _IRRELEVANT}
    redacted = any(verdict.get("action") == "redact" for verdict in call.report.verdicts)
    parts = [
        scope,
        sorted(call.groups),
        call.request.operation,
        call.snapshot.version,
        redacted,
        body,
    ]
    packed = orjson.dumps(parts, option=orjson.OPT_SORT_KEYS)
    return hashlib.sha256(packed).hexdigest()


def _idempotency_name(call: Call) -> str:
    named = f"{call.principal.user}\0{call.principal.key_id}\0{call.idempotency_key}"
    return f"idempotency|{hashlib.sha256(named.encode()).hexdigest()}"


class _Recording:
    """What the leader's answer is made of, while it passes."""

    def __init__(self, call: Call) -> None:
        self._call = call
        self._fold: Fold | None = None
        self._answer: JsonObject | None = None
        self._metered: Metered | None = None
        self._finished: Finished | None = None

    def add(self, event: object) -> None:
        """Take note of one event."""
        if isinstance(event, Chunk):
            self._fold = self._fold or Fold()
            if self._call.produced.characters <= _LARGEST:
                self._fold.add(event.data)
        elif isinstance(event, Answer):
            self._answer = event.data
        elif isinstance(event, Metered) and event.final:
            self._metered = event
        elif isinstance(event, Finished):
            self._finished = event

    def entry(self) -> CacheEntry | None:
        """The finished answer, unless it is cut short, filtered or too large to keep."""
        whole = self._finished is not None and self._finished.reason in ("stop", "tool_calls")
        if not whole or self._metered is None or self._call.produced.characters > _LARGEST:
            return None
        body = self._answer or (self._fold.answer() if self._fold else None)
        if body is None:
            return None
        return CacheEntry(
            body=body,
            model=self._metered.model,
            usage=self._metered.usage,
            cost=self._metered.cost,
            created=time.time(),
        )


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
    events.append(Finished("tool_calls" if reason == "tool_calls" else "stop"))
    return events
