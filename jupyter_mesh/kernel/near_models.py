"""A model that does not exist, and the one that was probably meant."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager

from ..client.errors import MeshClientError
from .cell import Cell
from .errors import MeshMagicError
from .parsing import nearest
from .session import Session


@contextmanager
def naming_near_models(session: Session, cell: Cell) -> Generator[None]:
    """Add to the gateway's "no such model" which ones there are.

    Raises:
        MeshMagicError: The gateway knows none of that name.
    """
    try:
        yield
    except MeshClientError as failure:
        names = session.catalogue.names() if failure.code == "model_not_found" else []
        unknown = next((call.model for call in cell.calls if call.model not in names), None)
        if not names or unknown is None:
            raise
        message = f"No model {unknown!r} is open to you; {nearest(unknown, names)}"
        raise MeshMagicError(message, failure.code) from None
