"""The latest exception of the kernel, as a question to a model: what failed, and in which code."""

from __future__ import annotations

import linecache
import sys
import traceback
from dataclasses import dataclass
from types import TracebackType

from .errors import CallStopped, MeshMagicError

_MAX_TRACEBACK_CHARS = 8_000
_MAX_SOURCE_CHARS = 20_000


@dataclass(frozen=True, slots=True)
class Failure:
    """An exception and the cell it came from. Values of variables are not part of it."""

    source: str
    traceback: str

    def question(self, task: str) -> str:
        """A prompt that puts the task before the code and its error."""
        code = f"The cell:\n```python\n{self.source}\n```\n\n" if self.source else ""
        return f"{task}\n\n{code}The error:\n```\n{self.traceback}\n```"


def latest_failure(known: Failure | None) -> Failure:
    """The exception that the kernel has shown last.

    Args:
        known: The one asked about before: used again when only our own errors came after it.

    Raises:
        MeshMagicError: Nothing has failed yet.
    """
    error = getattr(sys, "last_value", None)
    if isinstance(error, BaseException) and not isinstance(error, MeshMagicError | CallStopped):
        return _describe(error)
    if known is not None:
        return known
    raise MeshMagicError("No cell has failed yet: run the one that fails, then %llm fix.")


def _describe(error: BaseException) -> Failure:
    cell = _cell_frame(error.__traceback__)
    lines = traceback.format_exception(type(error), error, cell)
    text = "".join(lines).strip()
    if len(text) > _MAX_TRACEBACK_CHARS:
        text = "…\n" + text[-_MAX_TRACEBACK_CHARS:]
    return Failure(_source(error, cell)[:_MAX_SOURCE_CHARS], text)


def _cell_frame(frame: TracebackType | None) -> TracebackType | None:
    """The first frame that runs a module's code: before it there is only IPython itself."""
    while frame is not None and frame.tb_frame.f_code.co_name != "<module>":
        frame = frame.tb_next
    return frame


def _source(error: BaseException, cell: TracebackType | None) -> str:
    if isinstance(error, SyntaxError) and error.filename:
        return "".join(linecache.getlines(error.filename)).strip()
    if cell is None:
        return ""
    return "".join(linecache.getlines(cell.tb_frame.f_code.co_filename)).strip()
