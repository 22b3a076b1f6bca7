"""Server-sent events from bytes, as the WHATWG HTML standard, section 9.2.6, parses them."""

from __future__ import annotations

from typing import NamedTuple

MAX_EVENT_BYTES = 16 * 1024 * 1024
"""More than any event a model API sends; what is longer is refused, not collected."""


class ServerSentEvent(NamedTuple):
    """One event: its type (`message` when it names none) and its data lines, joined by newlines."""

    name: str
    data: bytes


class EventTooLong(ValueError):
    """An event is longer than the parser's limit."""


class EventParser:
    """Takes bytes as they arrive, however they are cut, and gives the events that are complete.

    The work is linear in the bytes taken in, for 1-byte pieces too. Comments, ids and retry times
    are skipped.
    """

    def __init__(self, limit: int = MAX_EVENT_BYTES) -> None:
        self._limit = limit
        self._line = bytearray()
        self._data: list[bytes] = []
        self._size = 0
        self._name = ""
        self._after_cr = False
        self._first_line = True

    def feed(self, piece: bytes) -> list[ServerSentEvent]:
        """The events that `piece` completes.

        Raises:
            EventTooLong: One event exceeds the limit.
        """
        if self._after_cr and piece.startswith(b"\n"):
            piece = piece[1:]
            self._after_cr = False
        if b"\r" in piece:
            self._after_cr = piece.endswith(b"\r")
            piece = piece.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        elif piece:
            self._after_cr = False
        end = piece.rfind(b"\n")
        if end < 0:
            self._line += piece
            self._check_size()
            return []
        lines = piece[:end].split(b"\n")
        if self._line:
            lines[0] = bytes(self._line) + lines[0]
        self._line = bytearray(piece[end + 1 :])
        events = self._take(lines)
        self._check_size()
        return events

    def flush(self) -> list[ServerSentEvent]:
        """The event that stood unfinished when the stream ended.

        The standard drops it; some servers leave out the last blank line, so the caller may look at
        it.
        """
        events = self._take([bytes(self._line), b""])
        self._line.clear()
        return events

    def _take(self, lines: list[bytes]) -> list[ServerSentEvent]:
        events: list[ServerSentEvent] = []
        if self._first_line:
            self._first_line = False
            lines[0] = lines[0].removeprefix(b"\xef\xbb\xbf")
        data = self._data
        for line in lines:
            if not line:
                if data:
                    self._dispatch(events)
                    data = self._data
                self._name = ""
            elif line.startswith(b"data:") or line == b"data":
                value = line[6:] if line.startswith(b"data: ") else line[5:]
                data.append(value)
                self._size += len(value) + 1
                if self._size > self._limit:
                    raise EventTooLong("an event that is too long")
            elif line.startswith(b"event:"):
                self._name = line[6:].removeprefix(b" ").decode("utf-8", "replace")
        return events

    def _dispatch(self, events: list[ServerSentEvent]) -> None:
        data = self._data[0] if len(self._data) == 1 else b"\n".join(self._data)
        if data:
            events.append(ServerSentEvent(self._name or "message", data))
        self._data = []
        self._size = 0

    def _check_size(self) -> None:
        if self._size + len(self._line) > self._limit:
            raise EventTooLong("an event that is too long")
