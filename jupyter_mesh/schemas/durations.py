"""Durations as `mesh.yaml` writes them."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from pydantic import BeforeValidator, PlainSerializer

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}

_LONGEST = timedelta(days=36_525)


def parse_duration(value: object) -> object:
    """`value` as a timedelta; raises ValueError where it is none."""
    try:
        if isinstance(value, str) and value[:-1].strip().isdigit() and value[-1] in _UNITS:
            value = timedelta(**{_UNITS[value[-1]]: int(value[:-1])})
        elif isinstance(value, int | float) and not isinstance(value, bool):
            value = timedelta(seconds=value)
    except (OverflowError, ValueError):  # ValueError: not a number, or a digit like `²`
        value = None
    if isinstance(value, timedelta) and timedelta(0) <= value <= _LONGEST:
        return value
    raise ValueError(
        "a duration is a number of seconds or text such as 30s, 10m, 12h, 7d, 2w; at most 100 years"
    )


def write_duration(value: timedelta) -> str | float:
    """As it may be written again: in the largest unit that leaves a whole number."""
    seconds = value.total_seconds()
    for unit, name in reversed(_UNITS.items()):
        count, rest = divmod(seconds, timedelta(**{name: 1}).total_seconds())
        if count and not rest:
            return f"{count:.0f}{unit}"
    return seconds


Duration = Annotated[
    timedelta,
    BeforeValidator(parse_duration),
    PlainSerializer(write_duration, return_type=str | float, when_used="json"),
]
"""`30s`, `10m`, `12h`, `7d`, `2w`, or seconds."""
