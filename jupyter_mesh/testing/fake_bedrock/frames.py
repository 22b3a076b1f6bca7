"""Framing events as AWS does: headers, a payload and two checksums."""

from __future__ import annotations

import struct
from zlib import crc32

import orjson

from ...schemas.json import JsonObject


def frame(headers: dict[str, str], payload: bytes) -> bytes:
    """One frame of an event stream."""
    packed = b"".join(_header(name, value) for name, value in headers.items())
    prelude = struct.pack(">II", 16 + len(packed) + len(payload), len(packed))
    whole = prelude + struct.pack(">I", crc32(prelude)) + packed + payload
    return whole + struct.pack(">I", crc32(whole))


def event(name: str, data: JsonObject) -> bytes:
    """An event of a type. Bedrock pads its events, so that their length tells nothing."""
    return raw_event(name, orjson.dumps({**data, "p": "abcdefghijkl"}))


def raw_event(name: str, payload: bytes) -> bytes:
    """An event of a type, with these bytes."""
    headers = {":event-type": name, ":content-type": "application/json", ":message-type": "event"}
    return frame(headers, payload)


def exception(name: str, message: str) -> bytes:
    """An exception of a type."""
    headers = {
        ":exception-type": name,
        ":content-type": "application/json",
        ":message-type": "exception",
    }
    return frame(headers, orjson.dumps({"message": message}))


def _header(name: str, value: str) -> bytes:
    text = value.encode()
    return bytes([len(name)]) + name.encode() + b"\x07" + struct.pack(">H", len(text)) + text
