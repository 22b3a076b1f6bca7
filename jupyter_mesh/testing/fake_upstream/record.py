"""What the fake received, in memory and in a log that survives whoever sent it."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, TypeAlias

import orjson

from ...schemas.json import JsonObject, as_int, as_object, as_str

End: TypeAlias = Literal["answered", "client_gone", "faulted"]


@dataclass(slots=True, kw_only=True)
class Received:
    """One request, as it came.

    Attributes:
        accepted_ns: `time.monotonic_ns()` when its headers had been read: comparable between
            processes of one machine.
        target: Path and query as they stood in the request, percent-encoded.
        client_port: The port it came from: the same one for requests over one connection.
        sent_bytes: Bytes of the answer's body written so far.
        end: How it ended; None while it is being answered.
        ended_ns: When, on the same clock.
    """

    number: int
    method: str
    path: str
    headers: dict[str, str]
    accepted_ns: int
    target: str = ""
    client_port: int = 0
    body: bytes = b""
    sent_bytes: int = 0
    end: End | None = None
    ended_ns: int | None = None

    @property
    def json(self) -> JsonObject:
        """The body, which must be a JSON object."""
        value = as_object(orjson.loads(self.body))
        assert value is not None, f"request {self.number} has no JSON object for a body"
        return value

    @property
    def token(self) -> str | None:
        """The bearer token it carried."""
        scheme, _, token = self.headers.get("authorization", "").partition(" ")
        return token if scheme.lower() == "bearer" else None


@dataclass(slots=True)
class Record:
    """Every request in order; with a path, each step is appended to that file as it happens."""

    path: Path | None = None
    requests: list[Received] = field(default_factory=list[Received])

    def accept(
        self, method: str, path: str, headers: dict[str, str], client_port: int, target: str = ""
    ) -> Received:
        """Note a request whose headers have been read."""
        received = Received(
            number=len(self.requests),
            method=method,
            path=path,
            headers=headers,
            accepted_ns=time.monotonic_ns(),
            target=target,
            client_port=client_port,
        )
        self.requests.append(received)
        self._append(
            {
                "step": "accepted",
                "number": received.number,
                "method": method,
                "path": path,
                "target": target,
                "headers": dict(headers),
                "client_port": client_port,
                "monotonic_ns": received.accepted_ns,
                "unix_ns": time.time_ns(),
            }
        )
        return received

    def note_body(self, received: Received, body: bytes) -> None:
        """Note the body, once it is complete."""
        received.body = body
        text = body.decode("utf-8", "replace")
        self._append({"step": "body", "number": received.number, "body": text})

    def note_end(self, received: Received, end: End) -> None:
        """Note how the answer ended; only the first end counts."""
        if received.end is not None:
            return
        received.end = end
        received.ended_ns = time.monotonic_ns()
        self._append(
            {
                "step": "ended",
                "number": received.number,
                "end": end,
                "sent_bytes": received.sent_bytes,
                "monotonic_ns": received.ended_ns,
            }
        )

    def _append(self, entry: JsonObject) -> None:
        if self.path is None:
            return
        line = orjson.dumps(entry) + b"\n"
        handle = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            os.write(handle, line)
        finally:
            os.close(handle)


def read_log(path: Path) -> list[Received]:
    """The requests a log file holds, in the order in which they were accepted."""
    found: dict[int, Received] = {}
    for line in path.read_bytes().splitlines():
        entry = as_object(orjson.loads(line)) or {}
        number = as_int(entry.get("number")) or 0
        if entry.get("step") == "accepted":
            headers = as_object(entry.get("headers")) or {}
            found[number] = Received(
                number=number,
                method=as_str(entry.get("method")) or "",
                path=as_str(entry.get("path")) or "",
                headers={name: str(value) for name, value in headers.items()},
                accepted_ns=as_int(entry.get("monotonic_ns")) or 0,
                target=as_str(entry.get("target")) or "",
                client_port=as_int(entry.get("client_port")) or 0,
            )
        elif entry.get("step") == "body":
            found[number].body = (as_str(entry.get("body")) or "").encode()
        else:
            one = found[number]
            end = entry.get("end")
            one.end = (
                "answered"
                if end == "answered"
                else "client_gone"
                if end == "client_gone"
                else "faulted"
            )
            one.sent_bytes = as_int(entry.get("sent_bytes")) or 0
            one.ended_ns = as_int(entry.get("monotonic_ns"))
    return [found[number] for number in sorted(found)]
