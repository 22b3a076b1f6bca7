"""An admin's own regular expressions: numbers of orders, names of wards, whatever a house has."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import ClassVar, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from ..schemas.json import JsonObject
from ..spi.guard import Detector, Finding, GuardConfig, GuardedCall, GuardTools
from ..spi.workers import ScannedSpan, Scanner, Workers

_AROUND = 100
"""Characters on each side of a finding in which a context word counts."""
_LONGEST_PATTERN = 2_000
_WORD = re.compile(r"\w+")


class Expression(BaseModel):
    """One regular expression, as Python's `re` reads it.

    Attributes:
        entity: What a finding is called.
        pattern: What is looked for. Where it has a group called `value`, that is the finding.
        score: How sure a finding is, from 0 to 1.
        context: Words that make one surer where they stand near it, in any case.
        context_score: How sure it is then.
        ignore_case: Whether small and capital letters are the same.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    entity: str = Field(pattern=r"^[A-Z][A-Z0-9_]*$")
    pattern: str = Field(min_length=1, max_length=_LONGEST_PATTERN)
    score: float = Field(default=0.8, gt=0, le=1)
    context: tuple[str, ...] = Field(default=(), max_length=100)
    context_score: float = Field(default=1.0, gt=0, le=1)
    ignore_case: bool = False

    @model_validator(mode="after")
    def _works(self) -> Self:
        try:
            compiled = self.compiled
        except (re.error, OverflowError, RecursionError) as error:
            raise ValueError(f"{self.pattern!r} is no regular expression: {error}") from None
        if compiled.search("") is not None:
            raise ValueError(f"{self.pattern!r} finds nothing at all in every text")
        if any(not _WORD.fullmatch(word) for word in self.context):
            raise ValueError("a word of `context` is one word")
        if self.context and self.context_score < self.score:
            raise ValueError("`context_score` is not below `score`")
        return self

    @property
    def compiled(self) -> re.Pattern[str]:
        """As it is searched for. Raises what `re.compile` raises."""
        return re.compile(self.pattern, re.IGNORECASE if self.ignore_case else 0)


class ExpressionsConfig(GuardConfig):
    """What to look for.

    Attributes:
        patterns: Each finds by itself; what overlaps is all found.
    """

    patterns: tuple[Expression, ...] = Field(min_length=1, max_length=500)


class Expressions(Detector):
    """Finds what regular expressions of an admin's own match. They run in other processes only,
    with a deadline: an expression that takes forever refuses the call and holds up nobody.
    """

    Config: type[GuardConfig] = ExpressionsConfig
    name: ClassVar[str] = "expressions"

    def __init__(self, config: GuardConfig) -> None:
        super().__init__(config)
        assert isinstance(config, ExpressionsConfig)
        self._patterns = config.patterns
        self._entities = frozenset(one.entity for one in config.patterns)
        self._settings: JsonObject = config.model_dump(mode="json")
        self._workers: Workers | None = None

    def entities(self) -> frozenset[str]:
        return self._entities

    def surest(self, entity: str) -> float | None:
        scores = [
            one.context_score if one.context else one.score
            for one in self._patterns
            if one.entity == entity
        ]
        return max(scores, default=None)

    def remedy(self, entity: str) -> str | None:
        return f"write a pattern for {entity} under `patterns`"

    def start(self, name: str, tools: GuardTools) -> None:
        self._workers = tools.workers

    async def find(self, texts: Sequence[str], call: GuardedCall) -> Sequence[Sequence[Finding]]:
        assert self._workers is not None, "it was not started"
        found = await self._workers.scan(ExpressionScanner, self._settings, texts)
        return [[Finding(*span, detector=self.name) for span in sorted(some)] for some in found]


class ExpressionScanner(Scanner):
    """Searches one text for each expression."""

    after: ClassVar[int] = 8_192

    def __init__(self, settings: JsonObject) -> None:
        super().__init__(settings)
        patterns = ExpressionsConfig.model_validate(settings).patterns
        self._sought = [
            (one, one.compiled, frozenset(word.casefold() for word in one.context))
            for one in patterns
        ]

    def scan(self, text: str) -> Iterator[ScannedSpan]:
        for said, compiled, context in self._sought:
            group = "value" if "value" in compiled.groupindex else 0
            for match in compiled.finditer(text):
                start, end = match.span(group)
                if start < end:
                    near = bool(context) and _is_near(context, text, match.start(), match.end())
                    score = said.context_score if near else said.score
                    yield ScannedSpan(start, end, said.entity, score)


def _is_near(context: frozenset[str], text: str, start: int, end: int) -> bool:
    around = text[max(0, start - _AROUND) : start] + "\n" + text[end : end + _AROUND]
    return not context.isdisjoint(_WORD.findall(around.casefold()))
