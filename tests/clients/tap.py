"""A wire between two programs that notes what passes and when."""

from __future__ import annotations

import socket
import socketserver
import threading
import time
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

import orjson


@dataclass
class Passage:
    """One request and its answer, as they passed.

    Attributes:
        asked_at: When its first byte passed, in seconds of `time.perf_counter`.
        pieces: Parts of the answer and when each passed.
    """

    asked_at: float
    request: bytearray = field(default_factory=bytearray)
    pieces: list[tuple[float, bytes]] = field(default_factory=list[tuple[float, bytes]])

    @property
    def events(self) -> list[Any]:
        """The JSON of every server-sent event in the answer."""
        answer = b"".join(piece for _, piece in self.pieces)
        lines = [line for line in answer.splitlines() if line.startswith(b"data: {")]
        return [orjson.loads(line.removeprefix(b"data: ")) for line in lines]

    @property
    def body(self) -> Any:
        """The JSON of an answer that is not a stream."""
        answer = b"".join(piece for _, piece in self.pieces)
        return orjson.loads(answer.partition(b"\r\n\r\n")[2])

    @property
    def text(self) -> str:
        """What a streamed answer says."""
        deltas = [choice["delta"] for event in self.events for choice in event["choices"]]
        return "".join(delta.get("content") or "" for delta in deltas)

    def first_event_ms(self) -> float:
        """From the request to the first event, in milliseconds."""
        first = next(at for at, piece in self.pieces if b"data: " in piece)
        return (first - self.asked_at) * 1000

    def total_ms(self) -> float:
        """From the request to the last piece of its answer, in milliseconds."""
        return (self.pieces[-1][0] - self.asked_at) * 1000


class Tap:
    """Passes every connection on to a port of loopback.

    Attributes:
        passages: Every request so far, one at a time.
        pause: Seconds that pass before each 300 bytes of an answer, for a slower server.
    """

    def __init__(self, port: int) -> None:
        self.passages: list[Passage] = []
        self.pause = 0.0
        tap, passages = self, self.passages

        class Wire(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                with socket.create_connection(("127.0.0.1", port)) as server:
                    back = threading.Thread(target=self._answers, args=(server,))
                    back.start()
                    while data := self.request.recv(65536):
                        if not passages or passages[-1].pieces:
                            passages.append(Passage(time.perf_counter()))
                        passages[-1].request += data
                        server.sendall(data)
                    server.shutdown(socket.SHUT_WR)
                    back.join()

            def _answers(self, server: socket.socket) -> None:
                while data := server.recv(300 if tap.pause else 65536):
                    time.sleep(tap.pause)
                    passages[-1].pieces.append((time.perf_counter(), data))
                    self.request.sendall(data)

        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Wire)
        self._server.daemon_threads = True
        self.port: int = self._server.server_address[1]

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
