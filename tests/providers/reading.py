"""Collecting what a provider yields."""

from __future__ import annotations

from contextlib import aclosing

from jupyter_mesh.schemas.events import Answer, Chunk, Event, Metered
from jupyter_mesh.schemas.json import JsonObject, dig
from jupyter_mesh.schemas.spend import Usage
from jupyter_mesh.spi.provider import Attempt, Provider


async def events_of(provider: Provider, attempt: Attempt) -> list[Event]:
    async with aclosing(provider.stream(attempt)) as events:
        return [event async for event in events]


async def answer_of(provider: Provider, attempt: Attempt) -> JsonObject:
    first = (await events_of(provider, attempt))[0]
    assert isinstance(first, Answer)
    return first.data


async def chunks_of(provider: Provider, attempt: Attempt) -> list[Chunk]:
    return [event for event in await events_of(provider, attempt) if isinstance(event, Chunk)]


async def usage_of(provider: Provider, attempt: Attempt) -> Usage:
    counts = [event for event in await events_of(provider, attempt) if isinstance(event, Metered)]
    assert counts[-1].final
    return counts[-1].usage


def text_of(chunks: list[Chunk]) -> str:
    return "".join(
        str(
            dig(c.data, "choices", 0, "delta", "content") or dig(c.data, "choices", 0, "text") or ""
        )
        for c in chunks
    )
