"""Since when, and until when, each use of the models has been seen."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple, cast

from .location import Cursor
from .values import HOUR, moment

_SPANS = """
    SELECT application, purpose, min(first_hour), max(last_hour) FROM (
    SELECT application, purpose, first_hour, last_hour FROM use_spans
    UNION ALL SELECT application, purpose, hour, hour FROM usage_hourly
    WHERE hour >= (SELECT until_day * 24 FROM usage_folded WHERE period = 'day')) AS seen
    GROUP BY application, purpose"""
_WIDEN = """
    ON CONFLICT (application, purpose) DO UPDATE SET
    first_hour = CASE WHEN excluded.first_hour < use_spans.first_hour
    THEN excluded.first_hour ELSE use_spans.first_hour END,
    last_hour = CASE WHEN excluded.last_hour > use_spans.last_hour
    THEN excluded.last_hour ELSE use_spans.last_hour END"""
KEEP_SPANS = f"""
    INSERT INTO use_spans (application, purpose, first_hour, last_hour)
    SELECT application, purpose, min(hour), max(hour) FROM usage_hourly
    WHERE hour >= ? AND hour < ? GROUP BY application, purpose {_WIDEN}"""
KEEP_SPAN_OF_CALL = f"""
    INSERT INTO use_spans (application, purpose, first_hour, last_hour)
    SELECT application, purpose, started_at / 3600000000, started_at / 3600000000 FROM calls
    WHERE id = ? {_WIDEN}"""


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
