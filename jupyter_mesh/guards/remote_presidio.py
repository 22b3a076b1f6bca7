"""A detector that speaks as Presidio's analyzer does over HTTP: Presidio itself, or one's own.

Source: Presidio's `presidio-analyzer/app.py` (2.2), `POST /analyze`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from pydantic import Field

from ..outbound.http import Deadline
from ..outbound.settings import RARE
from ..schemas.json import Json, JsonObject, as_int, as_list, as_str, dig
from ..spi.guard import GuardConfig
from .offsets import Unit, places
from .remote_config import RemoteGuardConfig
from .remote_detector import RemoteDetector, Spotted, entity_name, spotted
from .remote_service import Question
from .remote_slices import OVERLAP


class PresidioServiceConfig(RemoteGuardConfig):
    """Settings of a detector that speaks as Presidio's analyzer does.

    Attributes:
        path: After `base_url`.
        language: Of the texts.
        entities: What to look for; empty: all that the service knows.
        score_threshold: The lowest score that it tells.
        batch: Texts in one request; 1: a request holds one text and no list, for services that
            know no more.
        offsets: In what the service counts.
        max_characters: The longest text in one request; longer ones are cut, with an overlap.
    """

    path: str = Field(default="analyze", pattern=r"^[A-Za-z0-9._~/-]+$", json_schema_extra=RARE)
    language: str = "en"
    entities: tuple[str, ...] = ()
    score_threshold: float | None = Field(default=None, ge=0, le=1)
    batch: int = Field(default=16, ge=1, le=500, json_schema_extra=RARE)
    offsets: Unit = Field(default="code_points", json_schema_extra=RARE)
    max_characters: int = Field(
        default=100_000, ge=4 * OVERLAP, le=1_000_000, json_schema_extra=RARE
    )


class PresidioService(RemoteDetector):
    """Presidio's analyzer, or what speaks like it."""

    name: ClassVar[str] = "presidio_service"
    Config: type[GuardConfig] = PresidioServiceConfig

    def __init__(self, config: GuardConfig) -> None:
        super().__init__(config)
        assert isinstance(config, PresidioServiceConfig)
        self._settings = config
        self.most_texts = config.batch

    def entities(self) -> frozenset[str] | None:
        return frozenset(self._settings.entities) or None

    def most_characters(self, text: str) -> int:
        return self._settings.max_characters

    async def look(self, texts: Sequence[str], deadline: Deadline) -> list[list[Spotted]]:
        settings = self._settings
        is_list = settings.batch > 1
        body: JsonObject = {"text": [*texts] if is_list else texts[0]}
        body["language"] = settings.language
        if settings.entities:
            body["entities"] = [*settings.entities]
        if settings.score_threshold is not None:
            body["score_threshold"] = settings.score_threshold

        def read(answer: Json) -> list[list[Spotted]]:
            found = as_list(answer)
            lists: list[Json] = (found or []) if is_list else [found]
            if found is None or len(lists) != len(texts):
                raise ValueError("sent no list of findings for each text")
            return [self._spots(each, text) for each, text in zip(lists, texts, strict=True)]

        return await self.service.ask(Question(settings.path, body, texts), read, deadline)

    def _spots(self, found: Json, text: str) -> list[Spotted]:
        items = as_list(found)
        if items is None:
            raise ValueError("sent no list of findings for each text")
        place = places(text, self._settings.offsets)
        spots: list[Spotted] = []
        for item in items:
            start, end = as_int(dig(item, "start")), as_int(dig(item, "end"))
            entity = as_str(dig(item, "entity_type"))
            if start is None or end is None or entity is None:
                raise ValueError("sent a finding without its place or entity")
            entity = entity_name(entity, {})
            spots.append(spotted(place(start), place(end), entity, dig(item, "score"), text))
        return spots
