"""What a command prints, and the code it ends with."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Mapping, Sequence

from ..errors import ConfigError, MeshError

EXIT_CODES = """\
  0  done
  1  something failed: a check, a provider, the gateway
  2  the command line is wrong
  3  refused: not permitted, over budget, blocked, unknown model, invalid request
  4  no gateway answers
  5  the configuration is wrong
"""
FAILED, REFUSED, NO_GATEWAY, WRONG_CONFIG = 1, 3, 4, 5

_FIGURE = re.compile(r"−?\$?\d[\d,]*(\.\d+)?|\?")
"""A count or an amount, `?` where it is not known."""
_UNREACHABLE = frozenset({"gateway_not_found", "gateway_unreachable", "gateway_timeout"})


class Output:
    """Standard output, as lines for people or as one JSON value for programs."""

    def __init__(self, *, as_json: bool) -> None:
        self.as_json = as_json

    def value(self, value: object) -> None:
        """The result as JSON."""
        print(json.dumps(value, indent=2, ensure_ascii=False))

    def line(self, text: str = "") -> None:
        """One line for people."""
        print(text)

    def piece(self, text: str) -> None:
        """A part of a line, shown at once."""
        print(text, end="", flush=True)

    def aside(self, text: str) -> None:
        """What is not the result: to standard error."""
        print(text, file=sys.stderr)

    def table(self, heads: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
        """Columns as wide as they need to be; numbers to the right."""
        texts = [["" if cell is None else str(cell) for cell in row] for row in rows]
        widths = [max(map(len, column)) for column in zip(heads, *texts, strict=True)]
        right = [
            bool(rows) and all(_FIGURE.fullmatch(row[n]) for row in texts)
            for n in range(len(heads))
        ]
        for cells in (list(heads), *texts):
            padded = [
                cell.rjust(width) if to_right else cell.ljust(width)
                for cell, width, to_right in zip(cells, widths, right, strict=True)
            ]
            print("  ".join(padded).rstrip())


def failed(error: MeshError, output: Output) -> int:
    """Say in one line what went wrong, and how to go on; the exit code."""
    problem: Mapping[str, object] = {
        "message": error.message,
        "code": error.code,
        "param": error.param,
    }
    if output.as_json:
        output.value({"error": problem})
    else:
        output.aside(f"{error.message} [{error.code}]")
    return exit_code(error)


def exit_code(error: MeshError) -> int:
    """The code for an error."""
    if isinstance(error, ConfigError) or error.code == ConfigError.code:
        return WRONG_CONFIG
    if error.code in _UNREACHABLE:
        return NO_GATEWAY
    return REFUSED if 400 <= error.status < 500 else FAILED
