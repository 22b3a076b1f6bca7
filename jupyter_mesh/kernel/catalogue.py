"""Model names for Tab and for "did you mean": kept for half a minute, hardly waited for."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from ..client.api import Api
from ..client.errors import MeshClientError
from ..client.loop import Work, background

if TYPE_CHECKING:
    from ..schemas.api import Models

_FRESH_SECONDS = 30.0
_PATIENCE_SECONDS = 0.25
FETCH_SECONDS = 5.0


class Catalogue:
    """The models open to the caller, as last seen."""

    def __init__(self, api: Callable[[], Api]) -> None:
        self._api = api
        self._models: Models | None = None
        self._fetched = float("-inf")
        self._fetching: Work[Models] | None = None

    def names(self, *, patience: float = _PATIENCE_SECONDS) -> list[str]:
        """Names of models and aliases; what is known when the gateway does not answer in time."""
        models = self._look(patience)
        return [] if models is None else [card.id for card in models.models]

    def offers(self) -> list[str]:
        """Ids of what could be connected."""
        return (
            []
            if (models := self._look(_PATIENCE_SECONDS)) is None
            else [offer.id for offer in models.offers]
        )

    def keep(self, models: Models) -> None:
        """Take a catalogue that somebody has just fetched."""
        self._models = models
        self._fetched = time.monotonic()

    def _look(self, patience: float) -> Models | None:
        if time.monotonic() - self._fetched > _FRESH_SECONDS:
            self._refresh(patience)
        return self._models

    def _refresh(self, patience: float) -> None:
        try:
            if self._fetching is None:
                self._fetching = background.submit(self._api().models(seconds=FETCH_SECONDS))
            self.keep(self._fetching.result(patience))
        except TimeoutError:
            return  # still under way: the next look may find it
        except MeshClientError:
            self._fetched = time.monotonic()  # not again for a while
        self._fetching = None
