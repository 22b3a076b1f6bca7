"""Guardrails of AWS Bedrock, asked apart from any of its models.

Source: the service model `bedrock-runtime` 2023-09-30 (`ApplyGuardrail`). A request holds at most
25 units of text, each of up to 1 000 characters.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar
from urllib.parse import quote

from pydantic import Field, model_validator

from ..outbound.authorization import Authorization, KeyHeader
from ..outbound.aws_credentials import AwsAuthorization
from ..outbound.aws_faults import AwsFaults
from ..outbound.aws_identity import AwsIdentity, aws_domain
from ..outbound.faults import Faults
from ..outbound.http import Deadline
from ..schemas.json import Json, JsonObject, as_list, as_object, as_str, dig
from ..spi.guard import GuardConfig, GuardTools, Verdict
from .remote_config import RemoteGuardConfig
from .remote_judge import RemoteJudge
from .remote_service import Question

_CONFIDENCES: dict[str | None, float] = {"LOW": 0.4, "MEDIUM": 0.7, "HIGH": 0.9}


class BedrockGuardrailConfig(AwsIdentity, RemoteGuardConfig):
    """Settings of a guardrail of AWS Bedrock.

    Attributes:
        guardrail: Its id or ARN.
        version: A number, or `DRAFT`.
        base_url: By default Bedrock's endpoint in the region; write that of a VPC endpoint here.
    """

    base_url: str = ""
    guardrail: str = Field(
        pattern=r"^(?:[a-z0-9]+|arn:aws(?:-[^:]+)?:bedrock:[a-z0-9-]{1,20}:[0-9]{12}:guardrail/[a-z0-9]+)$"
    )
    version: str = Field(default="DRAFT", pattern=r"^(?:[1-9][0-9]{0,7}|DRAFT)$")

    @model_validator(mode="before")
    @classmethod
    def _address_of_the_region(cls, value: dict[str, Json]) -> dict[str, Json]:
        region = value.get("region")
        if value.get("base_url") or not isinstance(region, str):
            return value
        return {**value, "base_url": f"https://bedrock-runtime.{region}.{aws_domain(region)}"}


class BedrockGuardrail(RemoteJudge):
    """A guardrail of AWS Bedrock. Where it intervenes the score is 1; what it notices and lets pass
    scores by its confidence.
    """

    name: ClassVar[str] = "bedrock_guardrail"
    Config: type[GuardConfig] = BedrockGuardrailConfig
    faults_type: type[Faults] = AwsFaults
    longest = 24_000

    def __init__(self, config: GuardConfig) -> None:
        super().__init__(config)
        assert isinstance(config, BedrockGuardrailConfig)
        self._settings = config
        guardrail, version = quote(config.guardrail, safe=""), config.version
        self._path = f"guardrail/{guardrail}/version/{version}/apply"

    def authorization(self, who: str, tools: GuardTools) -> Authorization:
        if self._settings.api_key is not None:
            return KeyHeader(tools.secrets, self._settings.api_key)
        return AwsAuthorization(self._settings, tools.secrets, who, "bedrock")

    async def weigh(self, text: str, kind: str, deadline: Deadline) -> Verdict:
        body: JsonObject = {
            "source": "INPUT" if kind == "request" else "OUTPUT",
            "content": [{"text": {"text": text}}],
            "outputScope": "FULL",
        }
        return await self.service.ask(Question(self._path, body, [text]), _read, deadline)


def _read(answer: Json) -> Verdict:
    action, assessments = as_str(dig(answer, "action")), as_list(dig(answer, "assessments"))
    if action not in ("NONE", "GUARDRAIL_INTERVENED") or assessments is None:
        raise ValueError("did not say whether the guardrail intervened")
    scores: dict[str, float] = {}
    for each in assessments:
        for category, score in _noticed(as_object(each) or {}):
            scores[category] = max(score, scores.get(category, 0.0))
    if action == "GUARDRAIL_INTERVENED" and 1.0 not in scores.values():
        scores["guardrail"] = 1.0
    return Verdict.of(scores, 0.0)


def _noticed(assessment: JsonObject) -> Iterator[tuple[str, float]]:
    """What one assessment holds, by category, with a score; never the words that were matched."""
    for topic in _listed(assessment, "topicPolicy", "topics"):
        yield _named("topic", topic, "name"), _score(topic)
    for one in _listed(assessment, "contentPolicy", "filters"):
        if as_str(one.get("confidence")) != "NONE":
            yield (as_str(one.get("type")) or "content").lower(), _score(one)
    for words in ("customWords", "managedWordLists"):
        for one in _listed(assessment, "wordPolicy", words):
            yield "words", _score(one)
    for one in _listed(assessment, "sensitiveInformationPolicy", "piiEntities"):
        yield _named("personal", one, "type"), _score(one)
    for one in _listed(assessment, "sensitiveInformationPolicy", "regexes"):
        yield _named("expression", one, "name"), _score(one)
    for one in _listed(assessment, "contextualGroundingPolicy", "filters"):
        if one.get("detected") is True or _score(one) == 1.0:
            yield (as_str(one.get("type")) or "grounding").lower(), _score(one)


def _named(kind: str, entry: JsonObject, field: str) -> str:
    return f"{kind} {as_str(entry.get(field)) or ''}".strip()


def _score(entry: JsonObject) -> float:
    """1 where the guardrail acts; else how sure it is, where it says so."""
    if as_str(entry.get("action")) in ("BLOCKED", "ANONYMIZED"):
        return 1.0
    return _CONFIDENCES.get(as_str(entry.get("confidence")), 0.9)


def _listed(assessment: JsonObject, policy: str, field: str) -> list[JsonObject]:
    """The entries that were detected; `FULL` lists the others too."""
    entries = as_list(dig(assessment, policy, field)) or []
    return [
        entry
        for one in entries
        if (entry := as_object(one)) is not None and entry.get("detected") is not False
    ]
