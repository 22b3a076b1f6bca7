"""Gemini's wire format on Google Vertex AI.

Source: `google.cloud.aiplatform.v1` (`PredictionService`, `ModelGardenService`).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import quote

from ..errors import ProviderRejected
from ..outbound.faults import Faults
from ..schemas.catalog import ModelFacts
from ..schemas.json import Json, JsonObject, as_list, as_object, as_str, dig
from ..schemas.request import Operation
from ..spi.provider import Attempt
from .converted import choice_of, choices_answer
from .gemini_answer import (
    blocked,
    extra_content,
    logprobs_of,
    parts_of,
    reason_of,
    usage_from_gemini,
)
from .gemini_embeddings import embedding_request, embedding_vectors
from .gemini_request import chat_body
from .gemini_stream import GeminiReading, call_id
from .vertex_config import VertexConfig
from .wire_format import Outgoing, Whole, WireFormat

MODELS = "v1beta1/publishers/google/models?pageSize=100"
"""Where the list of Google's models is; v1 has none."""

_OFFERED = re.compile(r"gemini-|text-embedding-|text-multilingual-embedding-")
"""Models of Google's that this format can ask; its list names those of all tasks."""


class GeminiFormat(WireFormat):
    """The format of one connection.

    Args:
        who: The connection, as messages call it.
        facts: What is known of a model by its name.
        settings: Of the connection.
    """

    def __init__(
        self, who: str, facts: Callable[[str], ModelFacts], settings: VertexConfig
    ) -> None:
        self._who = who
        self._facts = facts
        self._settings = settings
        project, location = settings.project, settings.location
        self._where = f"projects/{project}/locations/{location}/" if project else ""

    def outgoing(self, attempt: Attempt) -> Outgoing:
        if attempt.request.operation is Operation.EMBEDDING:
            return embedding_request(
                attempt,
                self.resource(attempt.model),
                unsupported=self._settings.unsupported,
                who=self._who,
            )
        if attempt.request.operation is not Operation.CHAT:
            raise ProviderRejected(
                f"{self._who} cannot do {attempt.request.operation}; it does chat and embedding.",
                status=400,
            )
        body, dropped = chat_body(
            attempt.request,
            attempt.model,
            unsupported=self._settings.unsupported,
            thoughts=self._settings.thoughts,
            who=self._who,
        )
        do = "streamGenerateContent?alt=sse" if attempt.stream else "generateContent"
        path = f"v1/{self.resource(attempt.model)}:{do}"
        return Outgoing(path=path, body=body, dropped=dropped)

    def resource(self, model: str) -> str:
        """The model's name as an address: of Google's, of another publisher's, or an endpoint.

        Raises:
            ProviderRejected: It cannot be one.
        """
        segments = model.split("/")
        if any(segment in ("", ".", "..") for segment in segments):
            raise ProviderRejected(
                f"{self._who} knows no model {model!r}.", status=404, param="model"
            )
        path = "/".join(quote(segment, safe="@") for segment in segments)
        if segments[0] == "projects":
            return path
        if segments[0] in ("publishers", "endpoints"):
            return self._where + path
        if len(segments) == 1:
            return f"{self._where}publishers/google/models/{path}"
        publisher, _, name = path.partition("/")
        return f"{self._where}publishers/{publisher}/models/{name}"

    def whole(self, data: JsonObject, raw: bytes, attempt: Attempt, faults: Faults) -> Whole:
        if attempt.request.operation is Operation.EMBEDDING:
            return embedding_vectors(data, attempt, faults)
        candidates = as_list(data.get("candidates")) or []
        answer_id = as_str(data.get("responseId")) or f"chatcmpl-{attempt.call_id}"
        choices = [
            _choice(as_object(one) or {}, place, answer_id, faults)
            for place, one in enumerate(candidates)
        ]
        if not choices:
            if (refusal := blocked(data)) is None:
                raise faults.protocol("sent an answer without 'candidates'")
            choices = [choice_of({"content": "", "refusal": refusal}, "content_filter")]
        usage = usage_from_gemini(data.get("usageMetadata"))
        return choices_answer(attempt, choices, usage, answer_id=answer_id)

    def reading(self, attempt: Attempt, faults: Faults) -> GeminiReading:
        return GeminiReading(attempt, faults)

    def next_page(self, data: Json) -> str | None:
        token = as_str(dig(data, "nextPageToken"))
        return f"{MODELS}&pageToken={quote(token, safe='')}" if token else None

    def listed(self, data: Json) -> list[ModelFacts] | None:
        models = as_list(dig(data, "publisherModels"))
        if models is None:
            return [] if data == {} else None
        names = ((as_str(dig(one, "name")) or "").rpartition("/")[2] for one in models)
        return [self._facts(name) for name in names if _OFFERED.match(name)]


def _choice(candidate: JsonObject, place: int, answer_id: str, faults: Faults) -> JsonObject:
    texts: list[str] = []
    thoughts: list[str] = []
    calls: list[Json] = []
    beside: JsonObject = {}
    for said in parts_of(candidate):
        if said.kind == "call":
            call: JsonObject = {
                "id": call_id(answer_id, place, len(calls)),
                "type": "function",
                "function": {"name": said.name, "arguments": said.text},
            }
            calls.append({**call, **extra_content(said.signature)})
        elif said.kind == "thought":
            thoughts.append(said.text)
        else:
            texts.append(said.text)
            beside = extra_content(said.signature) or beside
    word = as_str(candidate.get("finishReason")) or "STOP"
    detail = candidate.get("finishMessage")
    reason = reason_of(word, called=bool(calls), detail=detail, faults=faults)
    message: JsonObject = {"content": "".join(texts) if texts or not calls else None, **beside}
    if thoughts:
        message["reasoning_content"] = "".join(thoughts)
    if calls:
        message["tool_calls"] = calls
    return choice_of(message, reason, index=place, logprobs=logprobs_of(candidate))
