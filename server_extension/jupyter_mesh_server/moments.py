"""Times as query fields give them."""

from __future__ import annotations

from datetime import UTC, datetime

from jupyter_mesh.errors import InvalidRequest

_YEARS = range(1970, 9999)
"""Years of a time: outside them not every zone has it, and no call is recorded there."""


def moment(fields: dict[str, str], name: str) -> datetime | None:
    """A date or an RFC 3339 time; without a zone it is UTC.

    Raises:
        InvalidRequest: It is none.
    """
    text = fields.get(name)
    if text is None:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or found.year not in _YEARS:
        raise InvalidRequest(
            f"`{name}` must be a date or a time such as 2026-01-31T12:00:00Z.", param=name
        )
    if found.tzinfo is None:
        found = found.replace(tzinfo=UTC)
    return found.astimezone(UTC)
