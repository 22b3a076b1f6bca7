"""Usage as a file: CSV for spreadsheets, Parquet for programs."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime
from decimal import Decimal
from importlib import import_module
from typing import Any

from ..errors import InvalidRequest
from ..schemas.spend import PICO
from ..schemas.usage import PERIODS, Spend, Usage

_SUMS = tuple(Spend.model_fields)
_STARTS_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def to_csv(usage: Usage) -> bytes:
    """A line for each row, the names of the columns first; amounts in full, never in E notation.

    A text that a spreadsheet would take for a formula begins with an apostrophe.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow([*usage.by, *_SUMS])
    for row in usage.rows:
        spend = [getattr(row.spend, name) for name in _SUMS]
        figures = [f"{one:f}" if isinstance(one, Decimal) else one for one in spend]
        writer.writerow([*(harmless(row.key[name]) for name in usage.by), *figures])
    return text.getvalue().encode()


def harmless(cell: str) -> str:
    """`cell`, such that no spreadsheet takes it for a formula."""
    return f"'{cell}" if cell.startswith(_STARTS_FORMULA) else cell


def to_parquet(usage: Usage) -> bytes:
    """The same with types: amounts are decimals of 12 places, periods the moments they begin.

    Raises:
        InvalidRequest: `pyarrow` is not installed.
    """
    try:
        pa: Any = import_module("pyarrow")
        parquet: Any = import_module("pyarrow.parquet")
    except ImportError as error:
        raise InvalidRequest(
            "Parquet needs another package on the gateway: pip install 'jupyter-mesh[parquet]'.",
            param="format",
        ) from error
    amount, moment = pa.decimal128(38, 12), pa.timestamp("us", tz="UTC")
    columns: dict[str, Any] = {}
    for name in usage.by:
        cells = [row.key[name] for row in usage.rows]
        columns[name] = (
            pa.array([_beginning(name, cell) for cell in cells], moment)
            if name in PERIODS
            else pa.array(cells, pa.string())
        )
    for name in _SUMS:
        figures = [getattr(row.spend, name) for row in usage.rows]
        columns[name] = (
            pa.array([one.quantize(PICO) for one in figures], amount)
            if name.endswith("_usd")
            else pa.array(figures, pa.int64())
        )
    about = {"since": usage.since.isoformat(), "until": usage.until.isoformat()}
    buffer = io.BytesIO()
    parquet.write_table(pa.table(columns).replace_schema_metadata(about), buffer)
    return buffer.getvalue()


def _beginning(period: str, label: str) -> datetime:
    """When a period begins that `storage.usage` named."""
    if period == "week":
        return datetime.strptime(f"{label}-1", "%G-W%V-%u").replace(tzinfo=UTC)
    if period == "month":
        label = f"{label}-01"
    elif period == "quarter":
        year, _, quarter = label.partition("-Q")
        label = f"{year}-{3 * int(quarter) - 2:02}-01"
    began = datetime.fromisoformat(label)
    return began.replace(tzinfo=UTC) if began.tzinfo is None else began
