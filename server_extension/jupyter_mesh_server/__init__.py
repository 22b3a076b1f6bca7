"""Jupyter Mesh inside Jupyter Server: the routes, and the hosts that serve them."""

from __future__ import annotations

from typing import Any

from jupyter_mesh import __version__ as __version__


def _jupyter_server_extension_points() -> list[dict[str, Any]]:  # pyright: ignore[reportUnusedFunction]
    """Where Jupyter Server finds the extension."""
    from jupyter_mesh_server.app import MeshServerApp

    return [{"module": "jupyter_mesh_server", "app": MeshServerApp}]
