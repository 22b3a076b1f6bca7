"""Azure OpenAI's format, on the server's side."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, unquote

import orjson

from ...schemas.json import Json, JsonObject, as_list, as_object, as_str, dig
from ..fake_openai.dialect import OpenAIDialect, frame
from ..fake_upstream.behaviour import Behaviour
from ..fake_upstream.dialect import Refusal, Streamed
from ..fake_upstream.heard import Heard
from ..fake_upstream.record import Received
from .at_path import at_path

_CLASSIC = re.compile(r"/openai/deployments/([^/]+)/(chat/completions|completions|embeddings)")
_V1 = re.compile(r"/openai/v1/(chat/completions|completions|embeddings)")
_SAFE: JsonObject = {"hate": {"filtered": False, "severity": "safe"}}


class AzureDialect(OpenAIDialect):
    """As an Azure OpenAI resource speaks.

    Args:
        missing: Deployments that are not there.
    """

    def __init__(self, missing: tuple[str, ...] = ()) -> None:
        super().__init__("azure")
        self._missing = missing

    def answer(
        self, received: Received, behaviour: Behaviour
    ) -> JsonObject | list[Json] | Streamed | None:
        path, _, query = received.target.partition("?")
        if classic := _CLASSIC.fullmatch(path):
            if "api-version" not in parse_qs(query):
                raise Refusal(404, "Resource not found", "404")
            deployment, operation = unquote(classic[1]), classic[2]
        elif v1 := _V1.fullmatch(path):
            deployment, operation = as_str(received.json.get("model")) or "", v1[1]
        else:
            return None
        if deployment in self._missing:
            message = "The API deployment for this resource does not exist."
            raise Refusal(404, message, "DeploymentNotFound")
        answer = super().answer(at_path(received, f"/v1/{operation}"), behaviour)
        if operation != "chat/completions":
            return answer
        if isinstance(answer, Streamed):
            return _filtered_stream(answer)
        return _filtered(answer) if isinstance(answer, dict) else answer

    def heard(self, received: Received) -> Heard:
        heard = super().heard(received)
        if classic := _CLASSIC.fullmatch(received.target.partition("?")[0]):
            heard.model = unquote(classic[1])
        return heard

    def models(self, received: Received, names: tuple[str, ...]) -> JsonObject | None:
        if received.path != "/openai/deployments" or "api-version=" not in received.target:
            return None
        rows: list[Json] = [
            {"id": name, "model": model or name, "status": "succeeded", "object": "deployment"}
            for name, _, model in (one.partition("=") for one in names)
        ]
        rows.append({"id": "half-made", "model": "gpt-4o", "status": "running"})
        return {"object": "list", "data": rows}

    def credential(self, received: Received) -> str | None:
        return received.headers.get("api-key") or received.token


def _filtered(answer: JsonObject) -> JsonObject:
    """With what the content filter found, beside each choice and for the prompt."""
    choices: list[Json] = [
        {**(as_object(choice) or {}), "content_filter_results": _SAFE}
        for choice in as_list(answer.get("choices")) or []
    ]
    prompt: Json = [{"prompt_index": 0, "content_filter_results": _SAFE}]
    return {**answer, "choices": choices, "prompt_filter_results": prompt}


def _filtered_stream(streamed: Streamed) -> Streamed:
    """What was found for the prompt comes first, in a chunk of its own without choices."""
    found: Json = [{"prompt_index": 0, "content_filter_results": _SAFE}]
    first = frame(
        {"choices": [], "id": "", "model": "", "object": "", "prompt_filter_results": found}
    )
    events = [_with_filter(event) for event in streamed.events]
    return Streamed([first, *events], streamed.end)


def _with_filter(event: bytes) -> bytes:
    data = event.removeprefix(b"data: ").strip()
    if data == b"[DONE]":
        return event
    chunk = as_object(orjson.loads(data)) or {}
    if dig(chunk, "choices", 0, "delta", "content"):
        chunk = _filtered(chunk)
        chunk.pop("prompt_filter_results")
    return frame(chunk)
