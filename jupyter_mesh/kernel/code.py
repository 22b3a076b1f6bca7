"""Code in an answer, on its way to a new cell. It never runs by itself."""

from __future__ import annotations

import re
from typing import Any

from ..client.answer import Answer
from .errors import MeshMagicError

_FENCE = re.compile(r"^[ \t]*(`{3,}|~{3,})[^\n`]*\n(.*?)^[ \t]*\1[ \t]*$", re.DOTALL | re.MULTILINE)


def fenced_code(text: str) -> str | None:
    """What stands in the fenced blocks, joined; None when there is no block."""
    blocks = [match.group(2).rstrip() for match in _FENCE.finditer(text)]
    return "\n\n".join(block for block in blocks if block) or None


def propose(shell: Any, answer: Answer) -> None:
    """Put an answer's code into a new cell below this one, or into the next prompt of a terminal.

    Raises:
        MeshMagicError: The answer holds no code block; prose is no cell. Or it was stopped.
    """
    if answer.blocked is not None:
        raise MeshMagicError(answer.blocked, "content_blocked")
    code = fenced_code(answer.text)
    if code is None:
        raise MeshMagicError("The answer holds no code block, so there is no cell to propose.")
    shell.set_next_input(code, replace=False)
