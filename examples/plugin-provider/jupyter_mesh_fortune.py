"""A Jupyter Mesh provider in one file: it answers every chat with a saying."""

from __future__ import annotations

from typing import ClassVar

from jupyter_mesh.schemas.events import Answer, Chunk, Events, Finished, Metered
from jupyter_mesh.schemas.json import JsonObject
from jupyter_mesh.schemas.spend import Usage
from jupyter_mesh.spi.provider import Attempt, Provider, ProviderConfig


class FortuneConfig(ProviderConfig):
    """Settings: `connections: {wise: {provider: fortune, saying: "…", models: [fortune]}}`."""

    saying: str = "Patience is a form of action."


class Fortune(Provider):
    """Knows one saying."""

    Config: type[ProviderConfig] = FortuneConfig
    name: ClassVar[str] = "fortune"
    local: ClassVar[bool] = True

    async def stream(self, attempt: Attempt) -> Events:
        """The saying, word by word when a stream is wanted."""
        assert isinstance(self.config, FortuneConfig)
        words = self.config.saying.split()
        if attempt.stream:
            for word in words:
                yield Chunk(_envelope("chat.completion.chunk", {"delta": {"content": f"{word} "}}))
            yield Chunk(_envelope("chat.completion.chunk", {"delta": {}, "finish_reason": "stop"}))
        else:
            message: JsonObject = {"role": "assistant", "content": self.config.saying}
            choice: JsonObject = {"message": message, "finish_reason": "stop"}
            yield Answer(_envelope("chat.completion", choice))
        asked = sum(len(text.split()) for text in attempt.request.texts())
        yield Metered(Usage(input=asked, output=len(words)))
        yield Finished()


def _envelope(kind: str, choice: JsonObject) -> JsonObject:
    return {
        "id": "fortune-1",
        "object": kind,
        "created": 0,
        "model": "fortune",
        "choices": [{"index": 0, "finish_reason": None, **choice}],
    }
