"""Where prices come from."""

from __future__ import annotations

from typing import Protocol

from ..schemas.spend import Price


class Prices(Protocol):
    """A price list. Look-ups happen when the catalogue is built, never per call."""

    def price(self, provider: str, model: str, base_url: str | None = None) -> Price | None:
        """USD per million tokens today; None when unknown."""
        ...

    def context_window(self, provider: str, model: str) -> int | None:
        """Tokens, None when unknown."""
        ...
