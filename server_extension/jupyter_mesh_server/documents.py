"""Which notebook a kernel belongs to now: also after it was renamed or moved."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jupyter_core.utils import ensure_async

if TYPE_CHECKING:
    from jupyter_server.services.sessions.sessionmanager import SessionManager


class KernelDocuments:
    """Looks into the server's sessions, and again only when one of them has changed.

    A kernel's id is declared by the kernel: good for attribution, not for authorisation.
    """

    def __init__(self, sessions: SessionManager) -> None:
        self._sessions = sessions
        self._paths: dict[str, str] = {}
        self._version: int | None = None

    async def __call__(self, kernel_id: str) -> str | None:
        """The path of the document whose session holds the kernel; None where there is none."""
        version = self._changes()
        if version is None or version != self._version:
            listed: list[dict[str, Any]] = await ensure_async(self._sessions.list_sessions())
            self._paths = {
                one["kernel"]["id"]: one["path"]
                for one in listed
                if one.get("kernel") and one.get("path")
            }
            self._version = version
        return self._paths.get(kernel_id)

    def _changes(self) -> int | None:
        """A number that grows with every change of a session; None where the manager keeps none.

        Jupyter Server keeps sessions in a SQLite database, whose connection counts changed rows.
        """
        connection = getattr(self._sessions, "connection", None)
        changes = getattr(connection, "total_changes", None)
        return changes if isinstance(changes, int) else None
