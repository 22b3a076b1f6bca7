"""Formats of files that are handed out."""

from __future__ import annotations

from typing import Literal, TypeAlias, get_args

FileFormat: TypeAlias = Literal["jsonl", "csv", "parquet"]
FILE_FORMATS: tuple[FileFormat, ...] = get_args(FileFormat)
CONTENT_TYPES: dict[FileFormat, str] = {
    "jsonl": "application/jsonl; charset=utf-8",
    "csv": "text/csv; charset=utf-8",
    "parquet": "application/vnd.apache.parquet",
}
