"""One gateway between every notebook and every large language model.

``connect()`` finds the gateway of this notebook, hub or environment; ``%load_ext jupyter_mesh``
registers the magics. Names load on first use, so that importing the package costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from jupyter_mesh.client import Answer, connect
    from jupyter_mesh.errors import MeshError

__version__ = "0.1.0"
__all__ = ["Answer", "MeshError", "__version__", "connect"]

_HOME_OF = {
    "Answer": "jupyter_mesh.client",
    "MeshError": "jupyter_mesh.errors",
    "connect": "jupyter_mesh.client",
}


def __getattr__(name: str) -> object:
    """Import a public name when it is first asked for."""
    if name not in _HOME_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value: object = getattr(import_module(_HOME_OF[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)


def load_ipython_extension(ipython: InteractiveShell) -> None:
    """Register ``%llm``, ``%%llm`` and their kin: what ``%load_ext jupyter_mesh`` calls."""
    from jupyter_mesh.kernel import load_ipython_extension as load

    load(ipython)


def _jupyter_labextension_paths() -> list[dict[str, str]]:  # pyright: ignore[reportUnusedFunction]
    """Where ``jupyter-builder develop`` finds the built front end."""
    return [{"src": "labextension", "dest": "jupyter-mesh"}]
