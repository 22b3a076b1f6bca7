"""What a caller declares about a call in headers: it attributes, and never authorises."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import unquote

from jupyter_mesh.errors import InvalidRequest
from jupyter_mesh.pipeline.call import CacheDirective
from jupyter_mesh.schemas.json import JsonObject, as_object

from .exchange import Headers
from .json_body import parse_json

_MAX_AGE = re.compile(r"max-age=(\d{1,10})")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_MAX_DECLARATION = 1000
_MAX_TAGS = 4096
_NO_DIRECTIVE = CacheDirective()


@dataclass(frozen=True, slots=True, kw_only=True)
class CallOptions:
    """The `X-Mesh-*` headers of one call.

    Attributes:
        document: Path of the notebook, where the caller named it.
        thread: What the caller calls the conversation that this is a turn of.
        kernel: Id of the kernel that asks; the host may know which notebook it belongs to.
        details: The caller wants the `mesh` object in the answer.
        traceparent: The trace the call is a part of (W3C Trace Context).
    """

    purpose: str | None = None
    document: str | None = None
    thread: str | None = None
    kernel: str | None = None
    tags: JsonObject | None = None
    cache: CacheDirective = _NO_DIRECTIVE
    idempotency_key: str | None = None
    details: bool = False
    traceparent: str | None = None


_NONE = CallOptions()


def call_options(headers: Headers) -> CallOptions:
    """Read them.

    Raises:
        InvalidRequest: A header is malformed or too long; `param` names it.
    """
    found: dict[str, str] = {}
    for name in _NAMES:
        value = headers.get(name)
        if value is not None:
            if len(value) > (_MAX_TAGS if name == "X-Mesh-Tags" else _MAX_DECLARATION):
                raise InvalidRequest(f"The header {name} is too long.", param=name)
            found[name] = value
    return _parse(found) if found else _NONE


_NAMES = (
    "X-Mesh-Purpose",
    "X-Mesh-Document",
    "X-Mesh-Thread",
    "X-Mesh-Kernel",
    "X-Mesh-Tags",
    "X-Mesh-Cache",
    "X-Mesh-Details",
    "Idempotency-Key",
    "traceparent",
)


def _parse(found: Mapping[str, str]) -> CallOptions:
    for name, value in found.items():
        if not value.isascii() or _CONTROL.search(value):
            raise _malformed(name)
    return CallOptions(
        purpose=_decoded(found, "X-Mesh-Purpose"),
        document=_decoded(found, "X-Mesh-Document"),
        thread=_decoded(found, "X-Mesh-Thread"),
        kernel=found.get("X-Mesh-Kernel") or None,
        tags=_tags(found.get("X-Mesh-Tags")),
        cache=_cache(found.get("X-Mesh-Cache")),
        idempotency_key=found.get("Idempotency-Key") or None,
        details=found.get("X-Mesh-Details") == "1",
        traceparent=found.get("traceparent"),
    )


def _malformed(name: str) -> InvalidRequest:
    return InvalidRequest(f"The header {name} must be percent-encoded UTF-8.", param=name)


def _decoded(found: Mapping[str, str], name: str) -> str | None:
    """The value with percent-encoding undone, so that any language fits into a header."""
    try:
        value = unquote(found.get(name, ""), errors="strict")
    except UnicodeDecodeError:
        raise _malformed(name) from None
    if _CONTROL.search(value):
        raise _malformed(name)
    return value or None


def _tags(raw: str | None) -> JsonObject | None:
    if not raw:
        return None
    try:
        tags = as_object(parse_json(raw.encode()))
    except InvalidRequest:
        tags = None
    if tags is None:
        raise InvalidRequest("X-Mesh-Tags must be a JSON object.", param="X-Mesh-Tags")
    return tags


def _cache(raw: str | None) -> CacheDirective:
    directive = (raw or "").strip().lower()
    if not directive:
        return _NO_DIRECTIVE
    if directive == "no-store":
        return CacheDirective(no_store=True)
    if directive == "exact":
        return CacheDirective(exact=True)
    if found := _MAX_AGE.fullmatch(directive):
        return CacheDirective(max_age=float(found[1]))
    raise InvalidRequest(
        "X-Mesh-Cache takes `no-store`, `exact` or `max-age=SECONDS`.", param="X-Mesh-Cache"
    )
