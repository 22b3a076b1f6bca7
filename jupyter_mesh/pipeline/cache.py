"""Answers given before, and one upstream call for many identical ones at once. Fails open: it may
miss.
"""

from __future__ import annotations

import time
from contextlib import aclosing
from dataclasses import replace
from functools import partial

from ..errors import Conflict
from ..schemas.events import Events
from ..schemas.json import JsonObject
from ..schemas.request import Operation
from ..spi.cache import Cache, CacheEntry
from ..spi.models import Models
from ..spi.similar import SimilarQuestions
from .cache_names import Names, may_be_kept, names_of
from .call import Call
from .flight import Flight
from .kept_answers import OpenCache, Shelf, WholeAnswers
from .kept_vectors import Vectors
from .near_question import NearQuestion, question_of
from .price import settled
from .replay import replay
from .step import Next, Step

_IDEMPOTENCY_SECONDS = 86_400.0


class Cached(Step):
    """Exact cache, single flight and idempotency keys.

    The key holds the tenant scope, the model that answered (it must still be a candidate), every
    parameter (system prompt and tools included, after redaction), the policy version and the
    caller's groups. Followers of a flight wait for its answer and replay it; if the leader fails
    or leaves, the next one leads. A call under an idempotency key flies with those of the same key
    only. A call made for another one neither waits nor is waited for: the one it waited for might
    be waiting for its own parent.
    """

    def __init__(self, cache: Cache, similar: SimilarQuestions, models: Models) -> None:
        self._cache = OpenCache(cache)
        self._similar = similar
        self._models = models
        self._flights: dict[str, Flight] = {}

    async def __call__(self, call: Call, next: Next) -> Events:
        names = names_of(call)
        return await next(call) if names is None else self._cached(call, names, next)

    async def _cached(self, call: Call, names: Names, next: Next) -> Events:
        call.report.cache = "miss"
        shelf = self._shelf(call, names)
        entry = await self._find(call, names, shelf)
        if entry is not None:
            for event in replay(call, entry):
                yield event
            return
        keep = partial(self._keep, call, names, shelf)
        lost = partial(self._lose, call, names)
        flight = Flight(call, names.digest, shelf.ask(next), keep, lost)
        if call.parent is None:
            self._flights[names.flight] = flight
        try:
            async with aclosing(flight):
                while (event := await flight.next()) is not None:
                    yield event
        finally:
            self._forget(names.flight, flight)

    def _shelf(self, call: Call, names: Names) -> Shelf:
        if call.request.operation is Operation.EMBEDDING:
            return Vectors(self._cache, call, names)
        return WholeAnswers(self._cache, call, names, self._near(call))

    def _near(self, call: Call) -> NearQuestion | None:
        wanted = call.snapshot.semantic.enabled and not call.cache.exact and may_be_kept(call)
        if not wanted or call.request.operation is not Operation.CHAT:
            return None
        text = question_of(call.request.body)
        if text is None:
            return None
        return NearQuestion(self._similar, self._models, self._cache, call, text)

    async def _find(self, call: Call, names: Names, shelf: Shelf) -> CacheEntry | None:
        """An answer that is there or on its way; None: the call has to lead."""
        while True:
            entry = await self._look_up(names, shelf)
            flight = self._flights.get(names.flight) if call.parent is None else None
            if entry is not None or flight is None:
                return entry
            if flight.digest != names.digest:
                raise _conflict()
            entry = await flight.join()
            if entry is not None:
                call.report.notices += flight.notices
                return entry
            self._forget(names.flight, flight)

    def _forget(self, name: str, flight: Flight) -> None:
        if self._flights.get(name) is flight:
            del self._flights[name]

    async def _look_up(self, names: Names, shelf: Shelf) -> CacheEntry | None:
        if names.idempotency is None:
            return await shelf.find()
        entry = (await self._cache.get([names.idempotency])).get(names.idempotency)
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

    async def _keep(
        self, call: Call, names: Names, shelf: Shelf, entry: CacheEntry, whole: bool
    ) -> None:
        if names.idempotency is not None:
            saved = replace(entry, body={"digest": names.digest, "answer": entry.body})
            await self._cache.put({names.idempotency: saved}, _IDEMPOTENCY_SECONDS)
        if whole and may_be_kept(call):
            await shelf.keep(entry)

    async def _lose(self, call: Call, names: Names) -> None:
        """Before anybody looks again: what was paid and nobody has is not paid once more."""
        if names.idempotency is not None and _was_charged(call):
            broken = {names.idempotency: _broken_off(call, names)}
            await self._cache.put(broken, _IDEMPOTENCY_SECONDS)


def _was_charged(call: Call) -> bool:
    return call.sent or bool(call.lost) or call.report.usage is not None


def _broken_off(call: Call, names: Names) -> CacheEntry:
    """Stands for an answer that nobody has, but that was paid."""
    usage, cost = settled(call)
    body: JsonObject = {"digest": names.digest}
    return CacheEntry(
        body=body,
        model=call.report.model or "",
        usage=usage,
        cost=cost,
        created=time.time(),
        owner=call.principal.user,
    )


def _conflict() -> Conflict:
    return Conflict("This Idempotency-Key was used for another request; use a new one.")
