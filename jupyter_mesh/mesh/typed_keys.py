"""Keys that were typed with a connection: sealed under names of their own, never in its body."""

from __future__ import annotations

import secrets as random
from collections.abc import Mapping

from ..errors import InvalidRequest
from ..schemas.json import Json, JsonObject
from ..spi.secrets import REFERENCES


def refuse_plain_keys(body: Mapping[str, Json]) -> None:
    """Raises InvalidRequest where a header holds what may be a key."""
    headers = body.get("headers")
    for name, value in headers.items() if isinstance(headers, dict) else ():
        if not is_reference(value):
            raise InvalidRequest(
                f"Give the value of the header {name!r} under `secrets` as `headers.{name}`, or as "
                "a reference such as env:NAME; it may be a key.",
                param=f"headers.{name}",
            )


def is_reference(value: Json) -> bool:
    """Whether this is where a secret is, and not the secret."""
    return isinstance(value, str) and value.startswith(REFERENCES)


def refer_to(body: JsonObject, name: str, secrets: Mapping[str, str]) -> dict[str, str]:
    """Put references into `body` where keys were typed; the keys, by a name of their own each."""
    named: dict[str, str] = {}
    for field, value in secrets.items():
        secret = f"{name}.{field}.{random.token_hex(4)}"
        _set_field(body, field, f"store:{secret}")
        named[secret] = value
    return named


def _set_field(body: JsonObject, path: str, value: str) -> None:
    *parents, last = path.split(".", 1)
    place = body
    for parent in parents:
        inner = place.get(parent)
        place[parent] = inner = dict(inner) if isinstance(inner, dict) else {}
        place = inner
    place[last] = value
