"""A chat request in Gemini's words: tools, the shape of the answer, how much to think.

Source: `google.cloud.aiplatform.v1` (`GenerateContentRequest`, `GenerationConfig`, `ToolConfig`);
the fields of `google` are those of Google's own OpenAI-compatible endpoint.
"""

from __future__ import annotations

import re

from ..errors import UnsupportedParameter
from ..schemas.json import Json, JsonObject, as_object
from ..schemas.request import Request
from .conversation import conversation, stop_sequences, tool_choice, tools, wanted_shape
from .gemini_contents import contents_of
from .parameters import take
from .remote_config import Unsupported

_NAMES = {
    "temperature": "temperature",
    "top_p": "topP",
    "top_k": "topK",
    "seed": "seed",
    "presence_penalty": "presencePenalty",
    "frequency_penalty": "frequencyPenalty",
}
_READ = frozenset(
    {
        "max_tokens", "max_completion_tokens", "n", "stop", "logprobs", "top_logprobs", "tools",
        "functions", "tool_choice", "function_call", "response_format", "reasoning_effort",
        "google",
    }
)  # fmt: skip
_MODES = {"auto": "AUTO", "none": "NONE", "required": "ANY", "tool": "ANY"}
_LEVELS = {"none": "MINIMAL", "minimal": "MINIMAL", "low": "LOW", "medium": "MEDIUM"}
_BUDGETS = {"none": 0, "minimal": 1_024, "low": 1_024, "medium": 8_192}
_MOST_THOUGHTS = 24_576
"""Tokens for the efforts from `high` on, of models that know budgets and not levels."""
_OF_GOOGLE = {
    "safety_settings": "safetySettings",
    "cached_content": "cachedContent",
    "labels": "labels",
}
_GENERATION = re.compile(r"gemini-(\d+)")


def chat_body(
    request: Request, model: str, *, unsupported: Unsupported, thoughts: bool, who: str
) -> tuple[JsonObject, tuple[str, ...]]:
    """The body of `generateContent`, and the parameters that were left out.

    Raises:
        UnsupportedParameter: It asks for what Gemini cannot do.
        InvalidRequest: A part of it is not of OpenAI's shape.
    """
    body = request.body
    settings, dropped = take(body, _NAMES, read=_READ, unsupported=unsupported, who=who)
    newer = _generation(model) >= 3
    sent = contents_of(conversation(body), signatures=newer)
    sent |= _tools(body)
    settings |= _limits(request)
    settings |= _shape(body)
    if (thinking := _thinking(body, newer, thoughts)) is not None:
        settings["thinkingConfig"] = thinking
    google = as_object(body.get("google")) or {}
    for name, value in google.items():
        if name == "thinking_config":
            settings["thinkingConfig"] = _camel(value)
        elif name in _OF_GOOGLE:
            sent[_OF_GOOGLE[name]] = _camel(value) if name == "safety_settings" else value
        else:
            raise UnsupportedParameter(
                f"{who} does not take `google.{name}`; it takes `google.thinking_config`, "
                f"{', '.join(f'`google.{one}`' for one in _OF_GOOGLE)}.",
                param="google",
            )
    return ({**sent, "generationConfig": settings} if settings else sent), dropped


def _tools(body: JsonObject) -> JsonObject:
    declared: list[Json] = [
        {
            "name": tool.name,
            "description": tool.description,
            "parametersJsonSchema": tool.schema,
        }
        for tool in tools(body)
    ]
    if not declared:
        return {}
    sent: JsonObject = {"tools": [{"functionDeclarations": declared}]}
    choice = tool_choice(body)
    if choice is not None:
        config: JsonObject = {"mode": _MODES[choice.kind]}
        if choice.kind == "tool":
            config["allowedFunctionNames"] = [choice.name]
        sent["toolConfig"] = {"functionCallingConfig": config}
    return sent


def _limits(request: Request) -> JsonObject:
    body, sent = request.body, dict[str, Json]()
    if request.max_tokens is not None:
        sent["maxOutputTokens"] = request.max_tokens
    if request.choices > 1:
        sent["candidateCount"] = request.choices
    if stop := stop_sequences(body):
        sent["stopSequences"] = [*stop]
    if body.get("logprobs") is True:
        sent["responseLogprobs"] = True
        if body.get("top_logprobs"):
            sent["logprobs"] = body["top_logprobs"]
    return sent


def _shape(body: JsonObject) -> JsonObject:
    shape = wanted_shape(body)
    if shape is None:
        return {}
    sent: JsonObject = {"responseMimeType": "application/json"}
    return sent if shape.schema is None else {**sent, "responseJsonSchema": shape.schema}


def _thinking(body: JsonObject, newer: bool, thoughts: bool) -> JsonObject | None:
    """How much to think; models before Gemini 3 are told a number of tokens."""
    effort = body.get("reasoning_effort")
    if not isinstance(effort, str):
        return None
    shown: JsonObject = {"includeThoughts": True} if thoughts and effort != "none" else {}
    if newer:
        return {"thinkingLevel": _LEVELS.get(effort, "HIGH"), **shown}
    return {"thinkingBudget": _BUDGETS.get(effort, _MOST_THOUGHTS), **shown}


def _generation(model: str) -> int:
    """The first number in a Gemini model's name; 0 for a tuned one, which tells nothing."""
    found = _GENERATION.search(model)
    return int(found[1]) if found else 0


def _camel(value: Json) -> Json:
    """Names of fields as Google's JSON has them; they come with underscores from OpenAI clients."""
    if isinstance(value, list):
        return [_camel(one) for one in value]
    if not isinstance(value, dict):
        return value
    return {_camel_name(name): _camel(one) for name, one in value.items()}


def _camel_name(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(one.capitalize() for one in others)
