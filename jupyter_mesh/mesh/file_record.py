"""`mesh.yaml` as it stands in the record of changes: all it says, but nothing secret."""

from __future__ import annotations

import re
from typing import cast

from ..config import Config
from ..schemas.json import Json, JsonObject
from ..spi.secrets import REFERENCES

HIDDEN = "(hidden)"
_CREDENTIALS = re.compile(r"(?<=://)[^/@\s]+(?=@)")
_HASH = re.compile(r"[0-9a-f]{64}")


def recorded(config: Config) -> JsonObject:
    """What the file says, as the record keeps it: of headers only references, of keys the first
    digits of their hash, of addresses no user and password.
    """
    written = config.model_dump(mode="json", by_alias=True, exclude_unset=True)
    return cast(JsonObject, _clean(cast(Json, written), ()))


def _clean(value: Json, path: tuple[str, ...]) -> Json:
    if isinstance(value, dict):
        return {name: _clean(one, (*path, name)) for name, one in value.items()}
    if isinstance(value, list):
        return [_clean(one, path) for one in value]
    if not isinstance(value, str):
        return value
    if "headers" in path and not value.startswith(REFERENCES):
        return HIDDEN
    if path[-1:] == ("hash",) and _HASH.fullmatch(value):
        return f"{value[:12]}…"
    return _CREDENTIALS.sub(HIDDEN, value)
