"""What is configured as it may be shown and recorded: nothing in it that may be a key."""

from __future__ import annotations

import re
from typing import cast

from ..config import Config
from ..schemas.json import Json, JsonObject
from ..spi.secrets import REFERENCES

HIDDEN = "(hidden)"
_CREDENTIALS = re.compile(r"(?<=://)[^/?#\s]*@")
_QUERY = re.compile(r"(?<=[?#]).+", re.S)
_HASH = re.compile(r"[0-9a-f]{64}")


def without_secrets(body: JsonObject) -> JsonObject:
    """One object: of headers only references, no hash of a key, no password in an address."""
    return cast(JsonObject, _clean({k: v for k, v in body.items() if k != "hash"}, ()))


def recorded(config: Config) -> JsonObject:
    """What a file says, as the record keeps it; of a key's hash the first digits, so that another
    key is seen to be another.
    """
    written = config.model_dump(mode="json", by_alias=True, exclude_unset=True)
    return cast(JsonObject, _clean(cast(Json, written), ()))


def _clean(value: Json, path: tuple[str, ...]) -> Json:
    if isinstance(value, dict):
        return {name: _clean(one, (*path, name)) for name, one in value.items()}
    if isinstance(value, list):
        return [_clean(one, path) for one in value]
    if path[-2:-1] == ("headers",):
        known = isinstance(value, str) and value.startswith(REFERENCES)
        return value if known else HIDDEN
    if not isinstance(value, str):
        return value
    if path[-1:] == ("hash",) and _HASH.fullmatch(value):
        return f"{value[:12]}…"
    if path[-1:] == ("base_url",):
        value = _QUERY.sub(HIDDEN, value)
    return _CREDENTIALS.sub(f"{HIDDEN}@", value)
