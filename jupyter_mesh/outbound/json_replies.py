"""JSON on its way out and back: what is an answer, and what is an error in its clothes."""

from __future__ import annotations

import orjson

from ..errors import InvalidRequest
from ..schemas.json import Json, JsonObject
from .faults import Faults
from .http import Reply


def encode(body: JsonObject) -> bytes:
    """`body` as JSON.

    Raises:
        InvalidRequest: A text in it is not valid Unicode.
    """
    try:
        return orjson.dumps(body)
    except orjson.JSONEncodeError:
        raise InvalidRequest(
            "The request holds half of a surrogate pair, which is not valid Unicode: remove it."
        ) from None


def parse_reply(reply: Reply, faults: Faults) -> Json:
    """The JSON of an answer that is none of the known failures.

    Raises:
        ProviderError: The leaf that fits.
    """
    if reply.status != 200:
        raise faults.from_status(reply.status, reply.headers, reply.body)
    faults = faults.once(reply.status)
    kind = reply.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    try:
        value: Json = orjson.loads(reply.body)
    except orjson.JSONDecodeError:
        raise faults.protocol(f"sent {kind or 'something'} that is not JSON") from None
    if not (kind in ("", "text/plain") or kind.endswith("json")):
        raise faults.protocol(f"sent {kind} instead of JSON")
    if isinstance(value, dict) and (error := value.get("error")):
        raise faults.from_error(error)
    if isinstance(value, dict) and isinstance(value.get("message"), str) and "object" not in value:
        raise faults.from_error(value)  # no vendor answers with a bare sentence
    return value
