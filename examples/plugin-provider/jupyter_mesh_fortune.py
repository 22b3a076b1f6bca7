"""A Jupyter Mesh provider in one file: it answers every chat with a saying."""

from __future__ import annotations

from typing import ClassVar

from jupyter_mesh.errors import ProviderRejected, UnsupportedParameter
from jupyter_mesh.providers.conversation import Media, conversation
from jupyter_mesh.providers.parameters import take
from jupyter_mesh.schemas.events import Answer, Chunk, Events, Finished, Metered, Notice
from jupyter_mesh.schemas.json import Json, JsonObject
from jupyter_mesh.schemas.request import Operation
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
        if left_out := _left_out(attempt):
            yield Notice("parameters_dropped", "A saying is a saying.", {"parameters": left_out})
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


def _left_out(attempt: Attempt) -> list[Json]:
    """Parameters that change nothing here. What was asked for and cannot be had is refused."""
    request = attempt.request
    if request.operation is not Operation.CHAT:
        raise ProviderRejected(f"Fortune cannot do {request.operation}; it does chat.", status=400)
    parts = [part for turn in conversation(request.body).turns for part in turn.parts]
    if any(isinstance(part, Media) for part in parts):
        raise UnsupportedParameter("Fortune looks at no pictures.", param="messages")
    _, dropped = take(request.body, {}, unsupported="drop", who="Fortune")
    return [*dropped]


def _envelope(kind: str, choice: JsonObject) -> JsonObject:
    return {
        "id": "fortune-1",
        "object": kind,
        "created": 0,
        "model": "fortune",
        "choices": [{"index": 0, "finish_reason": None, **choice}],
    }
