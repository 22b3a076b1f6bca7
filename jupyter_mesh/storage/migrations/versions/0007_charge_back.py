"""Who is charged for a call, what of it each class of tokens cost, and usage by all of that."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

_OLD_KEY = ("hour", "username", "application", "connection", "model", "purpose", "document")
_NEW_KEY = ("charged_group", "key_id", "operation", "provider")
_OLD_SUMS = ("calls", "cached_calls", "input_tokens", "output_tokens", "cost", "saved", "unpriced")
_NEW_TOKENS = (
    *("cache_read_tokens", "cache_write_tokens", "reasoning_tokens"),
    *("input_audio_tokens", "output_audio_tokens", "input_image_tokens"),
)
_TOKENS = ("input_tokens", "output_tokens", *_NEW_TOKENS)
_SUMS = ("calls", "cached_calls", *_TOKENS, "cost", "saved", "saved_fallback", "unpriced")


def upgrade() -> None:
    """Add the columns, and add usage up anew from the calls that are still there."""
    op.add_column("calls", sa.Column("charged_group", sa.Text))
    op.add_column("calls", sa.Column("saved_fallback", sa.BigInteger))
    op.add_column("calls", sa.Column("cost_classes", sa.Text))
    op.add_column("calls", sa.Column("priced_at", sa.BigInteger))
    op.drop_index("ix_usage_hourly_document", "usage_hourly")
    op.drop_index("ix_usage_hourly_username", "usage_hourly")
    op.rename_table("usage_hourly", "usage_before")
    op.create_table(
        "usage_hourly",
        sa.Column("hour", sa.BigInteger, primary_key=True),
        *(sa.Column(name, sa.Text, primary_key=True) for name in (*_OLD_KEY[1:], *_NEW_KEY)),
        *(sa.Column(name, sa.BigInteger, nullable=False) for name in _SUMS),
        sqlite_with_rowid=False,
    )
    _fill()
    op.drop_table("usage_before")
    op.create_index("ix_usage_hourly_username", "usage_hourly", ["username", "hour"])
    given = sa.text("document <> ''")
    op.create_index(
        "ix_usage_hourly_document",
        "usage_hourly",
        ["document", "hour"],
        sqlite_where=given,
        postgresql_where=given,
    )


def _fill() -> None:
    """Hours whose calls may be gone in part keep the sums they had; what they lack is empty."""
    first = (
        "(SELECT max(hour) FROM ("
        "SELECT coalesce(min(started_at), 9000000000000000000) / 3600000000 AS hour FROM calls "
        "UNION ALL SELECT max(moment) / 3600000000 FROM audit_chain WHERE kind = 'prune') AS gone)"
    )
    keys = ", ".join((*_OLD_KEY, *_NEW_KEY))
    old_sums, new_sums = ", ".join(_OLD_SUMS), ", ".join((*_NEW_TOKENS, "saved_fallback"))
    op.execute(
        f"INSERT INTO usage_hourly ({keys}, {old_sums}, {new_sums}) "
        f"SELECT {', '.join(_OLD_KEY)}, '', '', '', '', {old_sums}, 0, 0, 0, 0, 0, 0, 0 "
        f"FROM usage_before WHERE hour <= {first}"
    )
    tokens = ", ".join(f"sum({name})" for name in _TOKENS)
    op.execute(
        f"INSERT INTO usage_hourly ({keys}, {', '.join(_SUMS)}) "
        "SELECT started_at / 3600000000, username, application, coalesce(connection, ''), "
        "coalesce(model, ''), purpose, coalesce(document, ''), '', coalesce(key_id, ''), "
        "operation, coalesce(provider, ''), "
        f"count(*), sum(CASE WHEN outcome = 'cached' THEN 1 ELSE 0 END), {tokens}, "
        "coalesce(sum(cost), 0), sum(saved), 0, sum(CASE WHEN cost IS NULL THEN 1 ELSE 0 END) "
        f"FROM calls WHERE outcome <> 'pending' AND started_at / 3600000000 > {first} "
        "GROUP BY 1, 2, 3, 4, 5, 6, 7, 9, 10, 11"
    )
