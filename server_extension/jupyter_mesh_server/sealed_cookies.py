"""Cookies that nobody but gateways over the same store can read or make."""

from __future__ import annotations

import base64
import binascii
import os
from collections.abc import Mapping

import orjson

from jupyter_mesh.schemas.json import Json, JsonObject, as_object

from .exchange import HttpRequest

_NONCE_BYTES = 12
_LONGEST_COOKIE = 1024


def sealed(key: bytes, purpose: bytes, fields: Mapping[str, Json]) -> str:
    """The text of a cookie.

    Args:
        key: 32 bytes.
        purpose: What it is for; a cookie for another purpose cannot stand in for it.
        fields: What it says.
    """
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    nonce = os.urandom(_NONCE_BYTES)
    box = AESGCM(key).encrypt(nonce, orjson.dumps(fields), purpose)
    return base64.urlsafe_b64encode(nonce + box).decode().rstrip("=")


def unsealed(key: bytes, purpose: bytes, text: str) -> JsonObject | None:
    """What a cookie says; None where `sealed` did not make it with this key and purpose."""
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    try:
        raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        fields = AESGCM(key).decrypt(raw[:_NONCE_BYTES], raw[_NONCE_BYTES:], purpose)
    except (binascii.Error, ValueError, InvalidTag):
        return None
    return as_object(orjson.loads(fields))


def cookie_of(request: HttpRequest, name: str) -> str | None:
    """The one cookie of this name; None where there is none, or several that differ."""
    found = {value for one, value in cookies_of(request) if one == name}
    value = found.pop() if len(found) == 1 else ""
    return value if 0 < len(value) <= _LONGEST_COOKIE and value.isascii() else None


def cookies_of(request: HttpRequest) -> list[tuple[str, str]]:
    """Names and values of all the cookies that a request brings."""
    parts = (
        part.strip().partition("=")
        for header in request.headers.getall("Cookie", ())
        for part in header.split(";")
    )
    return [(name, value) for name, _, value in parts if name]
