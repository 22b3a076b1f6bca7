"""Prices and context windows from the data that the `genai-prices` package embeds."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from importlib.metadata import version
from pathlib import Path

import genai_prices
from genai_prices.data_snapshot import DataSnapshot, get_snapshot
from genai_prices.types import ModelInfo, ModelPrice, StartDateConstraint, TieredPrices

from ..schemas.spend import Price

_DAY = re.compile(r"\b20\d\d-\d\d-\d\d\b")
_FIRST_YEAR = 2000
"""Files of reproducible builds are dated 1970 or 1980."""
_FIELDS = {
    "input": "input_mtok",
    "output": "output_mtok",
    "cache_read": "cache_read_mtok",
    "cache_write": "cache_write_mtok",
    "cache_write_1h": "cache_write_1h_mtok",
    "input_audio": "input_audio_mtok",
    "output_audio": "output_audio_mtok",
    "input_image": "input_image_mtok",
    "reasoning": "output_reasoning_mtok",
}


class GenaiPrices:
    """`spi.Prices` over the embedded list. A look-up takes some 0.1 ms, so the catalogue keeps its
    results; prices that change with the time of day are those of the moment of the look-up.
    """

    def __init__(self, snapshot: DataSnapshot | None = None) -> None:
        self._snapshot = snapshot or get_snapshot()
        self._newest: date | None = None
        self._source = f"genai-prices {version('genai-prices')}"

    def price(self, provider: str, model: str, base_url: str | None = None) -> Price | None:
        found = self._find(provider, model, base_url)
        if found is None:
            return None
        listed = found.get_prices(datetime.now(UTC))
        thresholds = sorted(
            {
                tier.start
                for name in _FIELDS.values()
                if isinstance(value := getattr(listed, name, None), TieredPrices)
                for tier in value.tiers
            }
        )
        base = self._price_at(listed, 0)
        if base is None:
            return None
        above = tuple(
            (start, dearer)
            for start in thresholds
            if (dearer := self._price_at(listed, start + 1)) is not None
        )
        return replace(base, above=above)

    @property
    def as_of(self) -> date | None:
        """The newest day that the list itself names: from when on a price holds, or when somebody
        looked. Days after it was installed are announcements, and say nothing about its age.
        """
        if self._newest is None:
            installed = _installed()
            days = (day for day in _days_in(self._snapshot) if day <= installed)
            self._newest = max(days, default=None)
        return self._newest

    def context_window(self, provider: str, model: str) -> int | None:
        found = self._find(provider, model, None)
        return None if found is None else found.context_window

    def _find(self, provider: str, model: str, base_url: str | None) -> ModelInfo | None:
        provider_id = None if base_url else provider
        try:
            return self._snapshot.find_provider_model(model, None, provider_id, base_url)[1]
        except LookupError:
            return None

    def _price_at(self, listed: ModelPrice, tokens: int) -> Price | None:
        """The classes' prices for a prompt of `tokens`; None when not even input is priced."""
        prices = {
            name: _at(listed_price, tokens)
            for name, field in _FIELDS.items()
            if (listed_price := getattr(listed, field, None)) is not None
        }
        per_thousand = getattr(listed, "requests_kcount", None)
        if "input" not in prices and per_thousand is None:
            return None
        return Price(
            input=prices.get("input", Decimal(0)),
            output=prices.get("output", Decimal(0)),
            cache_read=prices.get("cache_read"),
            cache_write=prices.get("cache_write"),
            cache_write_1h=prices.get("cache_write_1h"),
            input_audio=prices.get("input_audio"),
            output_audio=prices.get("output_audio"),
            input_image=prices.get("input_image"),
            reasoning=prices.get("reasoning"),
            per_request=_at(per_thousand, 0) / 1000 if per_thousand is not None else Decimal(0),
            source=self._source,
            as_of=self.as_of,
        )


def _days_in(snapshot: DataSnapshot) -> Iterator[date]:
    for provider in snapshot.providers:
        yield from _days_of(provider.price_comments)
        for model in provider.models:
            yield from _days_of(model.price_comments)
            for one in model.prices if isinstance(model.prices, list) else ():
                if isinstance(one.constraint, StartDateConstraint):
                    yield one.constraint.start_date


def _days_of(comment: str | None) -> Iterator[date]:
    for written in _DAY.findall(comment or ""):
        with suppress(ValueError):
            yield date.fromisoformat(written)


def _installed() -> date:
    """When the package was installed; today where its files do not tell."""
    today = datetime.now(UTC).date()
    written = datetime.fromtimestamp(Path(genai_prices.__file__).stat().st_mtime, UTC).date()
    return min(today, written) if written.year > _FIRST_YEAR else today


def _at(price: Decimal | TieredPrices, tokens: int) -> Decimal:
    if isinstance(price, Decimal):
        return price
    value = price.base
    for tier in price.tiers:
        if tokens > tier.start:
            value = tier.price
    return value
