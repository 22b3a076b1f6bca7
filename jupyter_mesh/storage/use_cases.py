"""Since when, and until when, each use of the models has been seen."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple, cast

from .location import Cursor
from .values import HOUR, moment

_SPANS = """
    SELECT application, purpose, min(hour), max(hour) FROM usage_hourly
    GROUP BY application, purpose"""


class Span(NamedTuple):
    """The first and the last hour (UTC) in which a use was seen."""

    application: str
    purpose: str
    first: datetime
    last: datetime


def spans(cursor: Cursor) -> list[Span]:
    """Of every application and purpose."""
    cursor.execute(_SPANS)
    rows = cast("list[tuple[str, str, int, int]]", cursor.fetchall())
    return [Span(one, two, moment(a * HOUR), moment(b * HOUR)) for one, two, a, b in rows]
