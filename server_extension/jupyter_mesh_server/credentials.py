"""The one place that reads a credential out of a request."""

from __future__ import annotations

import re
from urllib.parse import parse_qsl

from jupyter_mesh.errors import Unauthenticated

from .exchange import Headers

_TOKEN = re.compile(r"[\x21-\x7e]{1,4096}")
_IN_QUERY = frozenset({"token", "access_token", "apikey", "api_key", "api-key"})
_KEY_HEADERS = ("x-api-key", "api-key")
"""What clients of Anthropic and Azure send instead of `Authorization`."""


def unauthenticated() -> Unauthenticated:
    """The one answer to every missing or wrong credential; it repeats nothing of what was sent."""
    return Unauthenticated(
        "Log in, or send one valid credential as `Authorization: Bearer …`, or as `x-api-key` "
        "where your client sends that; kernels find theirs in JUPYTER_MESH_TOKEN."
    )


def credential(headers: Headers, query: str) -> str | None:
    """The secret a request carries, or None when it carries none (a browser has its cookie).

    Raises:
        Unauthenticated: Malformed, several different ones, or one in the URL, where logs keep it.
    """
    if query and not _IN_QUERY.isdisjoint(_names_in(query)):
        raise unauthenticated()
    secret: str | None = None
    for value in headers.getall("Authorization", ()):
        scheme, _, token = value.partition(" ")
        if scheme.lower() not in ("bearer", "token") or secret is not None:
            raise unauthenticated()
        secret = token.strip(" ")
    for name in _KEY_HEADERS:
        for value in headers.getall(name, ()):
            if secret is not None and value != secret:
                raise unauthenticated()
            secret = value
    if secret is not None and not _TOKEN.fullmatch(secret):
        raise unauthenticated()
    return secret


def _names_in(query: str) -> set[str]:
    """Names of the fields as those who read them decode them, some of whom split at `;` too."""
    return {name.strip().lower() for name, _ in parse_qsl(query.replace(";", "&"), True)}
