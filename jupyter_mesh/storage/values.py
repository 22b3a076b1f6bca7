"""How values look in a column: time as microseconds, JSON as text, text as what every database
accepts.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import orjson

from ..schemas.json import Json
from ..schemas.spend import from_pico, to_pico

HOUR = 3_600_000_000
"""Microseconds of one hour."""

_PICOS = 10**12
"""In one USD."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MOST = 2**62
"""4.6 million USD: twice it still fits a 64-bit column. A limit above it is no limit."""
_MOST_USD = from_pico(_MOST)


def micros(moment: datetime) -> int:
    """Microseconds since 1970 UTC, exact.

    Raises:
        TypeError: `moment` has no time zone.
    """
    since = moment - _EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


def moment(micros: int) -> datetime:
    """The inverse of `micros`."""
    return _EPOCH + timedelta(microseconds=micros)


def money(usd: Decimal) -> int:
    """USD as a column holds it. What is no amount of money is the most there is: a record that
    cannot be written would keep its reservation for ever.
    """
    if not usd.is_finite() or usd > _MOST_USD:
        return _MOST
    return to_pico(usd) if usd else 0


def count(number: int) -> int:
    """A number of tokens as a column holds it, whatever a plugin may have reported."""
    if type(number) is int and 0 <= number <= _MOST:
        return number
    return max(0, min(int(number), _MOST))


def usd(amount: int) -> Decimal:
    """The inverse of `money`, without trailing zeros: `0.0012`, `5`, `0`."""
    whole, rest = divmod(amount, _PICOS)
    return from_pico(amount).normalize() if rest else Decimal(whole)


def to_json(value: object) -> str | None:
    """`value` as JSON text; None for None and for what is empty."""
    if not value:
        return None
    try:
        return orjson.dumps(value).decode()
    except TypeError:
        # An integer beyond 64 bits, a lone surrogate: rare, and no reason to lose the record.
        return json.dumps(value, default=str)


def from_json(column: str | None) -> Json:
    """The inverse of `to_json`."""
    if column is None:
        return None
    try:
        return orjson.loads(column)
    except ValueError:
        return json.loads(column)


def text(value: str) -> str:
    """`value` without what a database refuses: lone surrogates, and NUL for PostgreSQL."""
    if not value.isascii():
        value = value.encode("utf-8", "replace").decode()
    return value.replace("\0", "\ufffd") if "\0" in value else value


def optional_text(value: str | None) -> str | None:
    """`text`, and None for None."""
    return None if value is None else text(value)
