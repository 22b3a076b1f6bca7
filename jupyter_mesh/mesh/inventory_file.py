"""The inventory as rows of a file."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime

from ..schemas.inventory import InventoryReport, UseCase
from .record_files import Column, Row

COLUMNS = (
    *(Column(name, "text") for name in ("name", "application", "purpose", "owner")),
    *(Column(name, "text") for name in ("risk_class", "description")),
    Column("data_sources", "list"),
    Column("since", "moment"),
    *(Column(name, "text") for name in ("human_oversight", "ai_marking")),
    Column("stopped", "flag"),
    Column("reason", "text"),
    *(Column(name, "list") for name in ("models", "providers", "residencies")),
    *(Column(name, "list") for name in ("trains_on_requests", "retains_requests")),
    Column("groups", "list"),
    Column("users", "whole"),
    Column("calls", "whole"),
    Column("cost_usd", "amount"),
    Column("first_use", "moment"),
    Column("last_use", "moment"),
    *(Column(name, "list") for name in ("open_to", "guards", "moderation", "warnings")),
)


async def rows(report: InventoryReport) -> AsyncIterator[Sequence[Row]]:
    """A row for each use case."""
    yield [_row(case) for case in report.use_cases]


def _row(case: UseCase) -> Row:
    said, models = case.declared, case.models
    since = said.since if said else None
    return {
        "name": case.name,
        "application": case.application,
        "purpose": case.purpose,
        "owner": said.owner if said else None,
        "risk_class": said.risk_class if said else None,
        "description": said.description if said else None,
        "data_sources": list(said.data_sources) if said else [],
        "since": datetime(since.year, since.month, since.day, tzinfo=UTC) if since else None,
        "human_oversight": said.human_oversight if said else None,
        "ai_marking": said.ai_marking if said else None,
        "stopped": case.stopped,
        "reason": said.reason if said else None,
        "models": [one.id for one in models],
        "providers": sorted({one.provider for one in models if one.provider}),
        "residencies": sorted({one.residency for one in models if one.residency}),
        "trains_on_requests": [one.id for one in models if one.trains_on_requests],
        "retains_requests": [
            f"{one.id}: {one.retains_requests}" for one in models if one.retains_requests
        ],
        "groups": case.groups,
        "users": case.users,
        "calls": case.spend.calls,
        "cost_usd": case.spend.cost_usd,
        "first_use": case.first_use,
        "last_use": case.last_use,
        "open_to": case.open_to,
        "guards": case.guards,
        "moderation": case.moderation,
        "warnings": case.warnings,
    }
