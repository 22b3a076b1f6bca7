"""`echo`: deterministic answers without network, key or model, to try everything else with.

It is labelled "offline demo, not a language model" wherever it appears.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from decimal import Decimal
from hashlib import blake2b
from typing import ClassVar

import orjson
from pydantic import Field

from ..errors import ProviderRejected
from ..schemas.catalog import Capability, ModelFacts, Residency
from ..schemas.events import Answer, Chunk, Events, Finished, FinishReason, Metered
from ..schemas.json import Json, JsonObject, as_int, as_list, as_str
from ..schemas.request import Operation, Request
from ..schemas.spend import Price, Usage
from ..spi.provider import Attempt, Provider, ProviderConfig, ProviderContext
from .echo_answer import answer_texts, asks_for_json, pieces_of
from .hashed_embedding import as_base64, hashed_embedding
from .openai_stream import SLICE_TOKENS

_SHOUT = "shout"
_MODELS = ("echo", _SHOUT)
_WINDOW = 8_192
_MOST_DIMENSIONS = 4_096


class EchoConfig(ProviderConfig):
    """Settings of the offline demo.

    Attributes:
        delay_ms: Pause before each word of a stream, and before a whole answer.
        dimensions: Length of embedding vectors, unless the request asks for another.
    """

    delay_ms: float = Field(default=10.0, ge=0, le=10_000)
    dimensions: int = Field(default=64, ge=2, le=_MOST_DIMENSIONS)


class Echo(Provider):
    """Repeats what it is sent; `shout` does so in capitals."""

    Config: type[ProviderConfig] = EchoConfig
    name: ClassVar[str] = "echo"
    label: ClassVar[str] = "Offline demo"
    local: ClassVar[bool] = True

    def __init__(self, config: ProviderConfig, context: ProviderContext) -> None:
        super().__init__(config, context)
        assert isinstance(config, EchoConfig)
        self._settings = config

    def stream(self, attempt: Attempt) -> Events:
        if attempt.request.operation is Operation.EMBEDDING:
            return self._embed(attempt)
        return self._chunks(attempt) if attempt.stream else self._whole(attempt)

    async def models(self) -> list[ModelFacts]:
        return [self.facts(name) for name in self.context.models or _MODELS]

    def facts(self, name: str) -> ModelFacts:
        return ModelFacts(
            id=f"{self.context.connection}/{name}",
            connection=self.context.connection,
            name=name,
            provider=self.name,
            operations=frozenset({Operation.CHAT, Operation.COMPLETION, Operation.EMBEDDING}),
            capabilities=frozenset({Capability.STREAM, Capability.JSON_SCHEMA}),
            context_window=_WINDOW,
            price=Price(input=Decimal(0), output=Decimal(0), source="local"),
            residency=Residency.LOCAL,
            trains_on_requests=False,
            description="offline demo, not a language model",
            offline_demo=True,
        )

    def _check(self, attempt: Attempt) -> None:
        known = self.context.models or _MODELS
        if attempt.model not in known:
            raise ProviderRejected(
                f"The offline demo has no model {attempt.model!r}; it has {', '.join(known)}.",
                status=404,
                param="model",
            )
        operation = attempt.request.operation
        if operation not in self.facts(attempt.model).operations:
            raise ProviderRejected(
                f"The offline demo cannot do {operation}: it does chat, completion and embedding.",
                status=400,
            )
        body = attempt.request.body
        for name in ("tools", "functions", "logprobs"):
            if body.get(name) and not (name == "tools" and body.get("tool_choice") == "none"):
                raise ProviderRejected(
                    f"The offline demo cannot do `{name}`: leave it out, or choose another model.",
                    status=400,
                    param=name,
                )

    async def _whole(self, attempt: Attempt) -> Events:
        self._check(attempt)
        await asyncio.sleep(self._settings.delay_ms / 1000)
        chat = attempt.request.operation is Operation.CHAT
        choices: list[Json] = []
        written = 0
        answers = self._answers(attempt)
        for index, (pieces, reason) in enumerate(answers):
            text = "".join(pieces)
            written += len(pieces)
            said: JsonObject = (
                {"message": {"role": "assistant", "content": text}} if chat else {"text": text}
            )
            choices.append({"index": index, **said, "logprobs": None, "finish_reason": reason})
        usage = Usage(input=_input_tokens(attempt.request), output=written)
        kind = "chat.completion" if chat else "text_completion"
        data: JsonObject = {
            **_envelope(attempt, kind),
            "choices": choices,
            "usage": _as_openai(usage),
        }
        yield Answer(data, orjson.dumps(data))
        yield Metered(usage, model=attempt.model)
        yield Finished(answers[0][1])

    async def _chunks(self, attempt: Attempt) -> Events:
        self._check(attempt)
        chat = attempt.request.operation is Operation.CHAT
        envelope = _envelope(attempt, "chat.completion.chunk" if chat else "text_completion")
        read = _input_tokens(attempt.request)
        written = 0
        answers = self._answers(attempt)
        for index, (pieces, reason) in enumerate(answers):
            if chat:
                yield _chunk(envelope, index, {"delta": {"role": "assistant", "content": ""}}, None)
            for piece in pieces:
                await asyncio.sleep(self._settings.delay_ms / 1000)
                said: JsonObject = {"delta": {"content": piece}} if chat else {"text": piece}
                yield _chunk(envelope, index, said, None)
                written += 1
                if written % SLICE_TOKENS == 0:
                    so_far = Usage(input=read, output=written)
                    yield Metered(so_far, model=attempt.model, final=False)
            yield _chunk(envelope, index, {"delta": {}} if chat else {"text": ""}, reason)
        usage = Usage(input=read, output=written)
        last: JsonObject = {**envelope, "choices": [], "usage": _as_openai(usage)}
        yield Chunk(last, orjson.dumps(last), usage_only=True)
        yield Metered(usage, model=attempt.model)
        yield Finished(answers[0][1])

    async def _embed(self, attempt: Attempt) -> Events:
        self._check(attempt)
        body = attempt.request.body
        value = body.get("input")
        texts = [value] if isinstance(value, str) else as_list(value) or []
        dimensions = as_int(body.get("dimensions")) or self._settings.dimensions
        if not 2 <= dimensions <= _MOST_DIMENSIONS:
            raise ProviderRejected(
                f"`dimensions` must be from 2 to {_MOST_DIMENSIONS}.",
                status=400,
                param="dimensions",
            )
        items: list[Json] = []
        for index, text in enumerate(texts):
            if not isinstance(text, str):
                raise ProviderRejected(
                    "The offline demo embeds text, not token numbers: send `input` as text.",
                    status=400,
                    param="input",
                )
            vector = hashed_embedding(text, dimensions)
            packed = body.get("encoding_format") == "base64"
            embedding: Json = as_base64(vector) if packed else [*vector]
            items.append({"object": "embedding", "index": index, "embedding": embedding})
        usage = Usage(input=_input_tokens(attempt.request))
        data: JsonObject = {
            "object": "list",
            "data": items,
            "model": attempt.model,
            "usage": {"prompt_tokens": usage.input, "total_tokens": usage.input},
        }
        yield Answer(data, orjson.dumps(data))
        yield Metered(usage, model=attempt.model)
        yield Finished()

    def _answers(self, attempt: Attempt) -> list[tuple[list[str], FinishReason]]:
        """The pieces of each choice, and why it ends."""
        request = attempt.request
        answers: list[tuple[list[str], FinishReason]] = []
        for text in answer_texts(request):
            loud = attempt.model == _SHOUT and not asks_for_json(request)
            pieces = pieces_of(_before_stop(text.upper() if loud else text, request))
            limit = request.max_tokens
            cut = limit is not None and len(pieces) > limit
            one = (pieces[:limit], "length" if cut else "stop")
            answers += [one] * request.choices
        return answers


def _before_stop(text: str, request: Request) -> str:
    stop = request.body.get("stop")
    for mark in [stop] if isinstance(stop, str) else as_list(stop) or []:
        if mark := as_str(mark):
            text = text.partition(mark)[0]
    return text


def _input_tokens(request: Request) -> int:
    return sum(_counts(request))


def _counts(request: Request) -> Iterator[int]:
    for text in request.texts():
        yield len(pieces_of(text))


def _envelope(attempt: Attempt, kind: str) -> JsonObject:
    """The fields around the choices; the id comes from the request, so equal calls answer alike."""
    digest = blake2b(orjson.dumps(attempt.request.body), digest_size=12).hexdigest()
    return {"id": f"echo-{digest}", "object": kind, "created": 0, "model": attempt.model}


def _chunk(
    envelope: JsonObject, index: int, said: JsonObject, reason: FinishReason | None
) -> Chunk:
    choice: JsonObject = {"index": index, **said, "logprobs": None, "finish_reason": reason}
    data: JsonObject = {**envelope, "choices": [choice]}
    return Chunk(data, orjson.dumps(data))


def _as_openai(usage: Usage) -> JsonObject:
    return {
        "prompt_tokens": usage.input,
        "completion_tokens": usage.output,
        "total_tokens": usage.total,
    }
