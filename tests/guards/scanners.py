"""Scanners of the tests: one that works, and one that does whatever a text tells it to."""

from __future__ import annotations

import os
import re
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import suppress

from jupyter_mesh.errors import ConfigError
from jupyter_mesh.schemas.json import JsonObject
from jupyter_mesh.spi.workers import ScannedSpan, Scanner


class Words(Scanner):
    """Finds a word."""

    def __init__(self, settings: JsonObject) -> None:
        super().__init__(settings)
        self._word = re.compile(re.escape(str(settings.get("word", "tick"))))

    def scan(self, text: str) -> Iterator[ScannedSpan]:
        return (ScannedSpan(*one.span(), "WORD", 1.0) for one in self._word.finditer(text))


class SmallSlices(Words):
    """The same, by 100 characters."""

    slice, before, after = 100, 8, 16


class Slow(Words):
    """Takes a while for each slice, and says which process did it."""

    slice, before, after = 100, 8, 16

    def scan(self, text: str) -> Iterator[ScannedSpan]:
        time.sleep(float(str(self.settings.get("seconds", 0.05))))
        return iter([ScannedSpan(len(text) // 2, len(text), f"P{os.getpid()}", 1.0)])


class Known(Scanner):
    """Tells of its process: what it has in its environment, which modules, which network."""

    def scan(self, text: str) -> Iterator[ScannedSpan]:
        if text in os.environ or any(text in value for value in os.environ.values()):
            yield ScannedSpan(0, 1, "ENVIRONMENT", 1.0)
        if text in sys.modules:
            yield ScannedSpan(0, 1, "MODULE", 1.0)
        yield ScannedSpan(0, 1, f"P{os.getpid()}", 1.0)


class Unmakeable(Scanner):
    """Cannot be made."""

    def __init__(self, settings: JsonObject) -> None:
        super().__init__(settings)
        raise ConfigError("It needs a part: pip install 'jupyter-mesh[part]'.")

    def scan(self, text: str) -> Iterator[ScannedSpan]:
        return iter(())


class Faulty(Scanner):
    """Fails as the text says; of other texts it finds the first character."""

    def scan(self, text: str) -> list[ScannedSpan]:
        fault, _, _ = text.partition(" ")
        if fault == "killed":
            os.kill(os.getpid(), signal.SIGKILL)
        if fault == "crash":
            os.abort()
        if fault == "exit":
            os._exit(3)
        if fault == "hang":
            time.sleep(600)
        if fault == "regex":
            re.match(r"(a+)+$", "a" * 64 + "!")
        if fault == "stop":
            os.kill(os.getpid(), signal.SIGSTOP)
        if fault == "raise":
            raise ValueError(f"cannot read {text!r}")
        if fault == "grow":
            held = [bytearray(2**26) for _ in range(200)]
            raise AssertionError(len(held))
        if fault == "print":
            print(text, flush=True)
            print(text, file=sys.stderr, flush=True)
        if fault == "garbage":
            _write_everywhere(b"\x00\x00\x00\x05{}abc")
        if fault == "endless":
            _write_everywhere(b"\xff\xff\xff\xff")
        if fault == "outside":
            return [ScannedSpan(0, len(text) + 1, "X", 1.0)]
        if fault == "backwards":
            return [ScannedSpan(5, 2, "X", 1.0)]
        if fault == "nan":
            return [ScannedSpan(0, 1, "X", float("nan"))]
        if fault == "many":
            return [ScannedSpan(0, 1, "X", 1.0)] * 10_000_000
        return [ScannedSpan(0, 1, "X", 1.0)]


def _write_everywhere(data: bytes) -> None:
    """Into the connection to the gateway, whichever descriptor it is."""
    for descriptor in range(3, 32):
        with suppress(OSError):
            os.write(descriptor, data)
