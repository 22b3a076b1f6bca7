"""What guards found, by hour: added up from the record there is."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any, cast

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"

_HOUR = 3_600_000_000


def upgrade() -> None:
    """Add the table, and to it the verdicts on record."""
    hits = op.create_table(
        "guard_hits_hourly",
        sa.Column("hour", sa.BigInteger, primary_key=True),
        sa.Column("guard", sa.Text, primary_key=True),
        sa.Column("subject", sa.Text, primary_key=True),
        sa.Column("action", sa.Text, primary_key=True),
        sa.Column("mode", sa.Text, primary_key=True),
        sa.Column("calls", sa.BigInteger, nullable=False),
        sa.Column("hits", sa.BigInteger, nullable=False),
        sqlite_with_rowid=False,
    )
    recorded = op.get_bind().execute(
        sa.text("SELECT started_at, verdicts FROM calls WHERE verdicts IS NOT NULL")
    )
    calls: Counter[tuple[int, str, str, str]] = Counter()
    found: Counter[tuple[int, str, str, str]] = Counter()
    for started_at, verdicts in recorded:
        of_call = _counted(started_at // _HOUR, json.loads(verdicts))
        calls.update(of_call.keys())
        found.update(of_call)
    names = ("hour", "guard", "subject", "action")
    rows = [
        {**dict(zip(names, key, strict=True)), "mode": "enforce", "calls": calls[key], "hits": many}
        for key, many in found.items()
    ]
    if rows:
        op.bulk_insert(hits, rows)


def _counted(hour: int, verdicts: object) -> Counter[tuple[int, str, str, str]]:
    found: Counter[tuple[int, str, str, str]] = Counter()
    for one in cast("list[dict[str, Any]]", verdicts) if isinstance(verdicts, list) else ():
        subject = one.get("entity") or one.get("direction") or ""
        found[hour, str(one.get("guard")), str(subject), str(one.get("action"))] += (
            one.get("count") or 1
        )
    return found
