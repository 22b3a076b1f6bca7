"""What Cohere answers, in OpenAI's words: why it ended, how likely its words were, what it used.

Source: Cohere API reference, v2, and "How does Cohere's pricing work": charged are the billed
units, which leave out what Cohere itself adds to a prompt.
"""

from __future__ import annotations

from collections.abc import Iterable

from ..errors import ProviderTimeout, ProviderUnavailable
from ..outbound.faults import Faults
from ..schemas.json import Json, JsonObject, as_list, as_object, as_str, dig
from ..schemas.spend import Usage

_MOST = 2**40
_REASONS = {
    "COMPLETE": "stop",
    "STOP_SEQUENCE": "stop",
    "MAX_TOKENS": "length",
    "TOOL_CALL": "tool_calls",
}


def reason_of(word: str, detail: Json, faults: Faults) -> str:
    """OpenAI's word for why an answer ended.

    Args:
        word: Cohere's.
        detail: What it says of an error.
        faults: To raise.

    Raises:
        ProviderError: It ended by an error.
    """
    said = faults.scrub(as_str(detail) or "")
    because = f": {said}" if said else ""
    if word == "TIMEOUT":
        raise ProviderTimeout(
            f"{faults.who} ran out of time in the middle of its answer{because}. Try again.",
            processed=True,
        )
    if word.startswith("ERROR"):
        raise ProviderUnavailable(
            f"{faults.who} failed in the middle of its answer{because}. Try again.",
            processed=True,
        )
    return _REASONS.get(word, "stop")


def logprobs_of(items: Iterable[Json]) -> Json:
    """OpenAI's `logprobs` of Cohere's; None where there are none.

    Cohere tells of pieces of text, some of which are several tokens: their likelihoods are
    multiplied.
    """
    content: list[Json] = []
    for item in items:
        numbers = [
            one for one in as_list(dig(item, "logprobs")) or [] if isinstance(one, float | int)
        ]
        text = as_str(dig(item, "text")) or ""
        if numbers:
            content.append(
                {
                    "token": text,
                    "logprob": float(sum(numbers)),
                    "bytes": [*text.encode()],
                    "top_logprobs": [],
                }
            )
    return {"content": content, "refusal": None} if content else None


def usage_from_cohere(reported: Json) -> Usage | None:
    """Tokens from `usage` of a chat or `meta` of anything else; None where none are counted."""
    fields = as_object(reported) or {}
    billed = as_object(fields.get("billed_units")) or {}
    counted = as_object(fields.get("tokens")) or {}
    charged = billed if _counts_tokens(billed) else counted
    if not _counts_tokens(charged):
        return None
    read = _count(charged, "input_tokens") + _count(charged, "image_tokens")
    return Usage(
        input=read,
        output=_count(charged, "output_tokens"),
        cache_read=min(_count(fields, "cached_tokens"), read),
        input_image=_count(charged, "image_tokens"),
    )


def searches_of(meta: Json) -> int:
    """As how many searches a ranking is charged; at least one."""
    units = as_object(dig(meta, "billed_units")) or {}
    return max(1, _count(units, "search_units"))


def _counts_tokens(units: JsonObject) -> bool:
    return any(units.get(name) is not None for name in ("input_tokens", "output_tokens"))


def _count(holder: JsonObject, name: str) -> int:
    """A number of tokens; Cohere's types have them as floats."""
    value = holder.get(name)
    if not isinstance(value, int | float) or isinstance(value, bool):
        return 0
    return int(value) if 0 <= value <= _MOST else 0
