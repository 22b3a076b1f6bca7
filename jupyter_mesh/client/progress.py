"""How far a mapping is: one line, updated in place, in notebooks and terminals alike."""

from __future__ import annotations

import sys
import time
from decimal import Decimal
from importlib import import_module
from typing import Any

from .figures import dollars

_WIDTH = 24


def progress_line(done: int, total: int, failed: int, spent: Decimal, seconds: float) -> str:
    """Such as `███████▌   312/1000 · 2 failed · $0.0412 · 1:12 left`."""
    share = done / total if total else 1.0
    filled = round(share * _WIDTH)
    parts = [f"{'█' * filled}{'░' * (_WIDTH - filled)} {done}/{total}"]
    if failed:
        parts.append(f"{failed} failed")
    parts.append(dollars(spent))
    if 0 < done < total:
        left = round(seconds * (total - done) / done)
        parts.append(f"{left // 60}:{left % 60:02d} left")
    return " · ".join(parts)


class Progress:
    """Shows the line where this process can show something."""

    def __init__(self, heading: str, total: int, *, shown: bool) -> None:
        self._heading = heading
        self._total = total
        self._started = time.monotonic()
        self._line = _line_display() if shown else None

    def update(self, done: int, failed: int, spent: Decimal) -> None:
        """Show a new state."""
        if self._line is not None:
            seconds = time.monotonic() - self._started
            bar = progress_line(done, self._total, failed, spent, seconds)
            self._line.show(f"{self._heading}\n{bar}")

    def end(self, last_word: str | None = None) -> None:
        """Leave the line as it is, with a last word below."""
        if self._line is not None:
            self._line.end(last_word)


class _NotebookLine:
    """A display that is updated, as text: nothing is left behind that needs a widget."""

    def __init__(self, display: Any) -> None:
        self._display = display
        self._handle: Any = None
        self._text = ""

    def show(self, text: str) -> None:
        self._text = text
        if self._handle is None:
            self._handle = self._display({"text/plain": text}, raw=True, display_id=True)
        else:
            self._handle.update({"text/plain": text}, raw=True)

    def end(self, last_word: str | None) -> None:
        if last_word:
            self.show(f"{self._text}\n{last_word}")


class _TerminalLine:
    """Standard error: the heading, then one line over and over; in a log only the last of them."""

    def __init__(self) -> None:
        self._heading_shown = False
        self._line = ""

    def show(self, text: str) -> None:
        heading, _, self._line = text.partition("\n")
        if not self._heading_shown:
            sys.stderr.write(heading + "\n")
            self._heading_shown = True
        if sys.stderr.isatty():
            sys.stderr.write(f"\r{self._line}\x1b[K")
        sys.stderr.flush()

    def end(self, last_word: str | None) -> None:
        sys.stderr.write("\n" if sys.stderr.isatty() else self._line + "\n")
        if last_word:
            sys.stderr.write(last_word + "\n")


def _line_display() -> _NotebookLine | _TerminalLine:
    ipython = sys.modules.get("IPython")
    shell: Any = ipython.get_ipython() if ipython is not None else None
    if getattr(shell, "kernel", None) is None:
        return _TerminalLine()
    return _NotebookLine(import_module("IPython.display").display)
