"""Usage by day and month of people: by the models they used, and by what they used them for."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"

_TABLES = {
    "usage_by_model": ("username", "charged_group", "connection", "model", "provider"),
    "usage_by_use": ("username", "charged_group", "application", "purpose"),
}
_SUMS = (
    *("calls", "cached_calls", "input_tokens", "output_tokens"),
    *("cache_read_tokens", "cache_write_tokens", "reasoning_tokens"),
    *("input_audio_tokens", "output_audio_tokens", "input_image_tokens"),
    *("cost", "saved", "saved_fallback", "unpriced"),
)


def upgrade() -> None:
    """Make the tables, and add up what was added up by day and month before."""
    added = ", ".join(f"sum({one})" for one in _SUMS)
    for table, fields in _TABLES.items():
        op.create_table(
            table,
            sa.Column("period", sa.Text, primary_key=True),
            sa.Column("day", sa.BigInteger, primary_key=True),
            *(sa.Column(field, sa.Text, primary_key=True) for field in fields),
            *(sa.Column(one, sa.BigInteger, nullable=False) for one in _SUMS),
            sqlite_with_rowid=False,
        )
        key = ", ".join(("day", *fields))
        for period, source in (("day", "usage_daily"), ("month", "usage_monthly")):
            op.execute(
                f"INSERT INTO {table} (period, {key}, {', '.join(_SUMS)}) "
                f"SELECT '{period}', {key}, {added} FROM {source} GROUP BY {key}"
            )
        op.create_index(f"ix_{table}_username", table, ["username", "period", "day"])
