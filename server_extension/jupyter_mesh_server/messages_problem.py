"""Errors in the words of Anthropic's API."""

from __future__ import annotations

from jupyter_mesh.schemas.json import Json, JsonObject, dig

_KINDS = {
    401: "authentication_error",
    402: "billing_error",
    403: "permission_error",
    404: "not_found_error",
    409: "conflict_error",
    413: "request_too_large",
    429: "rate_limit_error",
    503: "overloaded_error",
    504: "timeout_error",
    529: "overloaded_error",
}
_TOO_LONG = "context_length_exceeded"


def anthropic_problem(said: JsonObject, status: int) -> JsonObject:
    """The body of an error.

    Args:
        said: The same in OpenAI's shape.
        status: Of the reply, or that it would have had.
    """
    code, message = dig(said, "error", "code"), dig(said, "error", "message")
    if code == _TOO_LONG:  # by these words coding agents know that they must shorten the talk
        message = f"prompt is too long: {message}"
    kind = _KINDS.get(status, "invalid_request_error" if status < 500 else "api_error")
    details: Json = {"error_code": code}
    error: JsonObject = {"type": kind, "message": message, "details": details}
    return {"type": "error", "error": error, "request_id": dig(said, "error", "request_id")}
