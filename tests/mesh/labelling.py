"""A provider whose model labels words that begin with a capital."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import ClassVar, cast

from jupyter_mesh.schemas.catalog import ModelFacts
from jupyter_mesh.schemas.events import Answer, Events, Finished, Metered
from jupyter_mesh.schemas.json import Json
from jupyter_mesh.schemas.request import Operation
from jupyter_mesh.schemas.spend import Usage
from jupyter_mesh.spi.provider import Attempt, Provider, ProviderConfig

_NAME = re.compile(r"[A-Z][a-z]+")


class Labelling(Provider):
    """Says that each word with a capital is a person; costs a token each."""

    Config: type[ProviderConfig] = ProviderConfig
    name: ClassVar[str] = "labelling"
    local: ClassVar[bool] = True

    def facts(self, name: str) -> ModelFacts:
        return ModelFacts(
            id=f"{self.context.connection}/{name}",
            connection=self.context.connection,
            name=name,
            provider=self.name,
            operations=frozenset({Operation.TOKEN_CLASSIFY}),
            internal=True,
        )

    async def stream(self, attempt: Attempt) -> Events:
        texts = cast("Sequence[str]", attempt.request.body["input"])
        data: list[Json] = [
            {
                "index": index,
                "entities": [
                    {"label": "PER", "start": one.start(), "end": one.end(), "score": 0.9}
                    for one in _NAME.finditer(text)
                ],
            }
            for index, text in enumerate(texts)
        ]
        yield Answer({"object": "list", "model": attempt.model, "data": data})
        yield Metered(Usage(input=sum(map(len, texts))), model=attempt.model)
        yield Finished()
