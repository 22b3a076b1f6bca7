"""What was found at start and could be connected. Off until somebody says so; nothing is billed
unasked.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping

from ..config import ConnectionRule
from ..errors import MeshError, NotFound
from ..providers.discover import Discovery, discover
from ..schemas.api import Offer
from ..spi.journal import History

_log = logging.getLogger("jupyter_mesh")
_OWNER = "@mesh"
"""Accepted offers belong to the mesh, not to a person; no user name starts with this sign."""
_PREFIX = "offer:"


class Offers:
    """Looks once after the start, in the background; remembers what was accepted."""

    def __init__(self, history: History, environ: Mapping[str, str]) -> None:
        self._history = history
        self._environ = environ
        self._found: dict[str, Discovery] = {}
        self._accepted: set[str] = set()

    async def look(self) -> dict[str, ConnectionRule]:
        """Find what is there; returns the connections accepted at an earlier start that are there
        again.
        """
        kept = await self._history.preferences(_OWNER)
        self._accepted = {name.removeprefix(_PREFIX) for name in kept if name.startswith(_PREFIX)}
        try:
            found = await discover(self._environ)
        except (MeshError, OSError) as error:
            _log.info("Nothing could be looked for: %s", error)
            return {}
        self._found = {one.id: one for one in found}
        return {one.id: _rule(one) for one in found if one.id in self._accepted}

    def open(self) -> list[Offer]:
        """What could be connected and is not."""
        return [
            Offer(
                id=one.id,
                title=one.title,
                provider=one.provider,
                models=list(one.models),
                price_note=one.price_note,
                residency=one.residency.value,
            )
            for one in self._found.values()
            if one.id not in self._accepted
        ]

    async def accept(self, offer_id: str) -> ConnectionRule:
        """Remember that the offer was accepted and return the connection to open.

        Raises:
            NotFound: No such offer is open.
        """
        found = self._found.get(offer_id)
        if found is None or offer_id in self._accepted:
            raise NotFound(f"No offer {offer_id[:80]!r} is open; `%llm list` shows those that are.")
        await self._history.set_preference(_OWNER, f"{_PREFIX}{offer_id}", "accepted")
        self._accepted.add(offer_id)
        return _rule(found)

    async def withdraw(self, offer_id: str) -> None:
        """Forget an acceptance whose connection did not open."""
        self._accepted.discard(offer_id)
        await self._history.set_preference(_OWNER, f"{_PREFIX}{offer_id}", None)


def _rule(found: Discovery) -> ConnectionRule:
    return ConnectionRule.model_validate(
        {
            "provider": found.provider,
            "residency": found.residency,
            "models": list(found.models),
            **found.config,
        }
    )


async def cancelled(task: asyncio.Task[None]) -> None:
    """Cancel a background task and wait for its end."""
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
