"""A sealed key goes only where it was sealed for: who changes the address types the key again."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from ..errors import InvalidRequest
from ..schemas.json import Json

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
    one at a server of theirs.

    Args:
        body: The connection, channel or guard as it is to be.
        present: As it is now; None where it is new.
        fresh: Names of secrets that were typed with this change.
    """
    moved = present is None or any(body.get(field) != present.get(field) for field in _WHERE)
    known = set[str]() if present is None or moved else {ref for _, ref in _sealed(present)}
    for field, reference in _sealed(body):
        if reference.removeprefix(_SEALED) not in fresh and reference not in known:
            raise InvalidRequest(
                f"The key in `{field}` was given for another connection or address. Type it again.",
                param=field,
            )


def _sealed(body: Mapping[str, Json], prefix: str = "") -> Iterator[tuple[str, str]]:
    for field, value in body.items():
        if isinstance(value, str) and value.startswith(_SEALED):
            yield f"{prefix}{field}", value
        elif isinstance(value, dict):
            yield from _sealed(value, f"{prefix}{field}.")
