"""Indexes that the search of the record walks, newest first."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

_ORDER = ["started_at", "seq"]


def upgrade() -> None:
    """Order by when a call began, so that a time finds its place."""
    op.drop_index("ix_calls_username", "calls")
    op.drop_index("ix_calls_document", "calls")
    op.create_index("ix_calls_started_at", "calls", _ORDER)
    for column in ("username", "application"):
        op.create_index(f"ix_calls_{column}", "calls", [column, *_ORDER])
    for column in ("document", "key_id", "error_code"):
        _partial_index(f"ix_calls_{column}", [column, *_ORDER], f"{column} IS NOT NULL")
    problem = "outcome NOT IN ('answered', 'cached', 'pending')"
    _partial_index("ix_calls_problem", ["outcome", *_ORDER], problem)
    _partial_index("ix_calls_finding", _ORDER, "verdicts IS NOT NULL")


def _partial_index(name: str, columns: list[str], where: str) -> None:
    condition = sa.text(where)
    op.create_index(name, "calls", columns, sqlite_where=condition, postgresql_where=condition)
