"""Where prices come from: a list that ships with the gateway. What an admin writes counts more and
is applied where the catalogue is built.
"""

from __future__ import annotations

from ..spi.prices import Prices


def standard_prices() -> Prices:
    """The prices of the `genai-prices` package that is installed; nothing is fetched."""
    from .genai import GenaiPrices

    return GenaiPrices()


__all__ = ["standard_prices"]
