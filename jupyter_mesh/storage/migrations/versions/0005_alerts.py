"""Alerts, and what came of telling each channel."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

_LIVE = sa.text("state <> 'resolved'")
_UNDONE = sa.text("state IN ('waiting', 'sending')")


def upgrade() -> None:
    """Add both tables."""
    op.create_table(
        "alerts",
        sa.Column("id", sa.Text, primary_key=True),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("kind", "subject", "severity")),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("details", sa.Text),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("opening", sa.BigInteger, nullable=False),
        sa.Column("count", sa.BigInteger, nullable=False),
        sa.Column("first_seen", sa.BigInteger, nullable=False),
        sa.Column("last_seen", sa.BigInteger, nullable=False),
        sa.Column("acknowledged_by", sa.Text),
        sa.Column("acknowledged_at", sa.BigInteger),
        sa.Column("resolved_at", sa.BigInteger),
    )
    op.create_index("ix_alerts_subject", "alerts", ["kind", "subject"], unique=True)
    op.create_index("ix_alerts_first_seen", "alerts", ["first_seen", "id"])
    op.create_index(
        "ix_alerts_live", "alerts", ["state"], sqlite_where=_LIVE, postgresql_where=_LIVE
    )
    op.create_table(
        "alert_deliveries",
        sa.Column("alert", sa.Text, primary_key=True),
        sa.Column("channel", sa.Text, primary_key=True),
        sa.Column("about", sa.Text, primary_key=True),
        sa.Column("opening", sa.BigInteger, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("due", sa.BigInteger, nullable=False),
        sa.Column("tried_at", sa.BigInteger),
        sa.Column("error", sa.Text),
        sa.Column("told_at", sa.BigInteger),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "ix_alert_deliveries_due",
        "alert_deliveries",
        ["due"],
        sqlite_where=_UNDONE,
        postgresql_where=_UNDONE,
    )
