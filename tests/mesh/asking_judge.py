"""A judge that asks a model of the mesh."""

from __future__ import annotations

from contextlib import aclosing
from typing import ClassVar, Literal

from jupyter_mesh.pipeline.chunks import chunk_text
from jupyter_mesh.schemas.events import Answer, Chunk
from jupyter_mesh.schemas.request import Operation, parse_request
from jupyter_mesh.spi.guard import GuardConfig, GuardedCall, GuardTools, Judge, Verdict


class AskingConfig(GuardConfig):
    """Settings.

    Attributes:
        model: Which one it asks; what that answers with `yes` is harmful.
    """

    model: str


class Asking(Judge):
    """Leaves it to a model."""

    Config: type[GuardConfig] = AskingConfig
    name: ClassVar[str] = "asking"

    def start(self, name: str, tools: GuardTools) -> None:
        self._tools = tools

    async def judge(
        self, text: str, direction: Literal["request", "response"], call: GuardedCall
    ) -> Verdict:
        assert isinstance(self.config, AskingConfig)
        messages = [{"role": "user", "content": text}]
        request = parse_request(Operation.CHAT, {"model": self.config.model, "messages": messages})
        said = ""
        stream = self._tools.models.stream(request, parent=call.id, purpose="guard")
        async with aclosing(stream) as events:
            async for event in events:
                if isinstance(event, Chunk | Answer):
                    said += chunk_text(event.data)
        return Verdict(0.9 if said.startswith("yes") else 0.1, ("said so",))
