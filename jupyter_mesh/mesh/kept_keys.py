"""A sealed key goes only where it was sealed for: who changes the address types the key again."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from ..errors import InvalidRequest
from ..schemas.json import Json
from ..spi.secrets import REFERENCES

_SEALED = "store:"
_WHERE = (
    *("provider", "base_url", "channel", "host", "port", "tls", "url"),
    *("guard", "endpoint", "region"),
)


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
