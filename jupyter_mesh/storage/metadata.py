"""What all tables are part of."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Index, MetaData, TextClause

metadata = MetaData()


def partial_index(name: str, columns: Sequence[str], where: TextClause) -> Index:
    """An index of the rows that fulfil a condition."""
    return Index(name, *columns, sqlite_where=where, postgresql_where=where)
