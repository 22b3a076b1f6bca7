"""How a magic fails: one line in the notebook, and a cell that has failed for `nbclient` too."""

from __future__ import annotations


class MeshMagicError(Exception):
    """Shown as its message alone, without a traceback.

    Attributes:
        code: The gateway's code, `usage` for a wrong line, `internal` for what should not happen.
    """

    def __init__(self, message: str, code: str = "usage") -> None:
        super().__init__(message)
        self.code = code

    def _render_traceback_(self) -> list[str]:
        return [str(self)]


class CallStopped(KeyboardInterrupt):
    """The person interrupted a call: the cell fails with one line, and later cells do not run."""

    def _render_traceback_(self) -> list[str]:
        return [str(self)]
