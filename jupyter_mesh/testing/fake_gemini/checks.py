"""What the real server refuses: names it does not know, calls without results or signatures."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from itertools import pairwise

from ...schemas.json import Json, JsonObject, as_list, as_object, dig
from ..fake_upstream.dialect import Refusal

_BODY = frozenset(
    {
        "contents", "systemInstruction", "tools", "toolConfig", "generationConfig", "labels",
        "safetySettings", "cachedContent", "modelArmorConfig",
    }
)  # fmt: skip
_GENERATION = frozenset(
    {
        "temperature", "topP", "topK", "candidateCount", "maxOutputTokens", "stopSequences",
        "responseLogprobs", "logprobs", "presencePenalty", "frequencyPenalty", "seed",
        "responseMimeType", "responseSchema", "responseJsonSchema", "responseModalities",
        "thinkingConfig", "mediaResolution", "routingConfig", "audioTimestamp", "speechConfig",
    }
)  # fmt: skip
_PART = frozenset(
    {
        "text", "inlineData", "fileData", "functionCall", "functionResponse", "thought",
        "thoughtSignature", "videoMetadata", "executableCode", "codeExecutionResult",
        "mediaResolution",
    }
)  # fmt: skip
_CALL = frozenset({"name", "args", "partialArgs", "willContinue"})
_RESPONSE = frozenset({"name", "response", "parts"})
_SIGNED = re.compile(r"gemini-[3-9]")


def check_request(body: JsonObject, version: str, model: str) -> None:
    """Refuse what the real server refuses.

    Raises:
        Refusal: With the real server's words, where they are known.
    """
    _check_names(body, _BODY, "")
    _check_names(as_object(body.get("generationConfig")) or {}, _GENERATION, "generation_config")
    contents = as_list(body.get("contents"))
    if not contents:
        raise Refusal(400, "At least one contents field is required.")
    for content in contents:
        if dig(content, "role") not in ("user", "model", None):
            raise Refusal(400, "Please use a valid role: user, model.")
        if not as_list(dig(content, "parts")):
            raise Refusal(400, "Unable to submit request because it must have at least one parts.")
        for part in as_list(dig(content, "parts")) or []:
            _check_part(as_object(part) or {}, more=frozenset({"id"} if version != "v1" else ()))
    _check_results(contents)
    if _SIGNED.match(model):
        _check_signatures(contents)


def _check_part(part: JsonObject, more: Collection[str]) -> None:
    _check_names(part, _PART, "contents.parts")
    call, response = as_object(part.get("functionCall")), as_object(part.get("functionResponse"))
    if call is not None:
        _check_names(call, {*_CALL, *more}, "contents.parts.function_call")
    if response is not None:
        _check_names(response, {*_RESPONSE, *more}, "contents.parts.function_response")
        if as_object(response.get("response")) is None:
            raise Refusal(400, "Invalid value at 'function_response.response' (Struct).")
    for name in ("inlineData", "fileData"):
        media = as_object(part.get(name))
        if media is not None and not media.get("mimeType"):
            raise Refusal(400, f"Unable to submit request: {name} must have a mimeType.")


def _check_names(held: Mapping[str, Json], known: Collection[str], where: str) -> None:
    for name in held:
        if name not in known:
            place = f" at '{where}'" if where else ""
            raise Refusal(
                400,
                f'Invalid JSON payload received. Unknown name "{name}"{place}: Cannot find field.',
            )


def _check_results(contents: list[Json]) -> None:
    for before, after in pairwise(contents):
        calls = _names(before, "functionCall")
        results = _names(after, "functionResponse")
        if (calls or results) and sorted(calls) != sorted(results):
            raise Refusal(
                400,
                "Please ensure that the number of function response parts is equal to the number "
                "of function call parts of the function call turn.",
            )


def _check_signatures(contents: list[Json]) -> None:
    """The first call of each step since the user last spoke has a signature."""
    spoke = [
        place
        for place, content in enumerate(contents)
        if dig(content, "role") == "user" and not _names(content, "functionResponse")
    ]
    for content in contents[max(spoke, default=0) :]:
        calls = [p for p in as_list(dig(content, "parts")) or [] if dig(p, "functionCall")]
        if calls and not dig(calls[0], "thoughtSignature"):
            name = dig(calls[0], "functionCall", "name")
            raise Refusal(400, f"Function call `{name}` is missing a `thought_signature`.")


def _names(content: Json, kind: str) -> list[str]:
    parts = as_list(dig(content, "parts")) or []
    return [str(dig(part, kind, "name")) for part in parts if dig(part, kind) is not None]
