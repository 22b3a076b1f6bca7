"""Which notebook a cell belongs to: a front end says so over a comm just before the cell runs.

Two notebooks may share a kernel. Each front end's connection has a session of its own, which its
comm messages and its execution requests both carry; so a cell is matched with what was said for it,
and a console on the same kernel is not taken for the notebook.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..client.caller import Notebook
from ..schemas.json import JsonObject, as_int, as_object, as_str


class Notebooks:
    """What front ends said, by session.

    Args:
        session_of_cell: The session of the request that is running, None when there is none.
        on_rename: Told the old and the new path of a notebook.
    """

    def __init__(
        self,
        session_of_cell: Callable[[], str | None],
        on_rename: Callable[[str, str], None],
    ) -> None:
        self._session_of_cell = session_of_cell
        self._on_rename = on_rename
        self._said: dict[str, Notebook] = {}
        self._comms: dict[str, Any] = {}

    def current(self) -> Notebook:
        """The notebook of the cell that is running; an empty one if nobody announced it."""
        return self._said.get(self._session_of_cell() or "", Notebook())

    def open(self, comm: Any, message: Any) -> None:
        """Take a front end's comm, and what it said with it."""
        paths: dict[str, str] = {}

        def hear(message: Any) -> None:
            self._hear(comm, message, paths)

        def closed(_: Any) -> None:
            self._forget(comm)

        comm.on_msg(hear)
        comm.on_close(closed)
        hear(message)

    def call_finished(self) -> None:
        """Tell every front end: a widget's call ends when no cell is running."""
        for comm in set(self._comms.values()):
            comm.send({"type": "call_finished"})

    def tell(self, message: JsonObject) -> None:
        """Send to the front end of the cell that is running, if it has a comm."""
        comm = self._comms.get(self._session_of_cell() or "")
        if comm is not None:
            comm.send(message)

    def _hear(self, comm: Any, message: Any, paths: dict[str, str]) -> None:
        session = message["header"]["session"]
        said = as_object(message["content"]["data"]) or {}
        notebook = Notebook(
            document=as_str(said.get("document")),
            model=as_str(said.get("model")),
            purpose=as_str(said.get("purpose")),
            renderer=as_int(said.get("renderer")) or 0,
        )
        # One comm stays with one notebook panel: another path on it means a renamed file.
        old = paths.get("document")
        if notebook.document is not None:
            paths["document"] = notebook.document
            if old is not None and old != notebook.document:
                self._on_rename(old, notebook.document)
        self._said[session] = notebook
        self._comms[session] = comm

    def _forget(self, comm: Any) -> None:
        for session in [name for name, known in self._comms.items() if known is comm]:
            del self._comms[session]
            self._said.pop(session, None)
