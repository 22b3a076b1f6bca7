"""`{{expression}}` in a prompt, replaced once by the expression's value in the notebook.

Any Python expression may stand there, as in an f-string; `{{table!whole}}` puts a table in with all
its rows. Single braces stay as they are, and so do double braces of another language.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from typing import Any

from ..client.template import fill
from ..schemas.events import Notice
from .errors import MeshMagicError
from .preview import MAX_WHOLE_CHARS, shorten, value_text
from .secrets import looks_secret

_OTHERS = re.compile(r"[{}]|^[#/>^&%!]")
"""Double braces that were not written for Python: those of a C array, a template's `{{#each}}`."""
_CONVERSION = re.compile(r"(?s)(.*?)\s*!\s*(whole|r)\s*")


def interpolate(
    text: str, evaluate: Callable[[str], Any], *, max_chars: int
) -> tuple[str, tuple[Notice, ...]]:
    """The text with its values, and what the person should know about them.

    Args:
        text: The prompt.
        evaluate: Gives an expression's value in the notebook.
        max_chars: Longest text of one value that was not asked for whole.

    Raises:
        MeshMagicError: An expression failed, or is none.
    """
    notices: list[Notice] = []

    def replace(content: str) -> str | None:
        expression, conversion = _split(content)
        if not _is_expression(expression):
            return None
        value = _evaluate(expression, evaluate)
        full = repr(value) if conversion == "r" else value_text(value, whole=conversion == "whole")
        if looks_secret(expression, full):
            notices.append(_secret_notice(expression))
        limit = MAX_WHOLE_CHARS if conversion == "whole" else max_chars
        if len(full) > limit:
            notices.append(_truncated_notice(expression, len(full), limit))
        return shorten(full, limit)

    def unknown(content: str) -> None:
        shown = content if len(content) <= 40 else content[:40] + "…"
        if not _OTHERS.search(content):
            raise MeshMagicError(
                f"{{{{{shown}}}}} is no Python expression: correct it, or keep the braces with "
                "--no-interpolate.",
                "interpolation",
            )
        message = f"{{{{{shown}}}}} is no Python expression and was left as it is."
        notices.append(Notice("not_interpolated", message))

    return fill(text, replace, unknown), tuple(notices)


def _split(content: str) -> tuple[str, str | None]:
    match = _CONVERSION.fullmatch(content)
    return (match.group(1), match.group(2)) if match else (content, None)


def _is_expression(text: str) -> bool:
    try:
        ast.parse(text, mode="eval")
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return False
    return True


def _evaluate(expression: str, evaluate: Callable[[str], Any]) -> Any:
    try:
        return evaluate(expression)
    except Exception as failure:
        reason = f"{type(failure).__name__}: {failure}".splitlines()[0]
        raise MeshMagicError(
            f"{{{{{expression}}}}} cannot be put in: {reason}. "
            "Define it first, or keep the braces with --no-interpolate.",
            "interpolation",
        ) from failure


def _secret_notice(expression: str) -> Notice:
    return Notice(
        "secret",
        f"{{{{{expression}}}}} looks like a secret and is part of the prompt: take it out unless "
        "you mean to send it.",
    )


def _truncated_notice(expression: str, length: int, limit: int) -> Notice:
    return Notice(
        "truncated",
        f"{{{{{expression}}}}} has {length:,} characters; the first {limit:,} are sent. "
        f"Use {{{{{expression}!whole}}}} to send more.",
    )
