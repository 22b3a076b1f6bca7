"""How one part of the mesh asks a model of the mesh: as the same principal."""

from __future__ import annotations

from typing import Literal, Protocol

from ..schemas.events import Events
from ..schemas.request import Request


class Models(Protocol):
    """Handed to steps, guards and retrieval; calls are children of `parent`."""

    def stream(
        self, request: Request, *, parent: str, purpose: Literal["guard", "cache", "rag"]
    ) -> Events:
        """Authorised, priced and audited under `parent`; draws on its reservation and slot.

        Raises:
            MeshError: As any call.
        """
        ...
