"""Adding up what was spent."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

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
_MONEY = tuple(name for name in Spend.model_fields if name.endswith("_usd"))
_COUNTS = tuple(name for name in Spend.model_fields if not name.endswith("_usd"))


def total(rows: Sequence[UsageRow]) -> Spend:
    """The sum of all rows."""
    spends = [row.spend for row in rows]
    money = {name: sum((getattr(one, name) for one in spends), Decimal(0)) for name in _MONEY}
    counts = {name: sum(getattr(one, name) for one in spends) for name in _COUNTS}
    return Spend.model_validate({**money, **counts})
