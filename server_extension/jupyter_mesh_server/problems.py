"""Errors as the client and the log see them: one shape, no traceback, no key, no line break."""

from __future__ import annotations

import logging
import math
import traceback

import orjson

from jupyter_mesh.errors import MeshError
from jupyter_mesh.schemas.json import JsonObject

from .exchange import HttpRequest, JsonReply
from .messages_problem import anthropic_problem

log = logging.getLogger("jupyter_mesh.http")

_LINE = 500


def printable(text: str, limit: int = _LINE) -> str:
    """`text` on one line, cut at `limit`; line breaks and terminal codes are escaped."""
    escaped = repr(text[:limit])[1:-1]
    return f"{escaped}…" if len(text) > limit else escaped


def problem(error: BaseException, request_id: str) -> JsonObject:
    """OpenAI's error body. What was not raised on purpose says nothing of its cause."""
    if isinstance(error, MeshError):
        message, kind, code, param = error.message, error.kind, error.code, error.param
    else:
        message = f"The gateway failed; its log tells why under {request_id}."
        kind, code, param = MeshError.kind, MeshError.code, None
    return {
        "error": {
            "message": message,
            "type": kind,
            "param": param,
            "code": code,
            "request_id": request_id or None,
        }
    }


def _shaped(error: BaseException, request: HttpRequest) -> JsonObject:
    """The error's body in the words of the API that was asked."""
    said = problem(error, request.id)
    if not request.path.startswith("/anthropic/"):
        return said
    return anthropic_problem(said, _status(error))


def refusal(error: BaseException, request: HttpRequest) -> JsonReply:
    """The reply that says what went wrong, logged once."""
    record(error, request, _status(error))
    return unlogged_refusal(error, request)


def unlogged_refusal(error: BaseException, request: HttpRequest) -> JsonReply:
    """The reply alone: of a flood that is logged as a whole."""
    status = _status(error)
    reply = JsonReply(orjson.dumps(_shaped(error, request)), status)
    if isinstance(error, MeshError) and error.retry_after is not None:
        reply.headers["Retry-After"] = str(max(1, math.ceil(error.retry_after)))
    if status == 401:
        reply.headers["WWW-Authenticate"] = "Bearer"
    return reply


def _status(error: BaseException) -> int:
    return error.status if isinstance(error, MeshError) else 500


def fault(error: BaseException, request: HttpRequest) -> JsonObject:
    """The error body for a reply whose status has left already, logged once."""
    record(error, request, 200)
    return _shaped(error, request)


def record(error: BaseException, request: HttpRequest, status: int) -> None:
    """One line for a refusal; for what should not have happened also where it did."""
    method, path = printable(request.method, 10), printable(request.path, 200)
    if isinstance(error, MeshError):
        level = logging.WARNING if status >= 500 else logging.INFO
        text = printable(error.message)
        log.log(level, "%s %s %d %s [%s] %s", method, path, status, error.code, request.id, text)
        return
    where = "".join(traceback.format_tb(error.__traceback__))
    name, text = type(error).__name__, printable(str(error))
    log.error("%s %s %d [%s] %s: %s\n%s", method, path, status, request.id, name, text, where)
