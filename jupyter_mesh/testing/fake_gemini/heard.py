"""What a request to Gemini asks, in the words that are the same for every vendor."""

from __future__ import annotations

from ...schemas.json import Json, JsonObject, as_list, as_object, as_str, dig
from ..fake_upstream.heard import Heard, Said

_PARAMETERS = {
    "maxOutputTokens": "max_tokens",
    "temperature": "temperature",
    "topP": "top_p",
    "seed": "seed",
    "stopSequences": "stop",
    "candidateCount": "n",
    "presencePenalty": "presence_penalty",
    "frequencyPenalty": "frequency_penalty",
    "responseLogprobs": "logprobs",
    "thinkingConfig": "reasoning_effort",
}
_MODES = {"AUTO": "auto", "NONE": "none", "ANY": "required"}


def heard(body: JsonObject, model: str) -> Heard:
    """Read a request of `generateContent`."""
    settings = as_object(body.get("generationConfig")) or {}
    system = as_list(dig(body, "systemInstruction", "parts")) or []
    return Heard(
        model=model,
        system=[as_str(dig(part, "text")) or "" for part in system],
        turns=[_turn(content) for content in as_list(body.get("contents")) or []],
        tools=_tools(body),
        tool_choice=_choice(body),
        schema=_schema(settings),
        parameters={
            ours: settings[theirs] for theirs, ours in _PARAMETERS.items() if theirs in settings
        },
    )


def _turn(content: Json) -> Said:
    said = Said(role="assistant" if dig(content, "role") == "model" else "user")
    for part in as_list(dig(content, "parts")) or []:
        text = as_str(dig(part, "text"))
        call = as_object(dig(part, "functionCall"))
        response = as_object(dig(part, "functionResponse"))
        media = as_str(dig(part, "inlineData", "data")) or as_str(dig(part, "fileData", "fileUri"))
        if text is not None:
            said.texts.append(text)
        elif call is not None:
            said.calls.append((as_str(call.get("name")) or "", call.get("args")))
        elif response is not None:
            output = response.get("response")
            told = as_str(dig(output, "output")) or str(output)
            said.results.append((as_str(response.get("name")) or "", told))
        elif media is not None:
            said.images.append(media)
    return said


def _tools(body: JsonObject) -> dict[str, JsonObject]:
    declared = [
        function
        for tool in as_list(body.get("tools")) or []
        for function in as_list(dig(tool, "functionDeclarations")) or []
    ]
    return {
        as_str(dig(one, "name")) or "": as_object(
            dig(one, "parametersJsonSchema") or dig(one, "parameters")
        )
        or {}
        for one in declared
    }


def _choice(body: JsonObject) -> str | None:
    config = dig(body, "toolConfig", "functionCallingConfig")
    named = as_str(dig(config, "allowedFunctionNames", 0))
    return named or _MODES.get(as_str(dig(config, "mode")) or "")


def _schema(settings: JsonObject) -> JsonObject | None:
    if settings.get("responseMimeType") != "application/json":
        return None
    schema = settings.get("responseJsonSchema") or settings.get("responseSchema")
    return as_object(schema) or {}
