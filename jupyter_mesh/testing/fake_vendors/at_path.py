"""OpenAI's answers at another path."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

import orjson

from ...schemas.json import JsonObject
from ..fake_upstream.dialect import Refusal
from ..fake_upstream.record import Received


def at_path(received: Received, path: str, body: JsonObject | None = None) -> Received:
    """The same request as if it had been sent to `path`, with `body` in place of its own."""
    return replace(received, path=path, body=received.body if body is None else orjson.dumps(body))


def refuse_others(body: JsonObject, known: Collection[str]) -> None:
    """Refuse a request with a field that the vendor does not have.

    Raises:
        Refusal: It names the field.
    """
    if others := body.keys() - set(known):
        name = min(others)
        raise Refusal(400, f"{name}: Extra inputs are not permitted", param=name)
