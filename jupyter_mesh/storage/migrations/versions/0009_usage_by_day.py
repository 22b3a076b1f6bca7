"""Usage added up by day and by month; what is over is added up by the gateway."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"

_FIELDS = (
    *("username", "application", "connection", "model", "purpose"),
    *("charged_group", "key_id", "operation", "provider"),
)
_SUMS = (
    *("calls", "cached_calls", "input_tokens", "output_tokens"),
    *("cache_read_tokens", "cache_write_tokens", "reasoning_tokens"),
    *("input_audio_tokens", "output_audio_tokens", "input_image_tokens"),
    *("cost", "saved", "saved_fallback", "unpriced"),
)


def upgrade() -> None:
    """Make the tables, empty."""
    for name in ("usage_daily", "usage_monthly"):
        op.create_table(
            name,
            sa.Column("day", sa.BigInteger, primary_key=True),
            *(sa.Column(field, sa.Text, primary_key=True) for field in _FIELDS),
            *(sa.Column(one, sa.BigInteger, nullable=False) for one in _SUMS),
            sqlite_with_rowid=False,
        )
    op.create_table(
        "use_spans",
        sa.Column("application", sa.Text, primary_key=True),
        sa.Column("purpose", sa.Text, primary_key=True),
        sa.Column("first_hour", sa.BigInteger, nullable=False),
        sa.Column("last_hour", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "usage_folded",
        sa.Column("period", sa.Text, primary_key=True),
        sa.Column("until_day", sa.BigInteger, nullable=False),
    )
    op.execute("INSERT INTO usage_folded (period, until_day) VALUES ('day', 0)")
    op.execute("INSERT INTO usage_folded (period, until_day) VALUES ('month', 0)")
