"""Code in an answer, on its way to a new cell. It never runs by itself."""

from __future__ import annotations

import re
from typing import Any

_FENCE = re.compile(r"^[ \t]*(`{3,}|~{3,})[^\n`]*\n(.*?)^[ \t]*\1[ \t]*$", re.DOTALL | re.MULTILINE)


def fenced_code(text: str) -> str | None:
    """What stands in the fenced blocks, joined; None when there is no block."""
    blocks = [match.group(2).rstrip() for match in _FENCE.finditer(text)]
    return "\n\n".join(block for block in blocks if block) or None


def propose(shell: Any, code: str) -> None:
    """Put `code` into a new cell below this one, or into the next prompt of a terminal."""
    shell.set_next_input(code, replace=False)
