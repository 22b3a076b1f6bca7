"""What Converse refuses, as far as it can be seen from outside."""

from __future__ import annotations

from ...schemas.json import JsonObject, as_list, as_object, as_str, dig
from ..fake_upstream.dialect import Refusal

_FIELDS = frozenset(
    {
        "messages", "system", "inferenceConfig", "toolConfig", "guardrailConfig", "outputConfig",
        "additionalModelRequestFields", "promptVariables", "additionalModelResponseFieldPaths",
        "requestMetadata", "performanceConfig", "serviceTier",
    }
)  # fmt: skip
_OF_INFERENCE = frozenset({"maxTokens", "temperature", "topP", "stopSequences"})


def check_converse(body: JsonObject) -> None:
    """Refuse a request that Bedrock would.

    Raises:
        Refusal: In Bedrock's words.
    """
    inference = as_object(body.get("inferenceConfig")) or {}
    if extra := (body.keys() - _FIELDS) | (inference.keys() - _OF_INFERENCE):
        raise Refusal(400, f"Malformed input request: unknown field {min(extra)}.")
    messages = [as_object(one) or {} for one in as_list(body.get("messages")) or []]
    if not messages or messages[0].get("role") != "user":
        raise Refusal(400, "A conversation must start with a user message.")
    asked: set[str] = set()
    before: str | None = None
    for message in messages:
        role = as_str(message.get("role"))
        if role == before:
            raise Refusal(400, "A conversation must alternate between user and assistant roles.")
        before = role
        asked = _check_blocks(message, asked)
        if asked and "toolConfig" not in body:
            raise Refusal(400, "The toolConfig field must be defined when using toolUse blocks.")


def _check_blocks(message: JsonObject, asked: set[str]) -> set[str]:
    """Check a message's blocks; the ids of the tool calls in it."""
    blocks = [as_object(one) or {} for one in as_list(message.get("content")) or []]
    if not blocks:
        raise Refusal(400, "The content field in the Message object is empty.")
    answered: set[str] = set()
    calls: set[str] = set()
    for block in blocks:
        text = block.get("text")
        if isinstance(text, str) and not text.strip():
            raise Refusal(400, "The text field in the ContentBlock object is blank.")
        if (called := as_str(dig(block, "toolUse", "toolUseId"))) is not None:
            calls.add(called)
        if (told := as_str(dig(block, "toolResult", "toolUseId"))) is not None:
            answered.add(told)
    if asked != answered:
        raise Refusal(400, "Expected toolResult blocks for the ids of the toolUse blocks before.")
    return calls
