"""Talk to the gateway from Python: notebooks, scripts and applications.

`connect()` gives a `Mesh`, which blocks; `connect().async_` is an `AsyncMesh`, which is awaited.
Only the standard library is imported until the first call.
"""

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
