"""Requests in Cohere's words: chat, vectors, rankings.

Source: Cohere API reference, v2 (chat, embed, rerank), and the types of its client, `cohere` 7.
"""

from __future__ import annotations

import yaml

from ..errors import InvalidRequest, UnsupportedParameter
from ..schemas.json import Json, JsonObject, as_list, as_object, as_str
from ..schemas.request import Request
from .cohere_messages import messages_of
from .conversation import conversation, stop_sequences, tool_choice, tools, wanted_shape
from .parameters import take
from .remote_config import Unsupported

_OF_COHERE = ("documents", "citation_options", "safety_mode", "strict_tools", "priority", "k", "p")
_CHAT_NAMES = {
    "temperature": "temperature",
    "seed": "seed",
    "presence_penalty": "presence_penalty",
    "frequency_penalty": "frequency_penalty",
    "top_p": "p",
    "top_k": "k",
    "thinking": "thinking",
    **{name: name for name in _OF_COHERE},
}
_CHAT_READ = frozenset(
    {
        "max_tokens", "max_completion_tokens", "stop", "tools", "functions", "tool_choice",
        "function_call", "response_format", "reasoning_effort", "logprobs",
    }
)  # fmt: skip
_BUDGETS = {"minimal": 1_024, "low": 1_024, "medium": 8_192}
"""Tokens to think with; for more effort the model's own limit holds."""

_EMBED_NAMES = {
    "dimensions": "output_dimension",
    "truncate": "truncate",
    "priority": "priority",
    "max_tokens": "max_tokens",
}
_EMBED_READ = frozenset({"encoding_format", "input_type", "embedding_types"})
_RERANK_NAMES = {
    "query": "query",
    "top_n": "top_n",
    "max_tokens_per_doc": "max_tokens_per_doc",
    "priority": "priority",
}
_RERANK_READ = frozenset({"documents", "return_documents"})
MOST_TEXTS = 96
"""To embed in one call."""

Sent = tuple[JsonObject, tuple[str, ...]]
"""A body, and the parameters that were left out."""


def chat_body(request: Request, model: str, *, unsupported: Unsupported, who: str) -> Sent:
    """The body of `/v2/chat`, without `stream`.

    Raises:
        UnsupportedParameter: It asks for what Cohere cannot do.
        InvalidRequest: A part of it is not of OpenAI's shape.
    """
    body = request.body
    taken, dropped = take(body, _CHAT_NAMES, read=_CHAT_READ, unsupported=unsupported, who=who)
    sent: JsonObject = {
        "model": model,
        "messages": messages_of(conversation(body)),
        **taken,
        **_tools(body),
    }
    if request.max_tokens is not None:
        sent["max_tokens"] = request.max_tokens
    if stop := stop_sequences(body):
        sent["stop_sequences"] = [*stop]
    if body.get("logprobs") is True:
        sent["logprobs"] = True
    if (shape := wanted_shape(body)) is not None:
        schema: JsonObject = {} if shape.schema is None else {"json_schema": shape.schema}
        sent["response_format"] = {"type": "json_object", **schema}
    if "thinking" not in taken and (thinking := _thinking(body)) is not None:
        sent["thinking"] = thinking
    return sent, dropped


def _tools(body: JsonObject) -> JsonObject:
    """Tools; that of one tool only is put as having no other, as Cohere names none."""
    offered, choice = tools(body), tool_choice(body)
    if choice is not None and choice.kind == "tool":
        offered = tuple(tool for tool in offered if tool.name == choice.name)
        if not offered:
            raise InvalidRequest("`tool_choice` names no tool of `tools`.", param="tool_choice")
    if not offered:
        return {}
    declared: list[Json] = []
    for tool in offered:
        function: JsonObject = {"name": tool.name, "parameters": tool.schema}
        if tool.description:
            function["description"] = tool.description
        declared.append({"type": "function", "function": function})
    sent: JsonObject = {"tools": declared}
    if any(tool.strict for tool in offered):
        sent["strict_tools"] = True
    if choice is not None and choice.kind != "auto":
        sent["tool_choice"] = "NONE" if choice.kind == "none" else "REQUIRED"
    return sent


def _thinking(body: JsonObject) -> JsonObject | None:
    effort = body.get("reasoning_effort")
    if not isinstance(effort, str):
        return None
    if effort == "none":
        return {"type": "disabled"}
    budget = _BUDGETS.get(effort)
    return {"type": "enabled"} if budget is None else {"type": "enabled", "token_budget": budget}


def embed_body(
    request: Request, model: str, *, input_type: str, unsupported: Unsupported, who: str
) -> Sent:
    """The body of `/v2/embed`.

    Raises:
        InvalidRequest: The input is token numbers.
        UnsupportedParameter: It asks for what Cohere cannot do.
    """
    request.require_text()
    body = request.body
    taken, dropped = take(body, _EMBED_NAMES, read=_EMBED_READ, unsupported=unsupported, who=who)
    value = body.get("input")
    sent: JsonObject = {
        "model": model,
        "input_type": as_str(body.get("input_type")) or input_type,
        "texts": [one for one in as_list(value) or [value] if isinstance(one, str)],
        "embedding_types": [embedding_type(body)],
    }
    return {**sent, **taken}, dropped


def embedding_type(body: JsonObject) -> str:
    """The one type of vectors that a request asks for.

    Raises:
        UnsupportedParameter: It asks for several, and an answer of OpenAI's shape holds one.
    """
    wanted = [as_str(one) or "" for one in as_list(body.get("embedding_types")) or []]
    if len(wanted) > 1:
        raise UnsupportedParameter(
            "Ask for one of `embedding_types` at a time.", param="embedding_types"
        )
    return wanted[0] if wanted else as_str(body.get("encoding_format")) or "float"


def rerank_body(request: Request, model: str, *, unsupported: Unsupported, who: str) -> Sent:
    """The body of `/v2/rerank`.

    Raises:
        UnsupportedParameter: It asks for what Cohere cannot do.
    """
    body = request.body
    taken, dropped = take(body, _RERANK_NAMES, read=_RERANK_READ, unsupported=unsupported, who=who)
    documents: list[Json] = [_document(one) for one in as_list(body.get("documents")) or []]
    return {"model": model, **taken, "documents": documents}, dropped


def _document(value: Json) -> str:
    """A document as text; what has fields as YAML, as Cohere advises."""
    if isinstance(value, str):
        return value
    fields = as_object(value) or {}
    if set(fields) == {"text"} and isinstance(text := fields["text"], str):
        return text
    return yaml.safe_dump(value, sort_keys=False, allow_unicode=True)
