"""What the magics of one kernel remember from cell to cell."""

from __future__ import annotations

import weakref
from typing import Any

from ..client.answer import Answer, Comparison
from ..client.async_mesh import AsyncMesh
from ..client.caller import Notebook, find_notebooks_with
from ..client.endpoint import Endpoint, find_endpoint
from ..client.threads import Threads
from .catalogue import Catalogue
from .failures import Failure
from .frontend import parent_header
from .notebooks import Notebooks


class Session:
    """One per shell.

    Attributes:
        notebooks: What front ends said about their notebooks.
        threads: Conversations, by notebook and thread.
        aliases: Names given with `%llm alias`.
        last: The latest answer, or those of the latest comparison.
        failure: The latest exception that `%llm fix` worked on.
    """

    def __init__(self, shell: Any) -> None:
        self.shell = shell
        self.notebooks = Notebooks(lambda: parent_header(shell).get("session"), self._rename)
        self.threads = Threads()
        self.aliases: dict[str, str] = {}
        self.last: Answer | Comparison | None = None
        self.failure: Failure | None = None
        self.catalogue = Catalogue(lambda: self.mesh.api)
        self._chosen: dict[str | None, str] = {}
        self._mesh: AsyncMesh | None = None
        find_notebooks_with(self.notebooks.current, self.notebooks.call_finished)

    @property
    def notebook(self) -> Notebook:
        """The notebook of the cell that is running."""
        return self.notebooks.current()

    @property
    def document(self) -> str | None:
        """Its path: with the thread's name, the key of a conversation."""
        return self.notebook.document

    @property
    def mesh(self) -> AsyncMesh:
        """The client. Found anew when the environment names another gateway.

        Raises:
            MeshClientError: There is none (`gateway_not_found`).
        """
        endpoint: Endpoint = find_endpoint()
        if self._mesh is None or self._mesh.endpoint != endpoint:
            self._mesh = AsyncMesh(endpoint, threads=self.threads)
        return self._mesh

    @property
    def chosen_model(self) -> str | None:
        """What `%llm use` chose in this notebook."""
        return self._chosen.get(self.document)

    def choose_model(self, model: str | None) -> None:
        """Use `model` in this notebook for cells that name none; None undoes it."""
        if model is None:
            self._chosen.pop(self.document, None)
        else:
            self._chosen[self.document] = model

    def _rename(self, old: str, new: str) -> None:
        self.threads.follow_rename(old, new)
        if old in self._chosen:
            self._chosen[new] = self._chosen.pop(old)


_sessions: weakref.WeakKeyDictionary[Any, Session] = weakref.WeakKeyDictionary()


def session_of(shell: Any) -> Session:
    """The session of a shell, made with the first question."""
    session = _sessions.get(shell)
    if session is None:
        session = _sessions[shell] = Session(shell)
    return session
