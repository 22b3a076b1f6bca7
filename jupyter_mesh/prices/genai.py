"""Prices and context windows from the data that the `genai-prices` package embeds."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from importlib.metadata import version

from genai_prices.data_snapshot import DataSnapshot, get_snapshot
from genai_prices.types import ModelInfo, ModelPrice, TieredPrices

from ..schemas.spend import Price

_FIELDS = {
    "input": "input_mtok",
    "output": "output_mtok",
    "cache_read": "cache_read_mtok",
    "cache_write": "cache_write_mtok",
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
            input_audio=prices.get("input_audio"),
            output_audio=prices.get("output_audio"),
            input_image=prices.get("input_image"),
            reasoning=prices.get("reasoning"),
            per_request=_at(per_thousand, 0) / 1000 if per_thousand is not None else Decimal(0),
            source=self._source,
        )


def _at(price: Decimal | TieredPrices, tokens: int) -> Decimal:
    if isinstance(price, Decimal):
        return price
    value = price.base
    for tier in price.tiers:
        if tokens > tier.start:
            value = tier.price
    return value
