"""A model that does not exist, and the one that was probably meant."""

from __future__ import annotations

from ..client.errors import MeshClientError
from .catalogue import FETCH_SECONDS
from .parsing import nearest
from .session import Session


def naming_near_models(session: Session, model: str, failure: MeshClientError) -> MeshClientError:
    """`failure`, or where the gateway knows no model of that name, which ones there are.

    Args:
        session: Knows the names.
        model: As it was asked for.
        failure: What the gateway said.
    """
    if failure.code != "model_not_found":
        return failure
    names = session.catalogue.names(patience=FETCH_SECONDS)
    if not names or model in names:
        return failure
    message = f"No model {model!r} is open to you; {nearest(model, names)}"
    return MeshClientError(
        message, code=failure.code, status=failure.status, request_id=failure.request_id
    )
