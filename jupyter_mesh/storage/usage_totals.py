"""Usage by day and month for what is asked most, beside the sums by all fields at once.

A day by all fields has thousands of rows. `usage_totals` has one for each value of each field, and
one for everything: what a user cost, what each day cost, half a year at once. Tables of some fields
(`SOME_FIELDS`) say which models were used for what without people, who used which models, and who
used them for what. All are added up from `usage_daily`, with it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, TypeAlias

from . import sql
from .location import Cursor

Period: TypeAlias = Literal["day", "month"]
SOME_FIELDS = {
    "usage_of_work": ("application", "connection", "model", "purpose", "operation", "provider"),
    "usage_by_model": ("username", "charged_group", "connection", "model", "provider"),
    "usage_by_use": ("username", "charged_group", "application", "purpose"),
}
"""Tables of sums apart by some fields only, the smallest first."""
_EVERYTHING = ""
"""The field of rows that are of all calls."""
_FIELDS = (_EVERYTHING, *sql.USAGE_FIELDS)
_OWN = ", ".join(sql.USAGE_SUMS)
_SUMS = ", ".join(f"sum({one})" for one in sql.USAGE_SUMS)

_INSERT_TOTAL = f"INSERT INTO usage_totals (period, field, day, value, {_OWN})"
_TOTAL_OF_DAYS = f"""
    {_INSERT_TOTAL} SELECT 'day', '{{field}}', day, {{value}} AS value, {_SUMS} FROM usage_daily
    WHERE day >= ? AND day < ? GROUP BY {{key}}"""
_TOTAL_OF_MONTH = f"""
    {_INSERT_TOTAL} SELECT 'month', field, ?, value, {_SUMS} FROM usage_totals
    WHERE period = 'day' AND field = ? AND day >= ? AND day < ? GROUP BY field, value"""
_INSERT = f"INSERT INTO {{table}} (period, day, {{fields}}, {_OWN})"
_OF_DAYS = f"""
    {_INSERT} SELECT 'day', day, {{fields}}, {_SUMS} FROM usage_daily
    WHERE day >= ? AND day < ? GROUP BY day, {{fields}}"""
_OF_MONTH = f"""
    {_INSERT} SELECT 'month', ?, {{fields}}, {_SUMS} FROM {{table}}
    WHERE period = 'day' AND day >= ? AND day < ? GROUP BY {{fields}}"""


def _added(table: str) -> str:
    return ", ".join(f"{one} = {table}.{one} + excluded.{one}" for one in sql.USAGE_SUMS)


_OF_CALL = f"FROM ({sql.USAGE_OF_CALLS} WHERE id = ?) AS one WHERE 1 = 1"
_ADD_TOTAL = f"""
    {_INSERT_TOTAL} SELECT ?, '{{field}}', ?, {{value}}, {_OWN} {_OF_CALL}
    ON CONFLICT (period, field, day, value) DO UPDATE SET {_added("usage_totals")}"""
_ADD = f"""
    {_INSERT} SELECT ?, ?, {{fields}}, {_OWN} {_OF_CALL}
    ON CONFLICT (period, day, {{fields}}) DO UPDATE SET {{added}}"""


def table_of(period: Period, columns: Iterable[str]) -> str | None:
    """What stands in a FROM for the smallest sums that have these columns, and `day`; None where
    only those by all fields have them.
    """
    asked = set(columns)
    if len(asked) <= 1:
        field = next(iter(asked), _EVERYTHING)
        value = f", value AS {field}" if field else ""
        return (
            f"(SELECT day{value}, {_OWN} FROM usage_totals "
            f"WHERE period = '{period}' AND field = '{field}') AS totals"
        )
    for table, fields in SOME_FIELDS.items():
        if asked <= set(fields):
            return (
                f"(SELECT day, {', '.join(fields)}, {_OWN} FROM {table} "
                f"WHERE period = '{period}') AS totals"
            )
    return None


def fold_days(cursor: Cursor, first: int, end: int) -> None:
    """Add up days that `usage_daily` has."""
    for table, fields in SOME_FIELDS.items():
        cursor.execute(_OF_DAYS.format(table=table, fields=", ".join(fields)), (first, end))
    for field in _FIELDS:
        value, key = (field, f"day, {field}") if field else ("''", "day")
        statement = _TOTAL_OF_DAYS.format(field=field, value=value, key=key)
        cursor.execute(statement, (first, end))


def fold_month(cursor: Cursor, first: int, end: int) -> None:
    """Add up a month of days that are there."""
    for table, fields in SOME_FIELDS.items():
        statement = _OF_MONTH.format(table=table, fields=", ".join(fields))
        cursor.execute(statement, (first, first, end))
    for field in _FIELDS:
        cursor.execute(_TOTAL_OF_MONTH, (first, field, first, end))


def add(cursor: Cursor, period: Period, day: int, call_id: str) -> None:
    """Add a finished call to sums that are there already."""
    for table, fields in SOME_FIELDS.items():
        statement = _ADD.format(table=table, fields=", ".join(fields), added=_added(table))
        cursor.execute(statement, (period, day, call_id))
    for field in _FIELDS:
        statement = _ADD_TOTAL.format(field=field, value=field or "''")
        cursor.execute(statement, (period, day, call_id))
