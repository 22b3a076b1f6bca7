"""Budgets are added up over their shares by the start of the window that runs."""

from __future__ import annotations

from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    """Windows are found by their start, without those of former days."""
    op.create_index("ix_budget_windows_start", "budget_windows", ["window_start"])
