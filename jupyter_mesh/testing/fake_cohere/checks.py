"""What the real server refuses."""

from __future__ import annotations

from collections.abc import Collection

from ...schemas.json import Json, JsonObject, as_list, as_object, dig
from ..fake_upstream.dialect import Refusal

_CHAT = frozenset(
    {
        "model", "messages", "tools", "strict_tools", "documents", "citation_options",
        "response_format", "safety_mode", "max_tokens", "stop_sequences", "temperature", "seed",
        "frequency_penalty", "presence_penalty", "k", "p", "logprobs", "tool_choice", "thinking",
        "priority", "stream",
    }
)  # fmt: skip
_EMBED = frozenset(
    {
        "model", "input_type", "texts", "images", "inputs", "max_tokens", "output_dimension",
        "embedding_types", "truncate", "priority",
    }
)  # fmt: skip
_RERANK = frozenset(
    {
        "model", "query", "documents", "top_n", "max_tokens_per_doc", "relevant_spans", "priority",
    }
)  # fmt: skip
_INPUT_TYPES = ("search_document", "search_query", "classification", "clustering", "image")
_TYPES = ("float", "int8", "uint8", "binary", "ubinary", "base64")
_MOST_TEXTS = 96


def check_chat(body: JsonObject) -> None:
    """Refuse a request of `/v2/chat` that is not as Cohere wants it.

    Raises:
        Refusal: It is not.
    """
    _check_names(body, _CHAT)
    messages = as_list(body.get("messages"))
    if not messages:
        raise Refusal(400, "invalid request: messages must not be empty.")
    asked: set[Json] = set()
    for message in messages:
        match dig(message, "role"):
            case "system":
                pass
            case "user":
                if not dig(message, "content"):
                    raise Refusal(400, "invalid request: message must have non-empty content.")
            case "assistant":
                calls = as_list(dig(message, "tool_calls")) or []
                if not calls and dig(message, "content") in (None, "", []):
                    raise Refusal(400, "invalid request: assistant message must have content.")
                asked |= {str(dig(call, "id")) for call in calls}
            case "tool":
                if dig(message, "tool_call_id") not in asked:
                    raise Refusal(400, "invalid request: tool_call_id is of no tool call.")
                if not dig(message, "content"):
                    raise Refusal(400, "invalid request: tool message must have content.")
            case role:
                raise Refusal(422, f"invalid role: {role}")
    if body.get("tool_choice") not in (None, "REQUIRED", "NONE"):
        raise Refusal(422, "invalid tool_choice: must be REQUIRED or NONE.")
    if body.get("tool_choice") is not None and not body.get("tools"):
        raise Refusal(400, "invalid request: tool_choice is set but there are no tools.")
    if dig(body, "response_format", "type") not in (None, "text", "json_object"):
        raise Refusal(422, "invalid response_format type.")


def check_embed(body: JsonObject) -> None:
    """As `check_chat`, of `/v2/embed`."""
    _check_names(body, _EMBED)
    if body.get("input_type") not in _INPUT_TYPES:
        raise Refusal(400, "invalid request: valid input_type must be provided.")
    if len(as_list(body.get("texts")) or []) > _MOST_TEXTS:
        raise Refusal(400, "invalid request: total number of texts must be at most 96.")
    for one in as_list(body.get("embedding_types")) or []:
        if one not in _TYPES:
            raise Refusal(400, f"invalid embedding type: {one}")


def check_rerank(body: JsonObject) -> None:
    """As `check_chat`, of `/v2/rerank`."""
    _check_names(body, _RERANK)
    documents = as_list(body.get("documents"))
    if not documents or not all(isinstance(one, str) for one in documents):
        raise Refusal(400, "invalid request: documents must be strings.")
    if as_object(body) and not body.get("query"):
        raise Refusal(400, "invalid request: query must not be empty.")


def _check_names(body: JsonObject, known: Collection[str]) -> None:
    for name in body:
        if name not in known:
            raise Refusal(422, f"unknown field: parameter '{name}' is not a valid field")
