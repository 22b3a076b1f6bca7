"""Adding up what was spent."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from operator import attrgetter

from ..schemas.usage import Spend, UsageRow

NOTHING = Spend(
    cost_usd=Decimal(0),
    saved_usd=Decimal(0),
    calls=0,
    cached_calls=0,
    input_tokens=0,
    output_tokens=0,
    unpriced=0,
)
_NAMES = tuple(Spend.model_fields)
_FIGURES = attrgetter(*_NAMES)


def total(rows: Sequence[UsageRow]) -> Spend:
    """The sum of all rows."""
    if not rows:
        return NOTHING
    columns = zip(*(_FIGURES(row.spend) for row in rows), strict=True)
    return Spend.model_validate(dict(zip(_NAMES, map(_sum, columns), strict=True)))


def _sum(column: Sequence[Decimal] | Sequence[int]) -> Decimal | int:
    first, *others = column
    return sum(others, first)
