"""`{{…}}` in a text, replaced once: what a value holds is never looked at again."""

from __future__ import annotations

from collections.abc import Callable, Iterator


def fill(
    template: str,
    replace: Callable[[str], str | None],
    unknown: Callable[[str], None],
) -> str:
    """`template` with every `{{content}}` replaced; single braces stay as they are.

    Content stands on one line and may hold braces itself: it ends at the first `}}` for which
    `replace` knows a value. Of three opening braces the first is plain text.

    Args:
        template: The text.
        replace: Gets the stripped content; None means that this is not a whole content.
        unknown: Told about a place that stays as it is because `replace` knows no value for it.
    """
    pieces: list[str] = []
    at = 0
    while (start := _opening(template, at)) >= 0:
        for end in _closings(template, start):
            value = replace(template[start:end].strip())
            if value is not None:
                pieces.extend((template[at : start - 2], value))
                at = end + 2
                break
        else:
            if (end := next(_closings(template, start), None)) is not None:
                unknown(template[start:end].strip())
            pieces.append(template[at:start])
            at = start
    pieces.append(template[at:])
    return "".join(pieces)


def _opening(template: str, at: int) -> int:
    """Where the next content begins, behind its braces; -1 when there is none."""
    start = template.find("{{", at)
    if start < 0:
        return -1
    while template.startswith("{", start + 2):
        start += 1
    return start + 2


def _closings(template: str, start: int) -> Iterator[int]:
    """Where content that begins at `start` may end: at each `}}` of the same line."""
    line_end = template.find("\n", start)
    line_end = len(template) if line_end < 0 else line_end
    end = start
    while (end := template.find("}}", end, line_end)) >= 0:
        if not template[start:end].strip():
            return
        yield end
        end += 1
