"""Who has signed out: known here at once, and in every other gateway over the store within a
second.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from ..storage.ended_sessions import EndedSessions

LOOK_SECONDS = 1.0
"""Between two looks for who has signed out elsewhere."""


class SignOuts:
    """Handed out by `Mesh.sign_outs`.

    Args:
        store: Where all gateways note them.
    """

    def __init__(self, store: EndedSessions) -> None:
        self._store = store
        self._here: dict[str, datetime] = {}
        self._anywhere: Mapping[str, datetime] = {}

    def __contains__(self, session: str) -> bool:
        """Whether a session was signed out."""
        return session in self._here or session in self._anywhere

    async def add(self, session: str, until: datetime) -> None:
        """Sign one out, here also where the others cannot be told.

        Args:
            session: Its id.
            until: When it would be over in any case.

        Raises:
            StoreUnavailable: The others do not know it.
        """
        now = datetime.now(UTC)
        self._here = {one: end for one, end in self._here.items() if end > now}
        self._here[session] = until
        await self._store.add(session, until)

    async def look(self) -> None:
        """Take in who has signed out elsewhere.

        Raises:
            StoreUnavailable: The store cannot be read; what is known stays.
        """
        self._anywhere = await self._store.all()

    async def aclose(self) -> None:
        """Close the store's connection."""
        await self._store.aclose()
