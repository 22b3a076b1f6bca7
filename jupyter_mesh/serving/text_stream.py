"""From tokens to text, piece by piece: whole characters only, and nothing past a stop string."""

from __future__ import annotations

from collections.abc import Callable, Sequence

_REPLACEMENT = "\ufffd"
_UNFINISHED = 3
"""Tokens that the start of a UTF-8 character (at most 3 of its 4 bytes) may be spread over."""


class Detokenizer:
    """Decodes tokens as they come; the pieces add up to what decoding all of them at once gives.

    A token may end in the middle of a character; its text is held back until the rest has come.
    A few tokens before the new ones are decoded with them, since a token's text may depend on its
    neighbour (a leading space, a joined word).
    """

    def __init__(self, decode: Callable[[Sequence[int]], str]) -> None:
        self._decode = decode
        self._ids: list[int] = []
        self._context = 0
        self._shown = 0

    def add(self, token: int) -> str:
        """The text that `token` completes; empty while a character is unfinished."""
        self._ids.append(token)
        text = self._pending()
        if not text.endswith(_REPLACEMENT):
            return self._show(text, len(self._ids)) if text else ""
        if len(self._ids) - self._shown <= _UNFINISHED:
            return ""
        return self._show_all_but_the_end(text)

    def end(self) -> str:
        """What was held back, without the character that never came to its end."""
        return self._pending().rstrip(_REPLACEMENT)

    def _pending(self) -> str:
        shown = self._decode(self._ids[self._context : self._shown])
        return self._decode(self._ids[self._context :])[len(shown) :]

    def _show(self, text: str, until: int) -> str:
        self._context, self._shown = self._shown, until
        return text

    def _show_all_but_the_end(self, text: str) -> str:
        """Bytes that are no UTF-8 were written: show them, but keep a character that may follow."""
        new = self._ids[self._shown :]
        for kept in range(_UNFINISHED, 0, -1):
            head, tail = self._decode(new[:-kept]), self._decode(new[-kept:])
            if head + tail == text:
                return self._show(head, len(self._ids) - kept)
        return self._show(text, len(self._ids))


class StopStrings:
    """Lets text through up to the first stop string; holds back what may become one."""

    def __init__(self, stops: Sequence[str]) -> None:
        self._stops = tuple(stop for stop in stops if stop)
        self._held = ""

    def add(self, text: str) -> tuple[str, bool]:
        """The text that may be shown now, and whether a stop string has come."""
        self._held += text
        found = [at for stop in self._stops if (at := self._held.find(stop)) >= 0]
        if found:
            shown, self._held = self._held[: min(found)], ""
            return shown, True
        keep = max((_overlap(self._held, stop) for stop in self._stops), default=0)
        cut = len(self._held) - keep
        shown, self._held = self._held[:cut], self._held[cut:]
        return shown, False

    def end(self) -> str:
        """What was held back for a stop string that did not come."""
        held, self._held = self._held, ""
        return held


def _overlap(text: str, stop: str) -> int:
    """Length of the longest end of `text` that `stop` begins with."""
    longest = min(len(text), len(stop) - 1)
    return next((size for size in range(longest, 0, -1) if text.endswith(stop[:size])), 0)
