"""What the models of an offer will cost, as far as the shipped price list knows."""

from __future__ import annotations

from collections.abc import Iterable

from ..prices import standard_prices
from ..providers.discover import Discovery
from ..schemas.api import PriceCard
from .cards import price_card


def listed_prices(found: Iterable[Discovery]) -> dict[str, dict[str, PriceCard]]:
    """By offer and model; models that the list does not have are left out."""
    prices = standard_prices()
    listed: dict[str, dict[str, PriceCard]] = {}
    for one in found:
        biller = one.config.get("price_provider")
        if isinstance(biller, str):
            cards = {name: price_card(prices.price(biller, name)) for name in one.models}
            listed[one.id] = {name: card for name, card in cards.items() if card is not None}
    return listed
