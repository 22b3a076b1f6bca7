"""Azure AI Content Safety: harm by category, and attacks on a prompt.

Source: REST API reference 2024-09-01 (`text:analyze`, `text:shieldPrompt`) and
`azure-ai-contentsafety` 1.0; a text has at most 10 000 characters.
"""

from __future__ import annotations

from typing import ClassVar, Literal, TypeAlias

from pydantic import Field

from ..outbound.authorization import Authorization
from ..outbound.http import Deadline
from ..outbound.settings import RARE
from ..schemas.json import Json, JsonObject, as_list, as_str, dig
from ..spi.guard import GuardConfig, GuardedCall, GuardTools, Verdict
from .remote_config import AzureConfig
from .remote_guard import azure_authorization, together
from .remote_judge import Direction, RemoteJudge, share, worst
from .remote_service import Question
from .tool_results import is_of_a_tool

Harm: TypeAlias = Literal["Hate", "SelfHarm", "Sexual", "Violence"]
_CATEGORIES: dict[str, str] = {
    "Hate": "hate",
    "SelfHarm": "self-harm",
    "Sexual": "sexual",
    "Violence": "violence",
}
_LEVELS = {"FourSeverityLevels": 6, "EightSeverityLevels": 7}
"""The highest severity of each scale."""
_TOOL = "tool"
_ATTACK = "prompt_attack"
_ANY = 1e-9
"""Every severity but the lowest is worth its name."""


class ContentSafetyConfig(AzureConfig):
    """Settings of Azure AI Content Safety.

    Attributes:
        checks: `harm`: hate, self-harm, sexual, violence, and `blocklists`; `attacks`: attempts
            to turn the model against its instructions, in prompts and in what tools return.
        categories: Of harm.
        blocklists: Names of the resource's own lists; a match counts as certain (1).
        severity_levels: The scale: severities 0, 2, 4, 6, or 0 to 7. The score is the severity's
            part of the highest.
        api_version: Of the API.
    """

    checks: tuple[Literal["harm", "attacks"], ...] = Field(default=("harm",), min_length=1)
    categories: tuple[Harm, ...] = Field(
        default=("Hate", "SelfHarm", "Sexual", "Violence"), min_length=1
    )
    blocklists: tuple[str, ...] = ()
    severity_levels: Literal["FourSeverityLevels", "EightSeverityLevels"] = "FourSeverityLevels"
    api_version: str = Field(
        default="2024-09-01",
        pattern=r"^\d{4}-\d{2}-\d{2}(?:-preview)?$",
        json_schema_extra=RARE,
    )


class ContentSafety(RemoteJudge):
    """Azure AI Content Safety."""

    name: ClassVar[str] = "azure_content_safety"
    Config: type[GuardConfig] = ContentSafetyConfig
    longest = 10_000

    def __init__(self, config: GuardConfig) -> None:
        super().__init__(config)
        assert isinstance(config, ContentSafetyConfig)
        self._settings = config

    def categories(self) -> frozenset[str]:
        said, known = self._settings, set[str]()
        if "harm" in said.checks:
            known |= {_CATEGORIES[one] for one in said.categories}
            known |= {_of_list(one) for one in said.blocklists}
        if "attacks" in said.checks:
            known.add(_ATTACK)
        return frozenset(known)

    def authorization(self, who: str, tools: GuardTools) -> Authorization:
        return azure_authorization(self._settings, who, tools)

    def kind(self, text: str, direction: Direction, call: GuardedCall) -> str:
        if direction == "request" and is_of_a_tool(text, call.request):
            return _TOOL
        return direction

    async def weigh(self, text: str, kind: str, deadline: Deadline) -> Verdict:
        asked = [self._harm(text, deadline)] if "harm" in self._settings.checks else []
        if "attacks" in self._settings.checks and kind != "response":
            asked.append(self._attacks(text, kind, deadline))
        return worst(await together(asked))

    async def _harm(self, text: str, deadline: Deadline) -> Verdict:
        settings = self._settings
        body: JsonObject = {
            "text": text,
            "categories": [*settings.categories],
            "outputType": settings.severity_levels,
        }
        if settings.blocklists:
            body |= {"blocklistNames": [*settings.blocklists], "haltOnBlocklistHit": False}
        question = Question(self._path("analyze"), body, [text])
        return await self.service.ask(question, self._read_harm, deadline)

    def _read_harm(self, answer: Json) -> Verdict:
        severities = {
            as_str(dig(one, "category")): dig(one, "severity")
            for one in as_list(dig(answer, "categoriesAnalysis")) or []
        }
        if not severities.keys() >= {*self._settings.categories}:
            raise ValueError("sent no severity of each category")
        most = _LEVELS[self._settings.severity_levels]
        scores = {
            _CATEGORIES[one]: share(severities[one], most) for one in self._settings.categories
        }
        for match in as_list(dig(answer, "blocklistsMatch")) or []:
            scores[_of_list(as_str(dig(match, "blocklistName")) or "")] = 1.0
        return Verdict.of(scores, _ANY)

    async def _attacks(self, text: str, kind: str, deadline: Deadline) -> Verdict:
        is_document = kind == _TOOL
        body: JsonObject = {
            "userPrompt": "" if is_document else text,
            "documents": [text] if is_document else [],
        }

        def read(answer: Json) -> Verdict:
            path = ("documentsAnalysis", 0) if is_document else ("userPromptAnalysis",)
            detected = dig(answer, *path, "attackDetected")
            if not isinstance(detected, bool):
                raise ValueError("did not say whether it detected an attack")
            return Verdict.of({_ATTACK: 1.0 if detected else 0.0})

        question = Question(self._path("shieldPrompt"), body, [text])
        return await self.service.ask(question, read, deadline)

    def _path(self, operation: str) -> str:
        return f"contentsafety/text:{operation}?api-version={self._settings.api_version}"


def _of_list(name: str) -> str:
    return f"blocklist {name}".strip()
