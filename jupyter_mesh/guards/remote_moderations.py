"""Moderation endpoints of OpenAI's shape: OpenAI's own, or another's.

Source: OpenAI API reference, "Create moderation", and the types of its client, `openai` 3.
"""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from ..outbound.http import Deadline
from ..outbound.settings import RARE, BaseUrl
from ..schemas.json import Json, JsonObject, as_list, as_object, dig
from ..spi.guard import GuardConfig, Verdict
from .remote_config import RemoteGuardConfig
from .remote_judge import RemoteJudge, share
from .remote_service import Question
from .remote_slices import OVERLAP

_AT_OPENAI = "https://api.openai.com/"
_OPENAI = frozenset(
    {
        "harassment",
        "harassment/threatening",
        "hate",
        "hate/threatening",
        "illicit",
        "illicit/violent",
        "self-harm",
        "self-harm/instructions",
        "self-harm/intent",
        "sexual",
        "sexual/minors",
        "violence",
        "violence/graphic",
    }
)


class ModerationsConfig(RemoteGuardConfig):
    """Settings of a moderation endpoint of OpenAI's shape.

    Attributes:
        base_url: Where the API is; `/moderations` is asked.
        model: Which one judges; None: the endpoint chooses.
        categories: The ones that count, such as `violence/graphic`; empty: all.
        trust_flags: What the endpoint flags counts as certain (1), whatever its score: its own
            thresholds differ by category. Off: only the scores count.
        max_characters: The longest text in one request; longer ones are cut, with an overlap.
    """

    base_url: BaseUrl = "https://api.openai.com/v1"
    model: str | None = "omni-moderation-latest"
    categories: tuple[str, ...] = ()
    trust_flags: bool = True
    max_characters: int = Field(default=20_000, ge=4 * OVERLAP, le=200_000, json_schema_extra=RARE)


class Moderations(RemoteJudge):
    """A moderation endpoint of OpenAI's shape."""

    name: ClassVar[str] = "openai_moderation"
    Config: type[GuardConfig] = ModerationsConfig

    def __init__(self, config: GuardConfig) -> None:
        super().__init__(config)
        assert isinstance(config, ModerationsConfig)
        self._settings = config
        self.longest = config.max_characters

    def categories(self) -> frozenset[str] | None:
        """Of an endpoint that is not OpenAI's own nothing is known but what is set."""
        if self._settings.categories:
            return frozenset(self._settings.categories)
        return _OPENAI if self._settings.base_url.startswith(_AT_OPENAI) else None

    async def weigh(self, text: str, kind: str, deadline: Deadline) -> Verdict:
        body: JsonObject = {"input": text}
        if self._settings.model is not None:
            body["model"] = self._settings.model
        return await self.service.ask(Question("moderations", body, [text]), self._read, deadline)

    def _read(self, answer: Json) -> Verdict:
        trusted, wanted = self._settings.trust_flags, self._settings.categories
        results = as_list(dig(answer, "results")) or []
        scores = as_object(dig(results, 0, "category_scores"))
        flags = as_object(dig(results, 0, "categories"))
        if len(results) != 1 or scores is None or flags is None:
            raise ValueError("sent no scores by category")
        self._check_asked(scores)
        return Verdict.of(
            {
                category: 1.0 if trusted and flags.get(category) is True else share(said)
                for category, said in scores.items()
                if category in (wanted or scores)
            }
        )

    def _check_asked(self, scores: JsonObject) -> None:
        if unknown := [one for one in self._settings.categories if one not in scores]:
            raise ValueError(f"knows no category {', '.join(unknown)}")
