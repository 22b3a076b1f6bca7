"""Values as text in a prompt: whole where they are short, a preview with the schema where not."""

from __future__ import annotations

from typing import Any

PREVIEW_ROWS = 10
_PREVIEW_COLUMNS = 60
MAX_WHOLE_CHARS = 4_000_000
"""More than the longest context window holds."""


def shorten(text: str, limit: int) -> str:
    """The beginning of `text`, with a word on what is missing."""
    if len(text) <= limit:
        return text
    return f"{text[:limit]}\n[… {len(text) - limit:,} more characters were left out]"


def value_text(value: Any, *, whole: bool) -> str:
    """`value` as a prompt holds it.

    Args:
        value: Strings go in as they are; tables as their shape, column types and first rows.
        whole: Tables with all their rows, as CSV.
    """
    if isinstance(value, str):
        return value
    if _is_frame(value):
        return value.to_csv() if whole else _frame_preview(value)
    if _is_series(value):
        return value.to_csv() if whole else _series_preview(value)
    if _is_array(value) and not whole:
        return f"array of shape {value.shape}, {value.dtype}:\n{value}"
    return str(value)


def _is_frame(value: Any) -> bool:
    return _comes_from(value, "pandas") and hasattr(value, "columns") and hasattr(value, "to_csv")


def _is_series(value: Any) -> bool:
    return _comes_from(value, "pandas") and hasattr(value, "dtype") and hasattr(value, "to_csv")


def _is_array(value: Any) -> bool:
    return _comes_from(value, "numpy") and bool(getattr(value, "shape", ()))


def _comes_from(value: Any, package: str) -> bool:
    return any(base.__module__.partition(".")[0] == package for base in type(value).__mro__)


def _frame_preview(frame: Any) -> str:
    rows, columns = frame.shape
    shown = frame.iloc[:PREVIEW_ROWS, :_PREVIEW_COLUMNS]
    types = ", ".join(
        f"{name} ({dtype})" for name, dtype in zip(shown.columns, shown.dtypes, strict=True)
    )
    more = f", and {columns - _PREVIEW_COLUMNS} more" if columns > _PREVIEW_COLUMNS else ""
    return (
        f"DataFrame with {rows:,} rows and {columns} columns: {types}{more}\n"
        f"{_first_rows(rows)}:\n{shown.to_csv()}".rstrip()
    )


def _series_preview(series: Any) -> str:
    rows = len(series)
    head = f"Series {series.name!r} with {rows:,} values ({series.dtype})"
    return f"{head}\n{_first_rows(rows)}:\n{series.iloc[:PREVIEW_ROWS].to_csv()}".rstrip()


def _first_rows(rows: int) -> str:
    return f"First {PREVIEW_ROWS} rows" if rows > PREVIEW_ROWS else "All rows"
