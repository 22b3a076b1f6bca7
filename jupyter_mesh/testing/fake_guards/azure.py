"""What the services of Azure AI share."""

from __future__ import annotations

from ...schemas.json import JsonObject
from ..fake_upstream.record import Received

_CODES = {
    400: "InvalidRequest",
    401: "401",
    404: "NotFound",
    429: "429",
    500: "InternalServerError",
}


def azure_error(status: int, message: str, code: str | None) -> JsonObject:
    """The body of an error."""
    return {"error": {"code": code or _CODES.get(status, f"{status}"), "message": message}}


def azure_key(received: Received) -> str | None:
    """The key or token that a request carries."""
    return received.headers.get("ocp-apim-subscription-key") or received.token
