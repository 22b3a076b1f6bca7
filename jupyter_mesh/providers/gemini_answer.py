"""What Gemini answers, in OpenAI's words: parts, why it ended, what it used.

Source: `google.cloud.aiplatform.v1` (`Candidate`, `Part`, `LogprobsResult`, `UsageMetadata`).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import orjson

from ..errors import ProviderError, ProviderUnavailable
from ..outbound.faults import Faults
from ..schemas.frozen import frozen
from ..schemas.json import Json, JsonObject, as_int, as_list, as_object, as_str, dig
from ..schemas.spend import Usage

_MOST = 2**40
_REASONS = {"STOP": "stop", "MAX_TOKENS": "length", "OTHER": "stop"}
_BROKEN = frozenset(
    {
        "MALFORMED_FUNCTION_CALL", "UNEXPECTED_TOOL_CALL", "TOO_MANY_TOOL_CALLS",
        "MALFORMED_RESPONSE", "MISSING_THOUGHT_SIGNATURE",
    }
)  # fmt: skip
_BLOCKED = frozenset(
    {
        "SAFETY", "RECITATION", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII", "LANGUAGE", "JAILBREAK",
        "MODEL_ARMOR", "ESCALATION", "PUP_LIMITED_DISABLED", "IMAGE_SAFETY", "IMAGE_RECITATION",
        "IMAGE_PROHIBITED_CONTENT",
    }
)  # fmt: skip


@frozen
class Said:
    """A part of an answer. `text` are a call's arguments, as JSON."""

    kind: Literal["text", "thought", "call"]
    text: str
    name: str = ""
    signature: str | None = None


def parts_of(candidate: JsonObject) -> Iterator[Said]:
    """What a candidate says, in order."""
    content = candidate.get("content")  # looked into by hand: it is done for each word of a stream
    parts = content.get("parts") if isinstance(content, dict) else None
    for part in parts if isinstance(parts, list) else ():
        if not isinstance(part, dict):
            continue
        signature = as_str(part.get("thoughtSignature"))
        call = part.get("functionCall")
        if isinstance(call, dict):
            arguments = orjson.dumps(as_object(call.get("args")) or {}).decode()
            yield Said("call", arguments, as_str(call.get("name")) or "", signature)
            continue
        text = as_str(part.get("text")) or ""
        if text or signature:
            yield Said("thought" if part.get("thought") is True else "text", text, "", signature)


def extra_content(signature: str | None) -> JsonObject:
    """A thought signature as Google's OpenAI endpoint hands it out; empty where there is none."""
    return (
        {} if signature is None else {"extra_content": {"google": {"thought_signature": signature}}}
    )


def reason_of(word: str, *, called: bool, detail: Json, faults: Faults) -> str:
    """OpenAI's word for why a candidate ended.

    Args:
        word: Gemini's.
        called: Whether it asks for tools.
        detail: Its `finishMessage`.
        faults: To raise.

    Raises:
        ProviderError: It ended because what the model wrote is of no use.
    """
    if word in _BROKEN:
        raise _broken(word, as_str(detail) or "", faults)
    if word in _BLOCKED:
        return "content_filter"
    reason = _REASONS.get(word, "stop")
    return "tool_calls" if called and reason == "stop" else reason


def _broken(word: str, detail: str, faults: Faults) -> ProviderError:
    said = faults.scrub(f"{word}: {detail}" if detail else word)
    return ProviderUnavailable(
        f"{faults.who} got an answer from its model that cannot be used ({said}). Ask again; if it "
        "stays so, give the model fewer or simpler tools.",
        processed=True,
    )


def blocked(data: JsonObject) -> str | None:
    """Why the prompt was refused; None where it was not."""
    feedback = as_object(data.get("promptFeedback")) or {}
    reason = as_str(feedback.get("blockReason"))
    if reason is None:
        return None
    said = as_str(feedback.get("blockReasonMessage"))
    return said or f"Google blocked the prompt: {reason}."


def logprobs_of(candidate: JsonObject) -> Json:
    """OpenAI's `logprobs`; None where there are none."""
    chosen = as_list(dig(candidate.get("logprobsResult"), "chosenCandidates"))
    if not chosen:
        return None
    others = as_list(dig(candidate, "logprobsResult", "topCandidates")) or []
    content: list[Json] = []
    for place, token in enumerate(chosen):
        beside = as_list(dig(others, place, "candidates")) or []
        content.append({**_logprob(token), "top_logprobs": [_logprob(one) for one in beside]})
    return {"content": content, "refusal": None}


def _logprob(token: Json) -> JsonObject:
    text = as_str(dig(token, "token")) or ""
    return {
        "token": text,
        "logprob": dig(token, "logProbability") or 0.0,
        "bytes": [*text.encode()],
    }


def usage_from_gemini(metadata: Json) -> Usage | None:
    """Tokens by class; None where nothing is counted.

    Thoughts are not among the candidates' tokens, and what server-side tools fed the model is not
    among the prompt's: both are charged with them. Classes do not overlap, so that sound from the
    cache is cached, and no sound besides.
    """
    counts = as_object(metadata) or {}
    read = _count(counts, "promptTokenCount") + _count(counts, "toolUsePromptTokenCount")
    thought = _count(counts, "thoughtsTokenCount")
    written = _count(counts, "candidatesTokenCount") + thought
    if not read and not written:
        return None
    cached = min(_count(counts, "cachedContentTokenCount"), read)
    fresh = read - cached
    audio = min(_fresh(counts, "AUDIO"), fresh)
    return Usage(
        input=read,
        output=written,
        cache_read=cached,
        reasoning=thought,
        input_audio=audio,
        input_image=min(_fresh(counts, "IMAGE"), fresh - audio),
        output_audio=min(
            _of_modality(counts, "candidatesTokensDetails", "AUDIO"), written - thought
        ),
    )


def _fresh(counts: JsonObject, modality: str) -> int:
    read = _of_modality(counts, "promptTokensDetails", modality)
    return max(0, read - _of_modality(counts, "cacheTokensDetails", modality))


def _of_modality(counts: JsonObject, details: str, modality: str) -> int:
    return sum(
        _count(as_object(one) or {}, "tokenCount")
        for one in as_list(counts.get(details)) or []
        if dig(one, "modality") == modality
    )


def _count(holder: JsonObject, name: str) -> int:
    value = as_int(holder.get(name)) or 0
    return value if 0 <= value <= _MOST else 0
