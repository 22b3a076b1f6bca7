"""Who has signed out, noted in memory."""

from __future__ import annotations

from datetime import datetime


class NotedSignOuts:
    """As `Mesh.sign_outs` for one gateway."""

    def __init__(self) -> None:
        self.until: dict[str, datetime] = {}

    def __contains__(self, session: str) -> bool:
        return session in self.until

    async def add(self, session: str, until: datetime) -> None:
        self.until[session] = until
