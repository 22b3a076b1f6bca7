"""Widgets for notebooks: they also work in Notebook 7 and wherever anywidget does."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ...client.async_mesh import AsyncMesh
from ...client.caller import current_notebook
from ...client.loop import background

if TYPE_CHECKING:
    from .chat import Chat
    from .compare import Compare
    from .facts import Cost, ModelTable

__all__ = ["Widgets"]


class Widgets:
    """The widgets of one client: `connect().widgets`.

    Each shows plain text where widgets cannot be shown, and the line of code that does the same.
    """

    def __init__(self, mesh: AsyncMesh) -> None:
        self._mesh = mesh

    def chat(self, model: str | None = None, *, system: str | None = None) -> Chat:
        """A conversation with one model.

        Args:
            model: Chosen at first; by default the notebook's, else yours at the gateway.
            system: System prompt of the conversation.

        Raises:
            MeshClientError: The gateway does not answer.
        """
        from .chat import Chat

        names, default = self._model_names()
        return Chat(self._mesh, names, model or default, system)

    def compare(self, models: Sequence[str] = ()) -> Compare:
        """One prompt to several models, side by side.

        Args:
            models: Chosen at first.

        Raises:
            MeshClientError: The gateway does not answer.
        """
        from .compare import Compare

        names, default = self._model_names()
        chosen = list(models) or [default or ""]
        return Compare(self._mesh, names, chosen, _shell())

    def cost(self) -> Cost:
        """This notebook's cost, today's and the month's, and your budgets.

        Raises:
            MeshClientError: The gateway does not answer.
        """
        from .facts import Cost

        return Cost(self._mesh)

    def models(self) -> ModelTable:
        """Models open to you.

        Raises:
            MeshClientError: The gateway does not answer.
        """
        from .facts import ModelTable

        return ModelTable(self._mesh)

    def _model_names(self) -> tuple[list[str], str | None]:
        models = background.run(self._mesh.api.models())
        default = current_notebook().model or models.default_model
        return [card.id for card in models.models if "chat" in card.operations], default


def _shell() -> Any:
    ipython = sys.modules.get("IPython")
    return ipython.get_ipython() if ipython is not None else None
