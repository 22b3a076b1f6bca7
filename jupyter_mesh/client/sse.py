"""Server-sent events as OpenAI's streams use them: `data:` lines, ended by an empty line."""

from __future__ import annotations

import json
from collections.abc import Iterator

from ..schemas.json import JsonObject, as_object
from .errors import MeshClientError

DONE = "[DONE]"


class EventParser:
    """Bytes in, in pieces of any size; the payload of each complete event out."""

    def __init__(self) -> None:
        self._rest = b""
        self._data: list[str] = []

    def feed(self, piece: bytes) -> Iterator[str]:
        """The payloads that `piece` completes."""
        *lines, self._rest = (self._rest + piece).split(b"\n")
        for line in lines:
            line = line.removesuffix(b"\r")
            if not line and self._data:
                payload, self._data = "\n".join(self._data), []
                yield payload
            elif line.startswith(b"data:"):
                text = line[5:].decode("utf-8", "replace")
                self._data.append(text.removeprefix(" "))


def parse_chunk(payload: str) -> JsonObject:
    """The JSON object of one event.

    Raises:
        MeshClientError: It is not a JSON object (`protocol_error`).
    """
    try:
        chunk = as_object(json.loads(payload))
    except ValueError:
        chunk = None
    if chunk is None:
        raise MeshClientError(
            "The gateway's stream holds something that is not a JSON object: check that "
            "JUPYTER_MESH_URL names a mesh gateway.",
            code="protocol_error",
        )
    return chunk
