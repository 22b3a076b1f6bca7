"""Tokens by class from the `usage` objects that OpenAI and those who copy its format send.

Format: OpenAI API reference, `CompletionUsage`; Responses-style names (`input_tokens`) are read too.
"""

from __future__ import annotations

from ..schemas.json import JsonObject, as_int, dig
from ..schemas.spend import Usage

_MOST = 2**40
"""No call has more tokens than that: a larger number is an error of the sender, not a bill."""


def usage_from_openai(usage: JsonObject) -> Usage | None:
    """Tokens by class; None when the object reports nothing.

    Some vendors leave thinking tokens out of `completion_tokens` and count them only in `total_tokens`;
    they are billed as output, so what the total has more is added there. Classes never exceed their parent.
    """
    read = _count(usage, "prompt_tokens") or _count(usage, "input_tokens")
    written = _count(usage, "completion_tokens") or _count(usage, "output_tokens")
    total = _count(usage, "total_tokens")
    if not read and not written:
        read = total
    written = max(written, total - read)
    if not read and not written:
        return None
    cached = _count(usage, "prompt_cache_hit_tokens") or _detail(usage, "cached_tokens")
    left = read
    left -= (cache_read := min(cached, left))
    left -= (cache_write := min(_detail(usage, "cache_write_tokens"), left))
    left -= (input_audio := min(_detail(usage, "audio_tokens"), left))
    input_image = min(_detail(usage, "image_tokens"), left)
    reasoning = min(_detail(usage, "reasoning_tokens", output=True), written)
    output_audio = min(_detail(usage, "audio_tokens", output=True), written - reasoning)
    return Usage(
        input=read,
        output=written,
        cache_read=cache_read,
        cache_write=cache_write,
        reasoning=reasoning,
        input_audio=input_audio,
        output_audio=output_audio,
        input_image=input_image,
    )


def _detail(usage: JsonObject, name: str, *, output: bool = False) -> int:
    holders = (
        ("completion_tokens_details", "output_tokens_details")
        if output
        else ("prompt_tokens_details", "input_tokens_details")
    )
    return next((count for holder in holders if (count := _count(usage, holder, name))), 0)


def _count(usage: JsonObject, *path: str) -> int:
    value = dig(usage, *path)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    number = as_int(value)
    return number if number is not None and 0 <= number <= _MOST else 0
