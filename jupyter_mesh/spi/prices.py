"""Where prices come from."""

from __future__ import annotations

from typing import Protocol

from ..schemas.spend import Price


class Prices(Protocol):
    """A price list. Look-ups happen when the catalogue is built, never per call."""

    def price(self, provider: str, model: str, base_url: str | None = None) -> Price | None:
        """USD per million tokens today; None when unknown.

        Args:
            provider: The list's id of who serves the model; not looked at when there is a URL.
            model: The provider's own name of the model.
            base_url: Where it is served. An address that the list does not know has no price,
                whatever its models are called: who runs it sets what it costs.
        """
        ...

    def context_window(self, provider: str, model: str) -> int | None:
        """Tokens, None when unknown."""
        ...
