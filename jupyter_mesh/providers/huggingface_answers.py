"""From an engine's outputs to events in OpenAI's shape (and vLLM's, for classes)."""

from __future__ import annotations

import base64
import sys
import time
from array import array
from collections.abc import AsyncGenerator
from typing import Literal, TypeAlias

import orjson

from ..schemas.events import Answer, Chunk, Event, Finished, Metered
from ..schemas.json import Json, JsonObject
from ..schemas.request import Operation
from ..schemas.spend import Usage
from ..spi.engine import ModelInfo
from ..spi.jobs import Delta, Done, Label, Output, Spans, Started, TokenLogprob, Vector
from ..spi.provider import Attempt

SLICE_TOKENS = 64
"""Output tokens between two interim `Metered` events."""

Outputs: TypeAlias = AsyncGenerator[Output, None]
_ROLE: JsonObject = {"role": "assistant", "content": ""}


async def chunks(attempt: Attempt, outputs: Outputs) -> AsyncGenerator[Event, None]:
    """A streamed answer: chunks as the text comes, then the usage."""
    chat = attempt.request.operation is Operation.CHAT
    envelope = _envelope(attempt, "chat.completion.chunk" if chat else "text_completion")
    meter = _Meter(attempt)
    begun: set[int] = set()
    async for output in outputs:
        if isinstance(output, Delta):
            if chat and output.index not in begun:
                begun.add(output.index)
                yield _chunk(envelope, _choice(output.index, {"delta": _ROLE}))
            if output.text:
                said: JsonObject = (
                    {"delta": {"content": output.text}} if chat else {"text": output.text}
                )
                yield _chunk(envelope, _choice(output.index, said, logprobs=output.logprobs))
            if output.finish is not None:
                end: JsonObject = {"delta": {}} if chat else {"text": ""}
                yield _chunk(envelope, _choice(output.index, end, finish=output.finish))
        if (interim := meter.add(output)) is not None:
            yield interim
    data: JsonObject = {**envelope, "choices": [], "usage": _usage(meter.usage)}
    yield Chunk(data, orjson.dumps(data), usage_only=True)
    yield Metered(meter.usage, model=attempt.model)
    yield Finished(meter.reason)


async def whole(attempt: Attempt, outputs: Outputs) -> AsyncGenerator[Event, None]:
    """A whole answer. Interim `Metered` events show that it is being worked on."""
    chat = attempt.request.operation is Operation.CHAT
    meter = _Meter(attempt)
    deltas: dict[int, list[Delta]] = {index: [] for index in range(attempt.request.choices)}
    async for output in outputs:
        if isinstance(output, Delta):
            deltas[output.index].append(output)
        if (interim := meter.add(output)) is not None:
            yield interim
    choices: list[Json] = []
    for index, parts in deltas.items():
        text = "".join(part.text for part in parts)
        logprobs = tuple(logprob for part in parts for logprob in part.logprobs)
        said: JsonObject = (
            {"message": {"role": "assistant", "content": text}} if chat else {"text": text}
        )
        finish = parts[-1].finish if parts else None
        choices.append(_choice(index, said, logprobs=logprobs, finish=finish))
    data: JsonObject = {
        **_envelope(attempt, "chat.completion" if chat else "text_completion"),
        "choices": choices,
        "usage": _usage(meter.usage),
    }
    yield Answer(data, orjson.dumps(data))
    yield Metered(meter.usage, model=attempt.model)
    yield Finished(meter.reason)


async def encoded(
    attempt: Attempt, info: ModelInfo, outputs: Outputs
) -> AsyncGenerator[Event, None]:
    """Embeddings, classes or spans of all texts, in the order of the texts."""
    packed = attempt.request.body.get("encoding_format") == "base64"
    items: dict[int, JsonObject] = {}
    meter = _Meter(attempt)
    async for output in outputs:
        meter.add(output)
        match output:
            case Vector():
                items[output.index] = {
                    "object": "embedding",
                    "index": output.index,
                    "embedding": output.data if packed else _floats(output.data),
                }
            case Label():
                items[output.index] = {
                    "index": output.index,
                    "label": output.label,
                    "probs": [*output.probs],
                    "num_classes": len(output.probs),
                }
            case Spans():
                items[output.index] = {"index": output.index, "entities": _entities(output)}
            case _:
                pass
    data: JsonObject = {
        "id": f"{attempt.request.operation}-{attempt.call_id}",
        "object": "list",
        "created": int(time.time()),
        "model": attempt.model,
        "data": [items[index] for index in sorted(items)],
        "usage": _usage(meter.usage),
    }
    if info.labels:
        data["labels"] = [*info.labels]
    yield Answer(data, orjson.dumps(data))
    yield Metered(meter.usage, model=attempt.model)
    yield Finished()


class _Meter:
    """Counts tokens as outputs come; `usage` is exact once `Done` has come."""

    def __init__(self, attempt: Attempt) -> None:
        self.usage = Usage()
        self.reason: Literal["stop", "length"] = "stop"
        self._model = attempt.model
        self._next = 1

    def add(self, output: Output) -> Metered | None:
        """Take in an output; returns an interim event with the first token, then for each slice."""
        match output:
            case Started():
                self.usage = Usage(input=output.input_tokens)
            case Delta():
                self.usage += Usage(output=output.tokens)
                if output.finish == "length":
                    self.reason = "length"
                if self.usage.output >= self._next:
                    self._next = self.usage.output + SLICE_TOKENS
                    return Metered(self.usage, model=self._model, final=False)
            case Done():
                self.usage = Usage(input=output.input_tokens, output=output.output_tokens)
            case _:
                pass
        return None


def _envelope(attempt: Attempt, kind: str) -> JsonObject:
    prefix = "chatcmpl" if attempt.request.operation is Operation.CHAT else "cmpl"
    return {
        "id": f"{prefix}-{attempt.call_id}",
        "object": kind,
        "created": int(time.time()),
        "model": attempt.model,
    }


def _choice(
    index: int,
    said: JsonObject,
    *,
    logprobs: tuple[TokenLogprob, ...] = (),
    finish: str | None = None,
) -> JsonObject:
    content: Json = {"content": [_logprob(one) for one in logprobs]} if logprobs else None
    return {"index": index, **said, "logprobs": content, "finish_reason": finish}


def _chunk(envelope: JsonObject, choice: JsonObject) -> Chunk:
    data: JsonObject = {**envelope, "choices": [choice]}
    return Chunk(data, orjson.dumps(data))


def _logprob(one: TokenLogprob) -> JsonObject:
    top: list[Json] = [_token(token, logprob) for token, logprob in one.top]
    return {**_token(one.token, one.logprob), "top_logprobs": top}


def _token(token: str, logprob: float) -> JsonObject:
    # A token that is only a part of a character has no text of its own, so its bytes are not known.
    known = "\ufffd" not in token
    return {"token": token, "logprob": logprob, "bytes": [*token.encode()] if known else None}


def _entities(output: Spans) -> list[Json]:
    return [
        {"label": span.label, "start": span.start, "end": span.end, "score": span.score}
        for span in output.spans
    ]


def _usage(usage: Usage) -> JsonObject:
    return {
        "prompt_tokens": usage.input,
        "completion_tokens": usage.output,
        "total_tokens": usage.total,
    }


def _floats(data: str) -> list[Json]:
    numbers = array("f", base64.b64decode(data))
    if sys.byteorder == "big":
        numbers.byteswap()
    return [*numbers]
