"""Calls, their content, budgets and holds, hourly usage, writers, preferences, secrets."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_serial = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Create everything."""
    _create_calls()
    _create_money()
    op.create_table(
        "writers",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("host", sa.Text, nullable=False),
        sa.Column("boot_id", sa.Text, nullable=False),
        sa.Column("pid", sa.BigInteger, nullable=False),
        sa.Column("started_at", sa.BigInteger, nullable=False),
        sa.Column("heartbeat_at", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "preferences",
        sa.Column("username", sa.Text, primary_key=True),
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("setting", sa.Text, nullable=False),
    )
    op.create_table(
        "secrets",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("nonce", sa.LargeBinary, nullable=False),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.Column("stored_at", sa.BigInteger, nullable=False),
    )


def _create_calls() -> None:
    op.create_table(
        "calls",
        sa.Column("seq", _serial, primary_key=True, autoincrement=True),
        sa.Column("id", sa.Text, nullable=False, unique=True),
        sa.Column("writer", sa.Text, nullable=False),
        sa.Column("started_at", sa.BigInteger, nullable=False),
        sa.Column("username", sa.Text, nullable=False),
        sa.Column("via", sa.Text, nullable=False),
        sa.Column("application", sa.Text, nullable=False),
        sa.Column("operation", sa.Text, nullable=False),
        sa.Column("requested_model", sa.Text, nullable=False),
        sa.Column("candidates", sa.Text),
        sa.Column("groups", sa.Text),
        sa.Column("purpose", sa.Text, nullable=False),
        sa.Column("document", sa.Text),
        sa.Column("key_id", sa.Text),
        sa.Column("parent", sa.Text),
        sa.Column("tags", sa.Text),
        sa.Column("streamed", sa.SmallInteger, nullable=False),
        sa.Column("estimated_cost", sa.BigInteger),
        sa.Column("outcome", sa.Text, nullable=False),
        sa.Column("ended_at", sa.BigInteger),
        *(sa.Column(name, sa.Text) for name in ("model", "provider", "connection")),
        *(
            sa.Column(f"{kind}_tokens", sa.BigInteger)
            for kind in (
                *("input", "output", "cache_read", "cache_write", "reasoning"),
                *("input_audio", "output_audio", "input_image"),
            )
        ),
        sa.Column("usage_estimated", sa.SmallInteger),
        sa.Column("cost", sa.BigInteger),
        sa.Column("saved", sa.BigInteger),
        *(
            sa.Column(f"{what}_ms", sa.Float)
            for what in ("total", "first_token", "upstream", "overhead")
        ),
        *(
            sa.Column(name, sa.Text)
            for name in (
                *("finish_reason", "error_code", "error_message"),
                *("attempts", "notices", "verdicts", "price_source", "screened"),
            )
        ),
    )
    op.create_index("ix_calls_username", "calls", ["username", "seq"])
    _partial_index("ix_calls_document", "calls", ["document", "seq"], "document IS NOT NULL")
    _partial_index("ix_calls_parent", "calls", ["parent"], "parent IS NOT NULL")
    _partial_index("ix_calls_pending", "calls", ["writer"], "outcome = 'pending'")
    op.create_table(
        "call_content",
        sa.Column("call_id", sa.Text, primary_key=True),
        sa.Column("request", sa.Text),
        sa.Column("response", sa.Text),
        sa.Column("stored_at", sa.BigInteger, nullable=False),
    )
    op.create_index("ix_call_content_stored_at", "call_content", ["stored_at"])


def _create_money() -> None:
    op.create_table(
        "budget_windows",
        sa.Column("budget", sa.Text, primary_key=True),
        sa.Column("window_start", sa.BigInteger, primary_key=True),
        sa.Column("period", sa.Text, nullable=False),
        sa.Column("spent", sa.BigInteger, nullable=False),
        sa.Column("held", sa.BigInteger, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "holds",
        sa.Column("call_id", sa.Text, primary_key=True),
        sa.Column("budget", sa.Text, primary_key=True),
        sa.Column("window_start", sa.BigInteger, primary_key=True),
        sa.Column("amount", sa.BigInteger, nullable=False),
        sa.Column("limit_amount", sa.BigInteger, nullable=False),
        sa.Column("hard", sa.SmallInteger, nullable=False),
        sa.Column("drawn_from", sa.Text),
        sqlite_with_rowid=False,
    )
    key = ("username", "application", "connection", "model", "purpose", "document")
    sums = ("calls", "cached_calls", "input_tokens", "output_tokens", "cost", "saved", "unpriced")
    op.create_table(
        "usage_hourly",
        sa.Column("hour", sa.BigInteger, primary_key=True),
        *(sa.Column(name, sa.Text, primary_key=True) for name in key),
        *(sa.Column(name, sa.BigInteger, nullable=False) for name in sums),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_usage_hourly_username", "usage_hourly", ["username", "hour"])
    _partial_index(
        "ix_usage_hourly_document", "usage_hourly", ["document", "hour"], "document <> ''"
    )


def _partial_index(name: str, table: str, columns: list[str], where: str) -> None:
    condition = sa.text(where)
    op.create_index(name, table, columns, sqlite_where=condition, postgresql_where=condition)
