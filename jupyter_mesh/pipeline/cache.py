"""Answers given before, and one upstream call for many identical ones at once. Fails open: it may
miss.
"""

from __future__ import annotations

import hashlib
import logging
import time
from contextlib import aclosing
from dataclasses import replace
from decimal import Decimal
from functools import partial

import orjson

from ..errors import Conflict, MeshError
from ..schemas.events import Answer, Chunk, Events, Finished, FinishReason, Metered
from ..schemas.frozen import frozen
from ..schemas.json import Json, JsonObject
from ..spi.cache import Cache, CacheEntry
from .call import Call
from .chunks import finish_reason
from .flight import Flight
from .fold import unfold
from .price import settled
from .step import Next, Step

_log = logging.getLogger("jupyter_mesh")
_IRRELEVANT = frozenset(
    {"model", "stream", "stream_options", "user", "metadata", "store", "service_tier"}
)
_IDEMPOTENCY_SECONDS = 86_400.0
_ENDS: dict[str, FinishReason] = {
    "tool_calls": "tool_calls",
    "length": "length",
    "content_filter": "content_filter",
}


class Cached(Step):
    """Exact cache, single flight and idempotency keys.

    The key holds the tenant scope, the model that answered (it must still be a candidate), every
    parameter (system prompt and tools included, after redaction), the policy version and the
    caller's groups. Followers of a flight wait for its answer and replay it; if the leader fails
    or leaves, the next one leads. A call under an idempotency key flies with those of the same key
    only. A call made for another one neither waits nor is waited for: the one it waited for might
    be waiting for its own parent.
    """

    def __init__(self, cache: Cache) -> None:
        self._cache = cache
        self._flights: dict[str, Flight] = {}

    def __call__(self, call: Call, next: Next) -> Events:
        names = _names(call)
        return next(call) if names is None else self._cached(call, names, next)

    async def _cached(self, call: Call, names: _Names, next: Next) -> Events:
        call.report.cache = "miss"
        entry = await self._find(call, names)
        if entry is not None:
            for event in replay(call, entry):
                yield event
            return
        flight = Flight(call, names.digest, next(call), partial(self._keep, call, names))
        if call.parent is None:
            self._flights[names.flight] = flight
        try:
            async with aclosing(flight):
                while (event := await flight.next()) is not None:
                    yield event
        finally:
            if names.idempotency is not None and not flight.kept and _was_charged(call):
                await self._put(names.idempotency, _broken_off(call, names), _IDEMPOTENCY_SECONDS)
            self._forget(names.flight, flight)

    async def _find(self, call: Call, names: _Names) -> CacheEntry | None:
        """An answer that is there or on its way; None: the call has to lead."""
        while True:
            entry = await self._look_up(call, names)
            flight = self._flights.get(names.flight) if call.parent is None else None
            if entry is not None or flight is None:
                return entry
            if flight.digest != names.digest:
                raise _conflict()
            entry = await flight.join()
            if entry is not None:
                return entry
            self._forget(names.flight, flight)

    def _forget(self, name: str, flight: Flight) -> None:
        if self._flights.get(name) is flight:
            del self._flights[name]

    async def _look_up(self, call: Call, names: _Names) -> CacheEntry | None:
        if names.idempotency is not None:
            entry = await self._get(names.idempotency)
            if entry is None:
                return None
            if entry.body.get("digest") != names.digest:
                raise _conflict()
            if isinstance(answer := entry.body.get("answer"), dict):
                return replace(entry, body=answer)
            raise Conflict(
                "The call with this Idempotency-Key was charged, but its answer broke off or is "
                "too long to be kept; to pay for another one, use a new key."
            )
        for candidate in call.candidates:
            entry = await self._get(f"{names.key}|{candidate.id}")
            if entry is not None:
                age = time.time() - entry.created
                if call.cache.max_age is None or age <= call.cache.max_age:
                    return entry
        return None

    async def _keep(self, call: Call, names: _Names, entry: CacheEntry, whole: bool) -> None:
        if names.idempotency is not None:
            saved = replace(entry, body={"digest": names.digest, "answer": entry.body})
            await self._put(names.idempotency, saved, _IDEMPOTENCY_SECONDS)
        if whole and _may_be_kept(call):
            ttl = call.snapshot.cache.ttl.total_seconds()
            await self._put(f"{names.key}|{entry.model}", entry, ttl)

    async def _get(self, name: str) -> CacheEntry | None:
        try:
            return await self._cache.get(name)
        except (MeshError, OSError) as error:
            _log.warning("The cache cannot be read: %s", error)
            return None

    async def _put(self, name: str, entry: CacheEntry, ttl: float) -> None:
        try:
            await self._cache.put(name, entry, ttl)
        except (MeshError, OSError) as error:
            _log.warning("The cache cannot be written: %s", error)


@frozen
class _Names:
    """Under what the answer to a call is looked for.

    Attributes:
        key: A hash of everything that could change the answer.
        flight: Calls with the same one are made once.
        idempotency: Where the answer to a retry stands.
        digest: A hash of what is asked under an idempotency key, whatever the policy is now.
    """

    key: str
    flight: str
    idempotency: str | None = None
    digest: str = ""


def _names(call: Call) -> _Names | None:
    if not call.guarded:
        return None
    if call.idempotency_key is not None:
        named = f"{call.principal.user}\0{call.principal.key_id}\0{call.idempotency_key}"
        name = f"idempotency|{hashlib.sha256(named.encode()).hexdigest()}"
        asked: list[Json] = [call.request.operation, call.request.model, _parameters(call)]
        return _Names(_key(call), name, name, _hash(asked))
    if not _may_be_kept(call):
        return None
    key = _key(call)
    return _Names(key, f"{key}|{','.join(one.id for one in call.candidates)}")


def _may_be_kept(call: Call) -> bool:
    return call.snapshot.cache.enabled and not call.cache.no_store


def _key(call: Call) -> str:
    scope = call.snapshot.cache.scope
    # Those without any group are no group: nothing says that they may read one another.
    apart = scope == "user" or (scope == "group" and not call.groups)
    redacted = any(verdict.get("action") == "redact" for verdict in call.report.verdicts)
    return _hash(
        [
            scope,
            call.principal.user if apart else None,
            [*sorted(call.groups)],
            call.request.operation,
            call.snapshot.version,
            redacted,
            _parameters(call),
        ]
    )


def _parameters(call: Call) -> JsonObject:
    return {name: value for name, value in call.request.body.items() if name not in _IRRELEVANT}


def _hash(parts: list[Json]) -> str:
    return hashlib.sha256(orjson.dumps(parts, option=orjson.OPT_SORT_KEYS)).hexdigest()


def _was_charged(call: Call) -> bool:
    return call.sent or bool(call.lost) or call.report.usage is not None


def _broken_off(call: Call, names: _Names) -> CacheEntry:
    """Stands for an answer that nobody has, but that was paid."""
    usage, cost = settled(call)
    body: JsonObject = {"digest": names.digest}
    return CacheEntry(
        body=body, model=call.report.model or "", usage=usage, cost=cost, created=time.time()
    )


def _conflict() -> Conflict:
    return Conflict("This Idempotency-Key was used for another request; use a new one.")


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
