"""A provider that asks other models of the mesh before it answers, as retrieval will."""

from __future__ import annotations

from contextlib import aclosing
from typing import ClassVar, Literal

from jupyter_mesh.pipeline.chunks import chunk_text
from jupyter_mesh.schemas.catalog import Capability, ModelFacts
from jupyter_mesh.schemas.events import Answer, Chunk, Events, Finished, Metered
from jupyter_mesh.schemas.request import Operation, parse_request
from jupyter_mesh.schemas.spend import Usage
from jupyter_mesh.spi.models import Models
from jupyter_mesh.spi.provider import Attempt, Provider, ProviderConfig


class NestingConfig(ProviderConfig):
    """Settings.

    Attributes:
        asks: The models to ask, one after the other; the answers are joined.
        purpose: What the calls are for.
    """

    asks: tuple[str, ...]
    purpose: Literal["guard", "cache", "rag"] = "rag"


class Nesting(Provider):
    """Answers with what the models it asks answer; has no cost of its own.

    Attributes:
        mesh: Given by the test once the mesh has started.
    """

    Config: type[ProviderConfig] = NestingConfig
    name: ClassVar[str] = "nesting"
    local: ClassVar[bool] = True
    mesh: Models | None = None

    def facts(self, name: str) -> ModelFacts:
        return ModelFacts(
            id=f"{self.context.connection}/{name}",
            connection=self.context.connection,
            name=name,
            provider=self.name,
            capabilities=frozenset({Capability.STREAM}),
        )

    async def stream(self, attempt: Attempt) -> Events:
        assert isinstance(self.config, NestingConfig)
        assert self.mesh is not None
        said = ""
        for model in self.config.asks:
            request = parse_request(Operation.CHAT, {**attempt.request.body, "model": model})
            inner = self.mesh.stream(request, parent=attempt.call_id, purpose=self.config.purpose)
            async with aclosing(inner) as events:
                async for event in events:
                    if isinstance(event, Chunk | Answer):
                        said += chunk_text(event.data)
        choice = {"index": 0, "finish_reason": "stop"}
        envelope = {"id": "nested", "created": 0, "model": attempt.model}
        if attempt.stream:
            delta = {**choice, "delta": {"role": "assistant", "content": said}}
            yield Chunk({**envelope, "object": "chat.completion.chunk", "choices": [delta]})
        else:
            message = {**choice, "message": {"role": "assistant", "content": said}}
            yield Answer({**envelope, "object": "chat.completion", "choices": [message]})
        yield Metered(Usage(), model=attempt.model)
        yield Finished()
