"""What must not stand in an error message: keys, the text of a prompt, control characters."""

from __future__ import annotations

import re
from collections.abc import Iterable

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

_SHORTEST_SECRET = 4
"""Replacing every occurrence of a shorter "secret" would hide the message and protect nothing."""

_SHORTEST_QUOTE = 24
"""Characters of a prompt that count as quoting it; a shorter prompt counts when quoted whole."""

_SHORTEST_PROMPT = 8
"""A prompt that says less is not recognised: `hello` may stand in any message."""


def scrub(message: str, secrets: Iterable[str] = (), prompts: Iterable[str] = ()) -> str:
    """`message` in one line of bounded length, without keys and without passages of `prompts`.

    Args:
        message: What an upstream or a library said.
        secrets: Values that must not appear, whatever their shape.
        prompts: Texts of the request; they, and runs of 24 or more characters of them, are left
            out.
    """
    for secret in sorted(secrets, key=len, reverse=True):
        if len(secret) >= _SHORTEST_SECRET:
            message = message.replace(secret, "[secret]")
    message = _KEY_SHAPES.sub("[secret]", message[: 4 * MAX_MESSAGE])
    texts = list(prompts)
    message = _without_quotes(message, "\n".join(texts))
    for text in texts:
        if _SHORTEST_PROMPT <= len(text) < _SHORTEST_QUOTE:
            message = message.replace(text, "[prompt]")
    message = " ".join("".join(c if c.isprintable() else " " for c in message).split())
    return message if len(message) <= MAX_MESSAGE else message[: MAX_MESSAGE - 1] + "…"


def _without_quotes(message: str, prompt: str) -> str:
    """Replace what `message` quotes of `prompt`.

    Every run of 24 characters holds one of the probes of 12 that start at a multiple of 12; each
    probe found is grown to the whole run.
    """
    step = _SHORTEST_QUOTE // 2
    if len(prompt) < _SHORTEST_QUOTE:
        return message
    kept, end, start = "", 0, 0
    while start + step <= len(message):
        if message[start : start + step] not in prompt:
            start += step
            continue
        left, right = start, start + step
        while left > end and message[left - 1 : right] in prompt:
            left -= 1
        while right < len(message) and message[left : right + 1] in prompt:
            right += 1
        if right - left >= _SHORTEST_QUOTE:
            kept, end = f"{kept}{message[end:left]}[prompt]", right
        start = max(right, start + step)
    return kept + message[end:]
