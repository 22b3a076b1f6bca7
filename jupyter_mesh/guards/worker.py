"""A process that screens: `python -m jupyter_mesh.guards.worker`, started by a gateway.

It reads frames from its standard input and answers on its standard output, one at a time, until
the input ends. It has no network, no secret, a bound on its memory, and dies with its gateway. From
its first text on it writes nowhere else: no log may hold what somebody wrote.
"""

from __future__ import annotations

import argparse
import os
import sys
import traceback
from contextlib import suppress
from importlib import import_module
from itertools import islice
from typing import BinaryIO

from ..errors import MeshError
from ..isolation import cut_off_network, die_with
from ..spi.guard import MOST_FINDINGS
from ..spi.workers import Scanner
from . import frames

OUT_OF_MEMORY = 86
"""Exit status."""


class Screening:
    """Scanners by number, and answers to frames."""

    def __init__(self, output: BinaryIO) -> None:
        self._output = output
        self._scanners: dict[int, Scanner] = {}

    def send(self, frame: frames.FromWorker) -> None:
        """Tell the gateway."""
        self._output.write(frames.encode(frame))
        self._output.flush()

    def answer(self, frame: frames.ToWorker) -> None:
        """Do what a frame asks for; what a scanner does wrong is told, without a word of a text."""
        try:
            match frame:
                case frames.Make():
                    self._scanners[frame.number] = _made(frame)
                    self.send(frames.Made())
                case frames.Forget():
                    self._scanners.pop(frame.number, None)
                case frames.Scan():
                    self._scan(self._scanners[frame.number], frame.texts)
        except MemoryError:
            os._exit(OUT_OF_MEMORY)
        except Exception as error:  # noqa: BLE001 a plugin's edge: the next text is another's
            self.send(frames.Failed(reason=_reason(error, made=isinstance(frame, frames.Make))))

    def _scan(self, scanner: Scanner, texts: list[str]) -> None:
        found: list[frames.FoundSpan] = []
        for number, text in enumerate(texts):
            room = MOST_FINDINGS + 1 - len(found)
            found += [
                (number, int(start), int(end), entity, float(score))
                for start, end, entity, score in islice(scanner.scan(text), room)
            ]
        while len(found) > frames.SPANS_IN_A_FRAME:
            some, found = found[: frames.SPANS_IN_A_FRAME], found[frames.SPANS_IN_A_FRAME :]
            self.send(frames.Found(spans=some, last=False))
        self.send(frames.Found(spans=found, last=True))


def _made(frame: frames.Make) -> Scanner:
    module, _, name = frame.scanner.partition(":")
    kind: object = getattr(import_module(module), name)
    if not (isinstance(kind, type) and issubclass(kind, Scanner)):
        raise TypeError(f"{frame.scanner} is no Scanner")
    return kind(frame.settings)


def _reason(error: Exception, *, made: bool) -> str:
    """What went wrong: in words while a scanner is made, by kind and place while it sees texts."""
    if made and isinstance(error, MeshError | ImportError | OSError):
        return f"{type(error).__name__}: {error}"
    place = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} in {os.path.basename(place.filename)}, line {place.lineno}"


def _bound_memory(megabytes: int) -> None:
    """Let allocations beyond this fail, where the platform can."""
    with suppress(ImportError, AttributeError, OSError, ValueError):
        import resource

        resource.setrlimit(resource.RLIMIT_DATA, (megabytes * 2**20, megabytes * 2**20))


def main() -> None:
    """Answer until the gateway hangs up."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--parent", required=True, type=int, help="process id of the gateway")
    parser.add_argument("--memory", required=True, type=int, help="MiB it may allocate")
    arguments = parser.parse_args()
    output = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints must not stand among the frames
    cut_off_network()
    die_with(arguments.parent)  # after the above, which may undo it
    _bound_memory(arguments.memory)
    screening = Screening(output)
    screening.send(frames.Ready())
    silence = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silence, 1)
    os.dup2(silence, 2)
    while (frame := frames.read_from_gateway(sys.stdin.buffer)) is not None:
        screening.answer(frame)


if __name__ == "__main__":
    main()
