"""Usage by day and month along one field, and without people; a user's own days without reading
everybody's.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"

_FIELDS = (
    *("username", "application", "connection", "model", "purpose"),
    *("charged_group", "key_id", "operation", "provider"),
)
_WORK = ("application", "connection", "model", "purpose", "operation", "provider")
_SUMS = (
    *("calls", "cached_calls", "input_tokens", "output_tokens"),
    *("cache_read_tokens", "cache_write_tokens", "reasoning_tokens"),
    *("input_audio_tokens", "output_audio_tokens", "input_image_tokens"),
    *("cost", "saved", "saved_fallback", "unpriced"),
)


def upgrade() -> None:
    """Make the tables, and add up what was added up by day and month before."""
    op.create_table(
        "usage_totals",
        sa.Column("period", sa.Text, primary_key=True),
        sa.Column("field", sa.Text, primary_key=True),
        sa.Column("day", sa.BigInteger, primary_key=True),
        sa.Column("value", sa.Text, primary_key=True),
        *(sa.Column(one, sa.BigInteger, nullable=False) for one in _SUMS),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "usage_of_work",
        sa.Column("period", sa.Text, primary_key=True),
        sa.Column("day", sa.BigInteger, primary_key=True),
        *(sa.Column(field, sa.Text, primary_key=True) for field in _WORK),
        *(sa.Column(one, sa.BigInteger, nullable=False) for one in _SUMS),
        sqlite_with_rowid=False,
    )
    for period, table in (("day", "usage_daily"), ("month", "usage_monthly")):
        for field in ("", *_FIELDS):
            key = ("day", field) if field else ("day",)
            own = ("period", "field", "day", "value")
            chosen = (f"'{period}'", f"'{field}'", "day", field or "''")
            _add_up("usage_totals", own, table, chosen, key)
        own = ("period", "day", *_WORK)
        _add_up("usage_of_work", own, table, (f"'{period}'", *own[1:]), own[1:])
        op.create_index(f"ix_{table}_username", table, ["username", "day"])
    op.create_index("ix_usage_totals_value", "usage_totals", ["field", "value", "period", "day"])


def _add_up(
    to: str, own: tuple[str, ...], table: str, chosen: tuple[str, ...], key: tuple[str, ...]
) -> None:
    sums = ", ".join(f"sum({one})" for one in _SUMS)
    op.execute(
        f"INSERT INTO {to} ({', '.join((*own, *_SUMS))}) "
        f"SELECT {', '.join(chosen)}, {sums} FROM {table} GROUP BY {', '.join(key)}"
    )
