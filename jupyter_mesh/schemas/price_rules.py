"""Prices and fixed costs as `mesh.yaml` and the admin API write them."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Annotated, TypeAlias

from pydantic import Field

from .durations import Duration
from .policy import Rule
from .spend import Price

_Usd: TypeAlias = Annotated[Decimal, Field(ge=0, allow_inf_nan=False)]


class TierRule(Rule):
    """USD per million tokens of a call whose input is longer than so many tokens, all of it."""

    input_tokens: int = Field(ge=1)
    input: _Usd
    output: _Usd = Decimal(0)
    cache_read: _Usd | None = None
    cache_write: _Usd | None = None
    cache_write_1h: _Usd | None = None
    input_audio: _Usd | None = None
    output_audio: _Usd | None = None
    input_image: _Usd | None = None
    reasoning: _Usd | None = None


class PriceRule(Rule):
    """USD per million tokens, as the admin knows better than any list. A class without a price
    costs as plain input or output.

    Attributes:
        checked: The day on which somebody last looked that it is so.
    """

    input: _Usd
    output: _Usd = Decimal(0)
    cache_read: _Usd | None = None
    cache_write: _Usd | None = None
    cache_write_1h: _Usd | None = None
    input_audio: _Usd | None = None
    output_audio: _Usd | None = None
    input_image: _Usd | None = None
    reasoning: _Usd | None = None
    per_request: _Usd = Decimal(0)
    above: tuple[TierRule, ...] = ()
    checked: date | None = None

    @property
    def price(self) -> Price:
        """As calls are charged by it."""
        plain = self.model_dump(exclude={"above", "checked"})
        tiers = sorted(self.above, key=lambda tier: tier.input_tokens)
        above = tuple(
            (
                tier.input_tokens,
                Price(**tier.model_dump(exclude={"input_tokens"}), per_request=self.per_request),
            )
            for tier in tiers
        )
        return Price(**plain, above=above, source="admin", as_of=self.checked)


class PricesRule(Rule):
    """What is asked of prices as such.

    Attributes:
        outdated_after: From this age on a price list, or a price with `checked`, raises an alert
            and is told where its prices are used; None: never.
    """

    outdated_after: Duration | None = timedelta(days=120)


class HourlyCost(Rule):
    """What a connection costs by the hour whether it is used or not: reserved throughput, a GPU.
    Charge-back spreads it over the calls by their tokens; it is not part of what a call costs.
    """

    usd: _Usd
    since: datetime
    """From when on it is paid; without a zone it is UTC."""
    until: datetime | None = None
