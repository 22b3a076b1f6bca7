"""What a company declares about one use of its models, and the switch that stops it."""

from __future__ import annotations

from datetime import date
from typing import Literal, TypeAlias

from pydantic import Field, model_validator

from .policy import Rule

RiskClass: TypeAlias = Literal["minimal", "limited", "high", "prohibited"]
"""As the EU AI Act sorts uses; the company decides, the mesh records."""


class UseCaseRule(Rule):
    """One use case: what an application does for a purpose.

    Attributes:
        application: As API keys name it; `notebook` for notebooks.
        purpose: The purpose of its calls; None: whatever they are for.
        owner: Who answers for it.
        data_sources: Where what is sent comes from.
        since: First day of use.
        human_oversight: Who oversees it, and how it is stopped or overruled.
        ai_marking: How people are told that something was written by a model.
        enabled: Off: its calls are refused. A prohibited use cannot be on.
        reason: Why it is off; whoever calls is told.
    """

    application: str = Field(min_length=1, max_length=100)
    purpose: str | None = Field(default=None, min_length=1, max_length=100)
    owner: str | None = None
    risk_class: RiskClass | None = None
    description: str | None = None
    data_sources: tuple[str, ...] = ()
    since: date | None = None
    human_oversight: str | None = None
    ai_marking: str | None = None
    enabled: bool = True
    reason: str | None = None

    @model_validator(mode="after")
    def _prohibited_is_off(self) -> UseCaseRule:
        if self.risk_class == "prohibited" and self.enabled:
            raise ValueError("a use of risk class `prohibited` cannot be enabled")
        return self

    def covers(self, application: str, purpose: str) -> bool:
        """Whether calls of this application and purpose belong to it."""
        return application == self.application and self.purpose in (None, purpose)
