"""Talk to the gateway from Python: notebooks, scripts and applications.

`connect()` gives a `Mesh`, which blocks; `connect().async_` is an `AsyncMesh`, which is awaited.
Only the standard library is imported until the first call, and of this package only what is used:
the magics must load fast.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .answer import ANSWER_MIME, Answer, Comparison
    from .async_mesh import AsyncMesh
    from .errors import MeshClientError
    from .mesh import AnswerStream, Mesh, connect

__all__ = [
    "ANSWER_MIME",
    "Answer",
    "AnswerStream",
    "AsyncMesh",
    "Comparison",
    "Mesh",
    "MeshClientError",
    "connect",
]

_HOME_OF = {
    "ANSWER_MIME": "answer",
    "Answer": "answer",
    "AnswerStream": "mesh",
    "AsyncMesh": "async_mesh",
    "Comparison": "answer",
    "Mesh": "mesh",
    "MeshClientError": "errors",
    "connect": "mesh",
}


def __getattr__(name: str) -> object:
    """Import a public name when it is first asked for."""
    if name not in _HOME_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value: object = getattr(import_module(f"{__name__}.{_HOME_OF[name]}"), name)
    globals()[name] = value
    return value
