"""Replies made of values and models."""

from __future__ import annotations

import orjson
from pydantic import BaseModel

from .exchange import JsonReply


def json_reply(value: object, status: int = 200) -> JsonReply:
    """A body of plain values."""
    return JsonReply(orjson.dumps(value), status)


def reply_with(model: BaseModel, status: int = 200) -> JsonReply:
    """A body of the mesh's own API."""
    return JsonReply(model.model_dump_json().encode(), status)
