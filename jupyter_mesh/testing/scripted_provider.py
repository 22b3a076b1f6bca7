"""A provider that answers as a test tells it, without a network."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

from ..schemas.events import Answer, Chunk, Events, Finished, Metered
from ..schemas.json import JsonObject
from ..schemas.spend import Usage
from ..spi.provider import Attempt, Provider, ProviderConfig, ProviderContext


class NoSecrets:
    """A secret store that knows nothing."""

    def resolve(self, reference: str) -> str:
        """The reference itself."""
        return reference

    def known_values(self) -> frozenset[str]:
        """None."""
        return frozenset()


@dataclass
class Reply:
    """What to answer: pieces of text with a pause before each, then usage; or an error, before or
    after them.

    Attributes:
        text: Derives the pieces from the attempt instead of `pieces`.
        error: Raised after the pieces; with no pieces, before the first event.
    """

    pieces: Sequence[str] = ("Hello",)
    usage: Usage = field(default_factory=lambda: Usage(input=10, output=5))
    pause: float = 0.0
    error: Exception | None = None
    finish: str = "stop"
    text: Callable[[Attempt], Sequence[str]] | None = None


class ScriptedProvider(Provider):
    """Answers with the next of its replies, the last one for ever; remembers every attempt."""

    name: ClassVar[str] = "scripted"

    def __init__(self, connection: str = "scripted", replies: Sequence[Reply] = (Reply(),)) -> None:
        context = ProviderContext(connection=connection, secrets=NoSecrets(), state_dir=Path())
        super().__init__(ProviderConfig(), context)
        self.replies = list(replies)
        self.attempts: list[Attempt] = []
        self.closed = 0

    async def stream(self, attempt: Attempt) -> Events:
        """The scripted answer."""
        self.attempts.append(attempt)
        reply = self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]
        pieces = reply.text(attempt) if reply.text else reply.pieces
        try:
            if not pieces or not attempt.stream:
                await asyncio.sleep(reply.pause)
                if reply.error is not None:
                    raise reply.error
            if attempt.stream:
                for piece in pieces:
                    await asyncio.sleep(reply.pause)
                    yield Chunk(chunk(attempt.model, {"content": piece}))
                if reply.error is not None:
                    raise reply.error
                yield Chunk(chunk(attempt.model, {}, reply.finish))
            else:
                yield Answer(answer(attempt.model, "".join(pieces), reply.finish))
            yield Metered(reply.usage)
            yield Finished("length" if reply.finish == "length" else "stop")
        finally:
            self.closed += 1


def chunk(model: str, delta: JsonObject, finish: str | None = None) -> JsonObject:
    """One `chat.completion.chunk`."""
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion.chunk",
        "created": 1,
        "model": model,
        "choices": [{"index": 0, "delta": delta, "finish_reason": finish}],
    }


def answer(model: str, text: str, finish: str = "stop") -> JsonObject:
    """One `chat.completion`."""
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1,
        "model": model,
        "choices": [
            {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": finish}
        ],
    }
