"""A sealed key goes only where it was sealed for: who changes the address types the key again."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from urllib.parse import urlsplit

from ..errors import InvalidRequest
from ..schemas.json import Json
from ..spi.secrets import REFERENCES

_SEALED = "store:"
_WHERE = (
    *("provider", "base_url", "channel", "host", "port", "tls", "url"),
    *("guard", "endpoint", "region"),
)
_WHO = ("identity", "scope", "credentials")
_LENT = ("default", "managed", "workload")
"""Identities that are the machine's."""
_AZURE = (".cognitiveservices.azure.com", ".cognitiveservices.azure.us", ".services.ai.azure.com")
_GOOGLE = (".googleapis.com",)


def refuse_moved_keys(
    body: Mapping[str, Json], present: Mapping[str, Json] | None, fresh: Collection[str]
) -> None:
    """Raises InvalidRequest where a connection, a channel or a guard would send a sealed key to an
    address that it was not given for; else whoever may edit them could read every key by pointing
    one at a server of theirs. A guard may not do so with a key of the environment or of a file
    either: trying one asks the address it names.

    Args:
        body: The connection, channel or guard as it is to be.
        present: As it is now; None where it is new.
        fresh: Names of secrets that were typed with this change.
    """
    prefixes = REFERENCES if "guard" in body else (_SEALED,)
    if "guard" in body:
        _refuse_lent_identity(body, present)
    moved = present is None or any(body.get(field) != present.get(field) for field in _WHERE)
    known = set[str]()
    if present is not None and not moved:
        known = {reference for _, reference in _references(present, prefixes)}
    for field, reference in _references(body, prefixes):
        if reference in known:
            continue
        if not reference.startswith(_SEALED):
            raise InvalidRequest(
                f"`{field}` refers to a key of the environment or of a file, and no such guard is "
                "in force that sends it to this address. Type the key, or write the guard in "
                "mesh.yaml.",
                param=field,
            )
        if reference.removeprefix(_SEALED) not in fresh:
            raise InvalidRequest(
                f"The key in `{field}` was given for another connection or address. Type it again.",
                param=field,
            )


def _refuse_lent_identity(body: Mapping[str, Json], present: Mapping[str, Json] | None) -> None:
    """The same for a token that the gateway's machine gets for itself: it goes to whom it is of."""
    if present is not None and all(body.get(one) == present.get(one) for one in (*_WHERE, *_WHO)):
        return
    if body.get("identity") in _LENT:
        homes, asks_more = _AZURE, "scope" in body
    elif body.get("guard") == "google_dlp" and body.get("credentials") is None:
        homes, asks_more = _GOOGLE, False
    else:
        return
    address = body.get("base_url")
    host = (urlsplit(address).hostname if isinstance(address, str) else None) or homes[0]
    if asks_more or not host.endswith(homes):
        raise InvalidRequest(
            "A token of the gateway's own machine is sent to no other address than its vendor's "
            f"({', '.join(homes)}), with the usual scope. Type a key, or write the guard in "
            "mesh.yaml.",
            param="base_url",
        )


def _references(
    value: Json | Mapping[str, Json], prefixes: tuple[str, ...], path: str = ""
) -> Iterator[tuple[str, str]]:
    if isinstance(value, str) and value.startswith(prefixes):
        yield path, value
    elif isinstance(value, Mapping):
        for field, one in value.items():
            yield from _references(one, prefixes, f"{path}.{field}" if path else field)
    elif isinstance(value, list):
        for one in value:
            yield from _references(one, prefixes, path)
