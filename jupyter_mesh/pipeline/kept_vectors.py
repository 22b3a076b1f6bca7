"""Embeddings kept text by text: of a list only what is not known yet is asked for, and billed."""

from __future__ import annotations

import base64
import hashlib
from array import array
from contextlib import aclosing
from dataclasses import replace
from decimal import Decimal
from sys import byteorder
from typing import cast

import orjson

from ..errors import ProviderProtocolError
from ..schemas.events import Answer, Events
from ..schemas.json import Json, JsonObject, as_int, as_list, as_object
from ..schemas.spend import PICO, Usage
from ..schemas.tokens import estimate_tokens, input_tokens_bound
from ..spi.cache import CacheEntry
from .cache_names import Names
from .call import Call
from .kept_answers import OpenCache, fresh
from .step import Next, begun_by


class Vectors:
    """The shelf of one call for embeddings.

    Vectors of two models are never mixed: where several models stand behind a name, an answer is
    found only where one of them has made all of it.
    """

    def __init__(self, cache: OpenCache, call: Call, names: Names) -> None:
        self._cache = cache
        self._call = call
        self._names = names
        self._texts = texts_of(call.request.body.get("input"))
        self._known: dict[str, CacheEntry] = {}

    async def find(self) -> CacheEntry | None:
        places = [
            {self._key(one.id, text): text for text in self._texts} for one in self._call.candidates
        ]
        found = await self._cache.get([key for keys in places for key in keys])
        for keys in places:
            known = {
                text: found[key]
                for key, text in keys.items()
                if key in found and fresh(self._call, found[key])
            }
            if len(known) == len(keys):
                return self._whole(known)
            if len(places) == 1:
                self._known = known
        return None

    def ask(self, next: Next) -> Events:
        return self._rest(next) if self._known else begun_by(next, self._call)

    async def keep(self, entry: CacheEntry) -> None:
        data = _in_order(entry.body)
        if len(data) != len(self._texts):
            return
        vectors = dict(zip(self._texts, data, strict=True))
        new = [text for text in vectors if text not in self._known]
        usage, cost = self._call.report.usage or Usage(), self._call.report.cost
        parts = _split(usage.input, cost, [estimate_tokens(text) for text in new])
        about = {"model": entry.body.get("model")}
        entries = {
            self._key(entry.model, text): replace(
                entry, body={**about, "embedding": vectors[text]}, usage=Usage(input=n), cost=part
            )
            for text, (n, part) in zip(new, parts, strict=True)
            if isinstance(vectors[text], str | list)
        }
        await self._cache.put(entries, self._call.snapshot.cache.ttl.total_seconds())

    async def _rest(self, next: Next) -> Events:
        """Ask for the texts that are not known, and put the answer together."""
        call, known = self._call, self._known
        asked = list(dict.fromkeys(text for text in self._texts if text not in known))
        inputs: list[Json] = [orjson.loads(text) for text in asked]
        call.request = call.request.with_body(input=inputs)
        call.input_bound = input_tokens_bound(call.request)
        call.report.saved = sum((one.cost or Decimal(0) for one in known.values()), Decimal(0))
        yield call.notice(
            "partly_cached",
            f"{len(known)} of {len(known) + len(asked)} texts were known; the others were sent.",
        )
        async with aclosing(await next(call)) as events:
            async for event in events:
                if isinstance(event, Answer):
                    event = Answer(self._joined(event.data, asked))
                yield event

    def _joined(self, answer: JsonObject, asked: list[str]) -> JsonObject:
        data = _in_order(answer)
        if len(data) != len(asked):
            raise ProviderProtocolError(
                f"The provider sent {len(data)} vectors for {len(asked)} texts.", processed=True
            )
        vectors = {text: self._vector(one) for text, one in self._known.items()}
        vectors |= zip(asked, data, strict=True)
        return {**answer, "data": self._listed(vectors)}

    def _whole(self, known: dict[str, CacheEntry]) -> CacheEntry:
        """All of it as one answer."""
        entries = list(known.values())
        usage = sum((one.usage for one in entries), Usage())
        costs = [one.cost for one in entries]
        vectors = {text: self._vector(one) for text, one in known.items()}
        return CacheEntry(
            body={
                "object": "list",
                "data": self._listed(vectors),
                "model": entries[0].body.get("model"),
                "usage": {"prompt_tokens": usage.input, "total_tokens": usage.input},
            },
            model=entries[0].model,
            usage=usage,
            cost=sum((cost for cost in costs if cost is not None), Decimal(0)),
            created=min(one.created for one in entries),
            owner=entries[0].owner,
        )

    def _listed(self, vectors: dict[str, Json]) -> list[Json]:
        return [
            {"object": "embedding", "index": index, "embedding": vectors[text]}
            for index, text in enumerate(self._texts)
        ]

    def _vector(self, entry: CacheEntry) -> Json:
        """As the caller wants it: as it came, unless it came for one who wanted it otherwise."""
        vector = entry.body["embedding"]
        packed = self._call.request.body.get("encoding_format") == "base64"
        if packed and isinstance(vector, list):
            return _packed(cast("list[float]", vector))
        if not packed and isinstance(vector, str):
            return _unpacked(vector)
        return vector

    def _key(self, model: str, text: str) -> str:
        hashed = hashlib.sha256(text.encode()).hexdigest()
        return f"{self._names.key}|{model}|{hashed}"


def texts_of(value: Json) -> list[str]:
    """Each text of an `input` as JSON; token numbers of one text are one."""
    items = as_list(value)
    if items is None or all(isinstance(item, int) for item in items):
        items = [value]
    return [orjson.dumps(item).decode() for item in items]


def _in_order(answer: JsonObject) -> list[Json]:
    """The vectors of an answer, in the order of their texts."""
    items = [as_object(item) or {} for item in as_list(answer.get("data")) or []]
    items.sort(key=lambda item: as_int(item.get("index")) or 0)
    return [item.get("embedding") for item in items]


def _split(
    tokens: int, cost: Decimal | None, weights: list[int]
) -> list[tuple[int, Decimal | None]]:
    """Shares of tokens and cost by weight; their sums are exact."""
    parts: list[tuple[int, Decimal | None]] = []
    passed, whole = 0, sum(weights) or 1
    given, spent = 0, Decimal(0)
    for weight in weights:
        passed += weight
        until = tokens * passed // whole
        paid = None if cost is None else (cost * passed / whole).quantize(PICO)
        parts.append((until - given, None if paid is None else paid - spent))
        given, spent = until, paid or Decimal(0)
    return parts


def _packed(vector: list[float]) -> str:
    """As `encoding_format: base64` has it: 32-bit floats, little-endian."""
    return base64.b64encode(_little(array("f", vector)).tobytes()).decode("ascii")


def _unpacked(packed: str) -> list[Json]:
    values = array("f")
    values.frombytes(base64.b64decode(packed))
    return [*_little(values)]


def _little(values: array[float]) -> array[float]:
    if byteorder == "big":
        values.byteswap()
    return values
