"""AWS' event stream from bytes: frames with headers, a payload and two checksums.

Format: Smithy 2.0 specification, "Amazon event stream"; header types as botocore reads them.
"""

from __future__ import annotations

import struct
from zlib import crc32

import orjson

from .sse import MAX_EVENT_BYTES, EventTooLong, ServerSentEvent

_PRELUDE = struct.Struct(">III")
_CHECKSUM = struct.Struct(">I")
_SMALLEST = _PRELUDE.size + _CHECKSUM.size
_TEXT = 7
_SIZES = {0: 0, 1: 0, 2: 1, 3: 2, 4: 4, 5: 8, 8: 8, 9: 16}
"""Bytes of the values of each type whose length is fixed: flags, integers, a time, a UUID."""


class EventStreamParser:
    """Takes bytes as they arrive, however they are cut, and gives the events that are complete.

    An event is named by its `:event-type`, an exception by its `:exception-type`; `error` is a
    failure of the stream itself.
    """

    def __init__(self, limit: int = MAX_EVENT_BYTES) -> None:
        self._limit = limit
        self._buffer = bytearray()

    def feed(self, piece: bytes) -> list[ServerSentEvent]:
        """The events that `piece` completes.

        Raises:
            EventTooLong: A frame exceeds the limit.
            ValueError: The bytes are no frames.
        """
        buffer = self._buffer
        buffer += piece
        events: list[ServerSentEvent] = []
        start, end = 0, len(buffer)
        while end - start >= _PRELUDE.size:
            try:
                total, headers = self._measure(start)
                if end - start < total:
                    break
                event = _event(bytes(buffer[start : start + total]), headers)
            except ValueError:
                if not events:
                    raise
                break  # what was whole before it counts; it is looked at again
            if event is not None:
                events.append(event)
            start += total
        if start:
            del buffer[:start]
        return events

    def _measure(self, start: int) -> tuple[int, int]:
        """Bytes of the frame that begins at `start`, and of its headers."""
        total, headers, checksum = _PRELUDE.unpack_from(self._buffer, start)
        if crc32(self._buffer[start : start + 8]) != checksum:
            raise ValueError("a frame of an event stream whose checksum is wrong")
        if total > self._limit:
            raise EventTooLong("an event that is too long")
        if total < _SMALLEST + headers:
            raise ValueError("a frame of an event stream that is shorter than its headers")
        return total, headers

    def flush(self) -> list[ServerSentEvent]:
        """Nothing: half a frame is no event."""
        return []


def _event(frame: bytes, size: int) -> ServerSentEvent | None:
    """The event in a frame; None for those that say nothing."""
    if crc32(frame[:-4]) != _CHECKSUM.unpack_from(frame, len(frame) - 4)[0]:
        raise ValueError("a frame of an event stream whose checksum is wrong")
    payload = frame[_PRELUDE.size + size : -4]
    try:
        headers = _headers(frame, _PRELUDE.size, _PRELUDE.size + size)
    except (IndexError, KeyError, UnicodeDecodeError):
        raise ValueError("a frame of an event stream with broken headers") from None
    kind = headers.get(":message-type")
    if kind == "exception":
        return ServerSentEvent(headers.get(":exception-type", "exception"), payload)
    if kind == "error":
        error = {"message": headers.get(":error-message"), "code": headers.get(":error-code")}
        return ServerSentEvent("error", orjson.dumps(error))
    name = headers.get(":event-type", "message")
    return None if name == "initial-response" else ServerSentEvent(name, payload)


def _headers(frame: bytes, at: int, end: int) -> dict[str, str]:
    """The headers that are text; others are skipped."""
    found: dict[str, str] = {}
    while at < end:
        name_end = at + 1 + frame[at]
        kind = frame[name_end]
        value = name_end + 1
        if kind in (6, _TEXT):
            size = int.from_bytes(frame[value : value + 2], "big")
            value += 2
        else:
            size = _SIZES[kind]
        if kind == _TEXT:
            found[frame[at + 1 : name_end].decode()] = frame[value : value + size].decode()
        at = value + size
    if at != end:
        raise IndexError
    return found
