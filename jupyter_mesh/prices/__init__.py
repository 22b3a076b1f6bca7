"""Where prices come from: a list that ships with the gateway. What an admin writes counts more and
is applied where the catalogue is built.
"""

from __future__ import annotations

from ..spi.prices import Prices


def standard_prices() -> Prices:
    """The prices of the `genai-prices` package that is installed; nothing is fetched."""
    from .genai import GenaiPrices

    return GenaiPrices()


def billers() -> frozenset[str]:
    """Whose prices the list holds, by the names that a connection's `price_provider` takes."""
    from genai_prices.data_snapshot import get_snapshot

    return frozenset(provider.id for provider in get_snapshot().providers)


__all__ = ["billers", "standard_prices"]
