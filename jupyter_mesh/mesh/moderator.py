"""What the mesh's own guards say of a text, as a model that one can ask: `/v1/moderations`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import ClassVar

import orjson

from ..errors import ProviderUnavailable
from ..guards.injection import Injection, InjectionConfig
from ..guards.word_list import WordList, WordListConfig
from ..pipeline.call import Call
from ..pipeline.judged_texts import texts_to_judge
from ..pipeline.judging import offence, verdicts_on
from ..pipeline.snapshot import OWN_GUARDS, Candidate, ConnectionLimits
from ..schemas.catalog import ModelFacts, Residency
from ..schemas.events import Answer, Events, Finished, Metered
from ..schemas.guard_rules import ModerationRule
from ..schemas.json import Json, JsonObject
from ..schemas.request import Operation
from ..schemas.spend import Price, Usage
from ..spi.guard import GuardedCall, GuardTools, Judge, Verdict
from ..spi.provider import Attempt, Provider, ProviderConfig, ProviderContext

_OPENAI = (
    "harassment", "harassment/threatening", "hate", "hate/threatening", "illicit",
    "illicit/violent", "self-harm", "self-harm/instructions", "self-harm/intent", "sexual",
    "sexual/minors", "violence", "violence/graphic",
)  # fmt: skip
"""What OpenAI's clients look for in every result."""
_DEFAULT_THRESHOLD = 0.5
_CONNECTION, _, _NAME = OWN_GUARDS.partition("/")


class Moderator(Provider):
    """Asks every judge that is configured; without any those that come with the mesh.

    Args:
        live: The calls that run, by id.
        tools: What judges are lent.
    """

    name: ClassVar[str] = "mesh"
    label: ClassVar[str] = "The mesh's own guards"
    local: ClassVar[bool] = True

    def __init__(self, live: Mapping[str, Call], tools: GuardTools) -> None:
        context = ProviderContext(
            connection=_CONNECTION, secrets=tools.secrets, state_dir=tools.folder
        )
        super().__init__(ProviderConfig(), context)
        self._live = live
        words, injection = WordList(WordListConfig()), Injection(InjectionConfig())
        self._built_in: dict[str, Judge] = {"word_list": words, "injection": injection}
        for name, judge in self._built_in.items():
            judge.start(name, tools)

    def facts(self, name: str) -> ModelFacts:
        return ModelFacts(
            id=f"{_CONNECTION}/{name}",
            connection=_CONNECTION,
            name=name,
            provider=self.name,
            operations=frozenset({Operation.MODERATION}),
            capabilities=frozenset(),
            price=Price(input=Decimal(0), output=Decimal(0), source="local"),
            residency=Residency.LOCAL,
            description="The guards of this mesh",
        )

    def candidate(self) -> Candidate:
        """What calls are routed to."""
        return Candidate(facts=self.facts(_NAME), provider=self, limits=ConnectionLimits(retries=0))

    async def stream(self, attempt: Attempt) -> Events:
        call = self._live.get(attempt.call_id)
        if call is None:
            raise ProviderUnavailable(f"No call {attempt.call_id!r} is running.")
        texts = texts_to_judge(attempt.request)
        judges = call.snapshot.judges or self._built_in
        guarded = GuardedCall(call.id, attempt.request)
        said = {
            name: await verdicts_on(name, judge, texts, "request", guarded)
            for name, judge in judges.items()
        }
        results: list[Json] = []
        for number in range(len(texts)):
            results.append(_result(call, {name: each[number] for name, each in said.items()}))
        data: JsonObject = {"id": f"modr-{call.id}", "model": OWN_GUARDS, "results": results}
        yield Answer(data, orjson.dumps(data))
        yield Metered(Usage(), model=attempt.model)
        yield Finished()


def _result(call: Call, said: Mapping[str, Verdict]) -> JsonObject:
    scores: dict[str, float] = dict.fromkeys(_OPENAI, 0.0)
    flagged: set[str] = set()
    rules = call.snapshot.moderation
    for guard, verdict in said.items():
        for category, score in _scores(guard, verdict).items():
            scores[category] = max(score, scores.get(category, 0.0))
        against = _against(guard, verdict, [rule for rule in rules if rule.guard == guard])
        if against is None:
            continue
        flagged.update(against or (guard,))
        call.report.verdicts.append(
            {
                "guard": guard,
                "direction": "request",
                "action": "allow",
                "score": round(verdict.score, 3),
                "categories": list(against),
            }
        )
    return {
        "flagged": bool(flagged),
        "categories": {name: name in flagged for name in scores},
        "category_scores": dict(scores),
        "category_applied_input_types": {name: ["text"] for name in scores},
    }


def _scores(guard: str, verdict: Verdict) -> dict[str, float]:
    """By category; of a judge that knows none, under its own name."""
    found = dict(verdict.scores) or dict.fromkeys(verdict.categories, verdict.score)
    return found or {guard: verdict.score}


def _against(
    guard: str, verdict: Verdict, rules: Sequence[ModerationRule]
) -> tuple[str, ...] | None:
    """The categories that a rule is against, or, of a guard without rules, that are likely; None
    where there is nothing to say against the text.
    """
    if not rules:
        return verdict.categories if verdict.score >= _DEFAULT_THRESHOLD else None
    hits = [hit for rule in rules if (hit := offence(rule, guard, verdict)) is not None]
    if not hits:
        return None
    return tuple(dict.fromkeys(name for hit in hits for name in hit.categories))
