"""OpenAI's wire format: what comes in that shape passes through unchanged.

Source: OpenAI API reference (chat completions, completions, embeddings, models); `rerank` and
`classify` as vLLM serves them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import ClassVar

from ..errors import ProviderRejected
from ..outbound.faults import Faults
from ..schemas.catalog import ModelFacts
from ..schemas.events import Answer, Finished
from ..schemas.json import Json, JsonObject, as_int, as_list, as_object, as_str, dig
from ..schemas.request import Operation
from ..spi.provider import Attempt
from .model_hints import operations_of
from .openai_answer import usage_of
from .openai_marks import is_strict, without_marks
from .openai_stream import StreamReading, finish_reason_of
from .wire_format import Outgoing, WireFormat
from .wire_format import Whole as WholeAnswer

_PATHS = {
    Operation.CHAT: "chat/completions",
    Operation.COMPLETION: "completions",
    Operation.EMBEDDING: "embeddings",
    Operation.RERANK: "rerank",
    Operation.CLASSIFY: "classify",
}
_RESULT_FIELDS = {
    Operation.CHAT: "choices",
    Operation.COMPLETION: "choices",
    Operation.EMBEDDING: "data",
    Operation.RERANK: "results",
    Operation.CLASSIFY: "data",
}


class OpenAIFormat(WireFormat):
    """The format of one connection.

    Args:
        who: The connection, as messages call it.
        facts: What is known of a model by its name.
        base_url: Up to and with `/v1`.
    """

    streamed: ClassVar[frozenset[Operation]] = frozenset({Operation.CHAT, Operation.COMPLETION})

    def __init__(self, who: str, facts: Callable[[str], ModelFacts], base_url: str) -> None:
        self._who = who
        self._facts = facts
        self._base_url = base_url
        self._strict = is_strict(base_url)

    def outgoing(self, attempt: Attempt) -> Outgoing:
        operation = attempt.request.operation
        streams = attempt.stream and operation in self.streamed
        body = _stream_body(attempt) if streams else _whole_body(attempt)
        dropped: tuple[str, ...] = ()
        if self._strict and operation is Operation.CHAT:
            body, dropped = without_marks(body)
        return Outgoing(path=self.path(operation, attempt.model), body=body, dropped=dropped)

    def path(self, operation: Operation, model: str) -> str:
        """Where a request goes, after the base URL, or a whole URL.

        Raises:
            ProviderRejected: There is no such operation here.
        """
        path = _PATHS.get(operation)
        if path is None:
            raise ProviderRejected(
                f"{self._who} cannot do {operation}; it does {', '.join(_PATHS)}.", status=400
            )
        if operation is Operation.CLASSIFY:  # vLLM serves it beside /v1, not under it
            return f"{self._base_url.removesuffix('/v1')}/{path}"
        return path

    def whole(self, data: JsonObject, raw: bytes, attempt: Attempt, faults: Faults) -> WholeAnswer:
        field = _RESULT_FIELDS[attempt.request.operation]
        if as_list(data.get(field)) is None:
            raise faults.protocol(f"sent an answer without {field!r}")
        reason = finish_reason_of(as_str(dig(data, "choices", 0, "finish_reason")))
        return WholeAnswer(
            answer=Answer(data, raw), usage=usage_of(data, attempt), finished=Finished(reason)
        )

    def reading(self, attempt: Attempt, faults: Faults) -> StreamReading:
        return StreamReading(attempt.request, attempt.model, faults)

    def listed(self, data: Json) -> list[ModelFacts] | None:
        items = as_list(data) or as_list(dig(data, "data"))
        if items is None:
            return None
        objects = (as_object(item) or {} for item in items)
        return [
            replace(
                self._facts(name),
                context_window=as_int(item.get("max_model_len"))
                or as_int(item.get("context_length")),
            )
            for item in objects
            if (name := as_str(item.get("id"))) and operations_of(name)
        ]


def _whole_body(attempt: Attempt) -> JsonObject:
    body: JsonObject = {**attempt.request.body, "model": attempt.model}
    if body.pop("stream", None):
        body.pop("stream_options", None)
    return body


def _stream_body(attempt: Attempt) -> JsonObject:
    options = as_object(attempt.request.body.get("stream_options")) or {}
    return {
        **attempt.request.body,
        "model": attempt.model,
        "stream": True,
        "stream_options": {**options, "include_usage": True},
    }
