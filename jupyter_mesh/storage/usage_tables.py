"""The tables of usage: whole by the hour, added up by day and month, as `tables.py` describes."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Table, Text, text

from .metadata import metadata
from .sql import USAGE_FIELDS, USAGE_SUMS

_OF_DOCUMENT = text("document <> ''")

usage_hourly = Table(
    "usage_hourly",
    metadata,
    Column("hour", BigInteger, primary_key=True),  # hours since 1970 UTC
    Column("username", Text, primary_key=True),
    Column("application", Text, primary_key=True),
    Column("connection", Text, primary_key=True),
    Column("model", Text, primary_key=True),
    Column("purpose", Text, primary_key=True),
    Column("document", Text, primary_key=True),
    Column("charged_group", Text, primary_key=True),
    Column("key_id", Text, primary_key=True),
    Column("operation", Text, primary_key=True),
    Column("provider", Text, primary_key=True),
    Column("calls", BigInteger, nullable=False),
    Column("cached_calls", BigInteger, nullable=False),
    Column("input_tokens", BigInteger, nullable=False),
    Column("output_tokens", BigInteger, nullable=False),
    Column("cache_read_tokens", BigInteger, nullable=False),
    Column("cache_write_tokens", BigInteger, nullable=False),
    Column("reasoning_tokens", BigInteger, nullable=False),
    Column("input_audio_tokens", BigInteger, nullable=False),
    Column("output_audio_tokens", BigInteger, nullable=False),
    Column("input_image_tokens", BigInteger, nullable=False),
    Column("cost", BigInteger, nullable=False),
    Column("saved", BigInteger, nullable=False),
    Column("saved_fallback", BigInteger, nullable=False),
    Column("unpriced", BigInteger, nullable=False),
    Index("ix_usage_hourly_username", "username", "hour"),
    Index(
        "ix_usage_hourly_document",
        "document",
        "hour",
        sqlite_where=_OF_DOCUMENT,
        postgresql_where=_OF_DOCUMENT,
    ),
    sqlite_with_rowid=False,
)


def _usage_sums(name: str) -> Table:
    """Usage without its documents, by `day`: days since 1970 UTC, of a month its first."""
    return Table(
        name,
        metadata,
        Column("day", BigInteger, primary_key=True),
        *(Column(field, Text, primary_key=True) for field in USAGE_FIELDS),
        *(Column(one, BigInteger, nullable=False) for one in USAGE_SUMS),
        Index(f"ix_{name}_username", "username", "day"),
        sqlite_with_rowid=False,
    )


usage_daily = _usage_sums("usage_daily")
usage_monthly = _usage_sums("usage_monthly")
usage_totals = Table(
    "usage_totals",
    metadata,
    Column("period", Text, primary_key=True),  # day, month
    Column("field", Text, primary_key=True),  # a column of usage_daily, or nothing: all calls
    Column("day", BigInteger, primary_key=True),
    Column("value", Text, primary_key=True),
    *(Column(one, BigInteger, nullable=False) for one in USAGE_SUMS),
    Index("ix_usage_totals_value", "field", "value", "period", "day"),
    sqlite_with_rowid=False,
)


def _sums_by(name: str, *fields: str) -> Table:
    """Usage apart by some fields only, of days and of months."""
    of_user = [Index(f"ix_{name}_username", "username", "period", "day")]
    return Table(
        name,
        metadata,
        Column("period", Text, primary_key=True),  # day, month
        Column("day", BigInteger, primary_key=True),
        *(Column(field, Text, primary_key=True) for field in fields),
        *(Column(one, BigInteger, nullable=False) for one in USAGE_SUMS),
        *(of_user if "username" in fields else ()),
        sqlite_with_rowid=False,
    )


usage_of_work = _sums_by(
    "usage_of_work", "application", "connection", "model", "purpose", "operation", "provider"
)
usage_by_model = _sums_by(
    "usage_by_model", "username", "charged_group", "connection", "model", "provider"
)
usage_by_use = _sums_by("usage_by_use", "username", "charged_group", "application", "purpose")

use_spans = Table(
    "use_spans",
    metadata,
    Column("application", Text, primary_key=True),
    Column("purpose", Text, primary_key=True),
    Column("first_hour", BigInteger, nullable=False),  # hours since 1970 UTC
    Column("last_hour", BigInteger, nullable=False),
)

usage_folded = Table(
    "usage_folded",
    metadata,
    Column("period", Text, primary_key=True),  # day, month
    # The first day since 1970 that is not added up there yet.
    Column("until_day", BigInteger, nullable=False),
)
