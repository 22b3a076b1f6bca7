"""References in the bodies of objects: to sealed secrets, to the environment, to files."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import cast
from urllib.parse import urlsplit

from ...schemas.json import Json, JsonObject
from ...spi.secrets import REFERENCES

SEALED = "store:"


def references(value: Json) -> Iterator[str]:
    """Every reference in a body, wherever it stands."""
    if isinstance(value, str):
        if value.startswith(REFERENCES):
            yield value
    elif isinstance(value, dict):
        for one in value.values():
            yield from references(one)
    elif isinstance(value, list):
        for one in value:
            yield from references(one)


def receiver(body: JsonObject) -> str | None:
    """The host that a connection or a channel sends to, where its body names one."""
    for field in ("base_url", "url", "host"):
        value = body.get(field)
        if isinstance(value, str) and value and not value.startswith(REFERENCES):
            return urlsplit(value).hostname if "://" in value else value
    return None


def sealed_names(body: JsonObject) -> list[str]:
    """Names of the sealed secrets that a body refers to."""
    found = dict.fromkeys(one for one in references(body) if one.startswith(SEALED))
    return [one.removeprefix(SEALED) for one in found]


def with_sealed(body: JsonObject, change: Callable[[str], str]) -> JsonObject:
    """A copy in which each reference to a sealed secret is what `change` makes of its name."""
    return cast(JsonObject, _changed(body, change))


def _changed(value: Json, change: Callable[[str], str]) -> Json:
    if isinstance(value, str):
        return change(value.removeprefix(SEALED)) if value.startswith(SEALED) else value
    if isinstance(value, dict):
        return {name: _changed(one, change) for name, one in value.items()}
    if isinstance(value, list):
        return [_changed(one, change) for one in value]
    return value
