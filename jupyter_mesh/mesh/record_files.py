"""Tables as files, a part at a time: JSON lines, CSV for spreadsheets, Parquet for programs."""

from __future__ import annotations

import asyncio
import csv
import io
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from typing import Any, Literal, Protocol, TypeAlias

from ..errors import InvalidRequest
from ..schemas.files import FILE_FORMATS, FileFormat
from ..schemas.spend import PICO

CellKind: TypeAlias = Literal["text", "list", "whole", "number", "amount", "moment", "flag"]
Cell: TypeAlias = "str | list[str] | int | float | Decimal | datetime | bool | None"
Row: TypeAlias = Mapping[str, Cell]

_STARTS_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
_ROW_GROUP = 5_000
"""Rows of a Parquet file that are gathered before they are written."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column: amounts are USD with 12 places, moments UTC."""

    name: str
    kind: CellKind


class Encoder(Protocol):
    """Turns rows into bytes of a file."""

    def rows(self, rows: Sequence[Row]) -> bytes:
        """What may be written now because of these rows; may be nothing."""
        ...

    def end(self) -> bytes:
        """The rest."""
        ...


@cache
def file_formats() -> tuple[FileFormat, ...]:
    """The formats that can be written with what is installed."""
    has_parquet = find_spec("pyarrow") is not None
    return tuple(one for one in FILE_FORMATS if one != "parquet" or has_parquet)


def encoder_of(format: FileFormat, columns: Sequence[Column]) -> Encoder:
    """The encoder of a format.

    Raises:
        InvalidRequest: It needs a package that is not installed.
    """
    if format == "jsonl":
        return _JsonLines(columns)
    return _Csv(columns) if format == "csv" else _Parquet(columns)


async def encoded(encoder: Encoder, parts: AsyncIterator[Sequence[Row]]) -> AsyncIterator[bytes]:
    """The pieces of a file, as its rows come; they are made in a thread."""
    async for part in parts:
        if piece := await asyncio.to_thread(encoder.rows, part):
            yield piece
    if piece := await asyncio.to_thread(encoder.end):
        yield piece


class _JsonLines:
    def __init__(self, columns: Sequence[Column]) -> None:
        self._names = [column.name for column in columns]

    def rows(self, rows: Sequence[Row]) -> bytes:
        lines = [
            json.dumps({name: _plain(row[name]) for name in self._names}, ensure_ascii=False)
            for row in rows
        ]
        return "".join(f"{line}\n" for line in lines).encode("utf-8", "replace")

    def end(self) -> bytes:
        return b""


class _Csv:
    """The names of the columns first. A text that a spreadsheet would take for a formula begins
    with an apostrophe.
    """

    def __init__(self, columns: Sequence[Column]) -> None:
        self._columns = columns
        self._text = io.StringIO()
        self._writer = csv.writer(self._text, lineterminator="\r\n")
        self._writer.writerow([column.name for column in columns])

    def rows(self, rows: Sequence[Row]) -> bytes:
        for row in rows:
            self._writer.writerow([_written(row[column.name]) for column in self._columns])
        return self._taken()

    def end(self) -> bytes:
        return self._taken()

    def _taken(self) -> bytes:
        piece = self._text.getvalue().encode("utf-8", "replace")
        self._text.seek(0)
        self._text.truncate()
        return piece


class _Pieces(io.RawIOBase):
    """Keeps what is written until it is taken."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, piece: Any, /) -> int:
        data = bytes(piece)
        self._pieces.append(data)
        return len(data)

    def taken(self) -> bytes:
        """All since it was last asked."""
        data = b"".join(self._pieces)
        self._pieces.clear()
        return data


class _Parquet:
    def __init__(self, columns: Sequence[Column]) -> None:
        try:
            pa: Any = import_module("pyarrow")
            parquet: Any = import_module("pyarrow.parquet")
        except ImportError as error:
            raise InvalidRequest(
                "Parquet needs another package on the gateway: "
                "pip install 'jupyter-mesh[parquet]'.",
                param="format",
            ) from error
        kinds = {
            "text": pa.string(),
            "list": pa.list_(pa.string()),
            "whole": pa.int64(),
            "number": pa.float64(),
            "amount": pa.decimal128(38, 12),
            "moment": pa.timestamp("us", tz="UTC"),
            "flag": pa.bool_(),
        }
        self._pa = pa
        self._columns = columns
        self._schema = pa.schema([(column.name, kinds[column.kind]) for column in columns])
        self._pieces = _Pieces()
        self._writer = parquet.ParquetWriter(self._pieces, self._schema)
        self._waiting: list[Row] = []

    def rows(self, rows: Sequence[Row]) -> bytes:
        self._waiting += rows
        if len(self._waiting) >= _ROW_GROUP:
            self._write()
        return self._pieces.taken()

    def end(self) -> bytes:
        if self._waiting:
            self._write()
        self._writer.close()
        return self._pieces.taken()

    def _write(self) -> None:
        arrays = [
            self._pa.array([_exact(row[column.name]) for row in self._waiting], field.type)
            for column, field in zip(self._columns, self._schema, strict=True)
        ]
        self._writer.write_table(self._pa.Table.from_arrays(arrays, schema=self._schema))
        self._waiting = []


def _plain(cell: Cell) -> object:
    if isinstance(cell, Decimal):
        return f"{cell:f}"
    return cell.isoformat().replace("+00:00", "Z") if isinstance(cell, datetime) else cell


def _written(cell: Cell) -> object:
    if isinstance(cell, list):
        cell = "; ".join(cell)
    if isinstance(cell, str):
        return f"'{cell}" if cell.startswith(_STARTS_FORMULA) else cell
    if isinstance(cell, bool):
        return "true" if cell else "false"
    return _plain(cell)


def _exact(cell: Cell) -> Cell:
    return cell.quantize(PICO) if isinstance(cell, Decimal) else cell
