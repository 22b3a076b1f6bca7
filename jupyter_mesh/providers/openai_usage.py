"""Tokens by class from the `usage` objects that OpenAI and those who copy its format send.

Format: OpenAI API reference, `CompletionUsage`; Responses-style names (`input_tokens`) are read
too.
"""

from __future__ import annotations

from ..schemas.json import JsonObject
from ..schemas.spend import Usage

_MOST = 2**40
"""No call has more tokens than that: a larger number is an error of the sender, not a bill."""
_OF_ANTHROPIC = ("cache_read_input_tokens", "cache_creation_input_tokens")


def usage_from_openai(usage: JsonObject) -> Usage | None:
    """Tokens by class; None when the object reports nothing.

    Some vendors leave thinking tokens out of `completion_tokens` and count them only in
    `total_tokens`; they are billed as output, so what the total has more is added there. Of a cache
    some tell in Anthropic's words, within the prompt or beside it: what is more than the prompt
    stood beside it. Classes never exceed their parent.
    """
    read = _count(usage, "prompt_tokens") or _count(usage, "input_tokens")
    written = _count(usage, "completion_tokens") or _count(usage, "output_tokens")
    total = _count(usage, "total_tokens")
    if not read and not written:
        read = total
    written = max(written, total - read)
    if not read and not written:
        return None
    into = _details(usage, "prompt_tokens_details", "input_tokens_details")
    out = _details(usage, "completion_tokens_details", "output_tokens_details")
    cached = _count(usage, "prompt_cache_hit_tokens") or _count(usage, "cached_tokens")
    hit, kept = (_count(usage, name) for name in _OF_ANTHROPIC)
    thought = _count(usage, "reasoning_tokens")  # Databricks says it beside the others
    if not into and not out and not cached and not hit and not kept and not thought:
        return Usage(input=read, output=written)
    if hit + kept > read:
        read += hit + kept
    left = read
    left -= (cache_read := min(cached or _count(into, "cached_tokens") or hit, left))
    left -= (cache_write := min(_count(into, "cache_write_tokens") or kept, left))
    left -= (input_audio := min(_count(into, "audio_tokens"), left))
    reasoning = min(_count(out, "reasoning_tokens") or thought, written)
    return Usage(
        input=read,
        output=written,
        cache_read=cache_read,
        cache_write=cache_write,
        cache_write_1h=min(_count(into, "cache_write_1h_tokens"), cache_write),
        reasoning=reasoning,
        input_audio=input_audio,
        output_audio=min(_count(out, "audio_tokens"), written - reasoning),
        input_image=min(_count(into, "image_tokens"), left),
    )


def _details(usage: JsonObject, *names: str) -> JsonObject:
    for name in names:
        if isinstance(details := usage.get(name), dict):
            return details
    return {}


def _count(holder: JsonObject, name: str) -> int:
    value = holder.get(name)
    if value is None:
        return 0
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool):
        return 0
    return value if 0 <= value <= _MOST else 0
