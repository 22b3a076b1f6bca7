"""What must not stand in an error message: keys, the text of a prompt, control characters."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import groupby
from operator import itemgetter

from ..spi.scrubbing import pattern_of

MAX_MESSAGE = 400
"""Characters of an upstream's message that are passed on."""

_KEY_SHAPES = re.compile(
    r"(?i:bearer|basic)\s+[\w.~+/=*…-]{4,}"
    r"|\b(?:sk|pk|rk|gsk|xai|nvapi|pplx|csk|tgp|fw|key)[-_][\w*.…-]{6,}"
    r"|\b(?:hf_|gh[pousr]_|glpat-|AIza|AKIA|ASIA)[\w*.…-]{6,}"
    r"|\beyJ[\w-]{8,}\.[\w.*…-]{8,}"
    r"|(?<=://)[^\s/@]{1,256}(?=@)"
)
"""Keys as vendors write them, also with a masked middle; `user:password` in URLs."""

_MOST_READ = 64 * 1024
"""Characters of an upstream's message that are looked at."""

_SHORTEST_QUOTE = 24
"""Characters of a prompt that count as quoting it; a shorter prompt counts when quoted whole."""

_SHORTEST_PROMPT = 8
"""A prompt that says less is not recognised: `hello` may stand in any message."""

_PROBE = _SHORTEST_QUOTE // 2
"""Every run of `_SHORTEST_QUOTE` characters of a prompt holds one whole probe, as they are taken
at multiples of their own length.
"""
_MOST_RUNS = 1_000
"""Runs that are followed up before a message counts as a quote from end to end."""


def scrub(message: str, secrets: Iterable[str] = (), prompts: Iterable[str] = ()) -> str:
    """`message` in one line of bounded length, without keys and without passages of `prompts`.

    Args:
        message: What an upstream or a library said.
        secrets: Values that must not appear, in whatever shape or encoding; but for those under six
            characters, which would blank out ordinary words.
        prompts: Texts of the request; they, and runs of 24 or more characters of them, are left
            out.
    """
    message = message[:_MOST_READ]
    if (known := pattern_of(frozenset(secrets))) is not None:
        message = known.sub("[secret]", message)
    message = _KEY_SHAPES.sub("[secret]", message[: 4 * MAX_MESSAGE])
    texts = list(prompts)
    message = _without_quotes(message, texts)
    for text in texts:
        if _SHORTEST_PROMPT <= len(text) < _SHORTEST_QUOTE:
            message = message.replace(text, "[prompt]")
    message = " ".join("".join(c if c.isprintable() else " " for c in message).split())
    return message if len(message) <= MAX_MESSAGE else message[: MAX_MESSAGE - 1] + "…"


def _without_quotes(message: str, texts: Iterable[str]) -> str:
    """Replace what `message` quotes of `texts`, in one pass over them, however long they are."""
    quoted = bytearray(len(message))  # 1 where a character belongs to a quote
    places = _probes(message, quoted)
    runs = 0
    for text in texts:
        for start in range(0, len(text) - _PROBE + 1, _PROBE):
            for place in places.get(text[start : start + _PROBE], ()):
                runs += 1
                if runs > _MOST_RUNS:
                    return "[prompt]"
                left, right = _run(message, place, text, start)
                if right - left >= _SHORTEST_QUOTE:
                    quoted[left:right] = b"\x01" * (right - left)
                    places = _probes(message, quoted)
                    break
    return _without(message, quoted)


def _probes(message: str, quoted: bytearray) -> dict[str, list[int]]:
    """Where each piece of `message` as long as a probe stands, but for those quoted already."""
    places: dict[str, list[int]] = {}
    for place in range(len(message) - _PROBE + 1):
        if not all(quoted[place : place + _PROBE]):
            places.setdefault(message[place : place + _PROBE], []).append(place)
    return places


def _run(message: str, place: int, text: str, start: int) -> tuple[int, int]:
    """The longest run around `place` of `message` that stands in `text` around `start`."""
    before = 0
    while before < min(place, start) and message[place - before - 1] == text[start - before - 1]:
        before += 1
    after = _PROBE
    longest = min(len(message) - place, len(text) - start)
    while after < longest and message[place + after] == text[start + after]:
        after += 1
    return place - before, place + after


def _without(message: str, quoted: bytearray) -> str:
    pieces = groupby(zip(message, quoted, strict=True), key=itemgetter(1))
    return "".join(
        "[prompt]" if is_quote else "".join(character for character, _ in piece)
        for is_quote, piece in pieces
    )
