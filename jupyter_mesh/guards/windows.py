"""Long texts in overlapping windows, cut between words."""

from __future__ import annotations


def windows(text: str, size: int, overlap: int) -> list[str]:
    """Pieces of at most `size` characters that cover `text`; each begins with the last `overlap` of
    the one before.
    """
    return [piece for _, piece in placed_windows(text, size, overlap)]


def placed_windows(text: str, size: int, overlap: int) -> list[tuple[int, str]]:
    """The same, each with the place in `text` where it begins."""
    found: list[tuple[int, str]] = []
    start = 0
    while len(text) - start > size:
        end = text.rfind(" ", start + size - size // 4, start + size)
        end = start + size if end < 0 else end
        found.append((start, text[start:end]))
        start = max(start + 1, end - overlap)
    return [*found, (start, text[start:])]
