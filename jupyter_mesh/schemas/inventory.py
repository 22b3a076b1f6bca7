"""Bodies of the inventory: which model is used where, by whom, for what."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import Field

from .api import Body, Spend
from .use_case import UseCaseRule


class UsedModel(Body):
    """One model of a use case. What is known of it is null where it is not connected any more."""

    id: str
    connection: str
    provider: str | None
    residency: Literal["local", "region", "external"] | None
    trains_on_requests: bool | None
    retains_requests: str | None
    spend: Spend


class UseCase(Body):
    """What one application does for one purpose: what was declared, and what was seen."""

    name: str | None = Field(description="As declared; null: nobody has declared this use.")
    application: str
    purpose: str | None = Field(description="Null: declared for every purpose, not used yet.")
    declared: UseCaseRule | None = Field(description="Null: an undeclared use.")
    stopped: bool = Field(description="Its calls are refused.")
    managed_by: Literal["mesh.yaml", "admin", "default"] | None = None
    version: int | None = Field(default=None, description="To be sent back with a change.")
    models: list[UsedModel] = Field(description="Dearest first.")
    groups: list[str] = Field(description="Groups whose members used it.")
    users: int
    spend: Spend
    first_use: datetime | None = Field(description="To the hour, as far back as sums are kept.")
    last_use: datetime | None
    open_to: list[str] = Field(description="Groups that may use it now; `*`: everybody.")
    guards: list[str] = Field(description="What screens its calls: detectors by rule.")
    moderation: list[str] = Field(description="Judges of its prompts and answers.")
    warnings: list[str] = Field(
        default_factory=list,
        description="What is missing for a use of its risk class, and prices nobody has looked at.",
    )


class InventoryReport(Body):
    """Every use case, declared ones first."""

    since: datetime
    until: datetime
    use_cases: list[UseCase]
