"""Cohere's wire format, v2.

Source: Cohere API reference (chat, embed, rerank, models), and the types of its client, `cohere` 7.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from urllib.parse import quote

from ..errors import ProviderRejected
from ..outbound.faults import Faults
from ..schemas.catalog import Capability, ModelFacts
from ..schemas.json import Json, JsonObject, as_int, as_list, as_object, as_str, dig
from ..schemas.request import Operation
from ..spi.provider import Attempt
from .cohere_answer import logprobs_of, reason_of, searches_of, usage_from_cohere
from .cohere_config import CohereConfig
from .cohere_request import chat_body, embed_body, embedding_type, rerank_body
from .cohere_stream import CohereReading
from .converted import choice_of, choices_answer, embedding_answer, estimated, ranking_answer
from .wire_format import Outgoing, Whole, WireFormat

LIST_PATH = "v1/models?page_size=1000"
"""Where the list of models is; v2 has none."""

_OPERATIONS = {
    "chat": Operation.CHAT,
    "embed": Operation.EMBEDDING,
    "rerank": Operation.RERANK,
}


class CohereFormat(WireFormat):
    """The format of one connection.

    Args:
        who: The connection, as messages call it.
        facts: What is known of a model by its name.
        settings: Of the connection.
    """

    def __init__(
        self, who: str, facts: Callable[[str], ModelFacts], settings: CohereConfig
    ) -> None:
        self._who = who
        self._facts = facts
        self._settings = settings

    def outgoing(self, attempt: Attempt) -> Outgoing:
        request, model = attempt.request, attempt.model
        unsupported, who = self._settings.unsupported, self._who
        match request.operation:
            case Operation.CHAT:
                path = "v2/chat"
                body, dropped = chat_body(request, model, unsupported=unsupported, who=who)
                body["stream"] = attempt.stream
            case Operation.EMBEDDING:
                path = "v2/embed"
                default = self._settings.input_type
                body, dropped = embed_body(
                    request, model, input_type=default, unsupported=unsupported, who=who
                )
            case Operation.RERANK:
                path = "v2/rerank"
                body, dropped = rerank_body(request, model, unsupported=unsupported, who=who)
            case _:
                raise ProviderRejected(
                    f"{who} cannot do {request.operation}; it does {', '.join(_OPERATIONS)}.",
                    status=400,
                )
        return Outgoing(path=path, body=body, dropped=dropped)

    def whole(self, data: JsonObject, raw: bytes, attempt: Attempt, faults: Faults) -> Whole:
        operation = attempt.request.operation
        if operation is Operation.EMBEDDING:
            return _vectors(data, attempt, faults)
        if operation is Operation.RERANK:
            return _ranking(data, attempt, faults)
        message = as_object(data.get("message"))
        if message is None:
            raise faults.protocol("sent an answer without 'message'")
        word = as_str(data.get("finish_reason")) or "COMPLETE"
        reason = reason_of(word, data.get("error"), faults)
        told = logprobs_of(as_list(data.get("logprobs")) or [])
        choice = choice_of(_message(message), reason, logprobs=told)
        usage = usage_from_cohere(data.get("usage"))
        return choices_answer(attempt, [choice], usage, answer_id=as_str(data.get("id")) or "")

    def reading(self, attempt: Attempt, faults: Faults) -> CohereReading:
        return CohereReading(attempt, faults)

    def listed(self, data: Json) -> list[ModelFacts] | None:
        models = as_list(dig(data, "models"))
        if models is None:
            return None
        return [facts for one in models if (facts := self._fact(as_object(one) or {})) is not None]

    def next_page(self, data: Json) -> str | None:
        token = as_str(dig(data, "next_page_token"))
        return f"{LIST_PATH}&page_token={quote(token, safe='')}" if token else None

    def _fact(self, model: JsonObject) -> ModelFacts | None:
        name = as_str(model.get("name"))
        endpoints = [as_str(one) or "" for one in as_list(model.get("endpoints")) or []]
        operations = frozenset(_OPERATIONS[one] for one in endpoints if one in _OPERATIONS)
        if name is None or not operations:
            return None
        facts = self._facts(name)
        length = model.get("context_length")
        features = as_list(model.get("features"))
        known = {one.value: one for one in Capability}
        capabilities = facts.capabilities
        if features is not None and Operation.CHAT in operations:
            told = (known[one] for one in features if isinstance(one, str) and one in known)
            capabilities = frozenset({Capability.STREAM, *told})
        return replace(
            facts,
            operations=operations,
            capabilities=capabilities,
            context_window=int(length) if isinstance(length, int | float) and length > 0 else None,
        )


def _message(message: JsonObject) -> JsonObject:
    blocks = as_list(message.get("content")) or []
    texts = [text for one in blocks if (text := as_str(dig(one, "text")))]
    thoughts = [text for one in blocks if (text := as_str(dig(one, "thinking")))]
    if plan := as_str(message.get("tool_plan")):
        thoughts.append(plan)
    calls = as_list(message.get("tool_calls")) or []
    said: JsonObject = {"content": "".join(texts) if texts or not calls else None}
    if thoughts:
        said["reasoning_content"] = "".join(thoughts)
    if calls:
        said["tool_calls"] = [{"type": "function", **(as_object(one) or {})} for one in calls]
    if citations := as_list(message.get("citations")):
        said["citations"] = citations
    return said


def _vectors(data: JsonObject, attempt: Attempt, faults: Faults) -> Whole:
    vectors = as_list(dig(data, "embeddings", embedding_type(attempt.request.body)))
    if not vectors:
        raise faults.protocol("sent an answer without the vectors")
    return embedding_answer(attempt, vectors, usage_from_cohere(data.get("meta")))


def _ranking(data: JsonObject, attempt: Attempt, faults: Faults) -> Whole:
    results = as_list(data.get("results"))
    if results is None:
        raise faults.protocol("sent an answer without 'results'")
    scores: list[tuple[int, float]] = []
    for one in results:
        index, score = as_int(dig(one, "index")), dig(one, "relevance_score")
        if index is None or not isinstance(score, int | float):
            raise faults.protocol("sent a result without index and score")
        scores.append((index, float(score)))
    usage = usage_from_cohere(data.get("meta")) or estimated(attempt)
    more = searches_of(data.get("meta")) - 1
    return ranking_answer(attempt, scores, replace(usage, more_requests=more))
