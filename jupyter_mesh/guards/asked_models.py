"""What guards ask models of the mesh: labels and vectors of texts."""

from __future__ import annotations

import base64
import sys
from array import array
from collections.abc import Callable, Sequence
from contextlib import aclosing
from typing import NamedTuple, TypeVar, cast

from ..errors import ProviderProtocolError
from ..schemas.events import Answer
from ..schemas.json import Json, JsonObject, as_list, as_object, as_str
from ..schemas.request import Operation, Request
from ..spi.models import Models

_MOST_AT_ONCE = 64
"""Texts in one call."""
REMEMBER_SECONDS = 3_600.0
"""How long an answer is remembered: a conversation comes again with every turn."""
T = TypeVar("T")


async def labels_of(
    models: Models, model: str, texts: Sequence[str], call_id: str, order: Sequence[str] = ()
) -> list[dict[str, float]]:
    """The probability of each label, for each text.

    Args:
        models: Asked as a part of the call.
        model: `connection/name` of a classifier marked `internal`.
        texts: What to label.
        call_id: The call that the texts belong to.
        order: The labels, where the model's server does not name them all.

    Raises:
        MeshError: It could not be asked, or did not answer as a classifier.
    """

    def read(item: JsonObject, answer: JsonObject) -> dict[str, float]:
        probs = [float(cast(float, one)) for one in as_list(item.get("probs")) or ()]
        told = as_list(answer.get("labels")) or ()
        names = [*order] or [one for one in told if isinstance(one, str)]
        top = as_str(item.get("label"))
        if not probs:
            raise _garbage(model)
        if len(names) == len(probs):
            return dict(zip(names, probs, strict=True))
        if top is None:
            raise _garbage(model)
        return {top: max(probs)}

    return await _each(models, Operation.CLASSIFY, model, texts, call_id, read)


async def vectors_of(
    models: Models, model: str, texts: Sequence[str], call_id: str
) -> list[array[float]]:
    """What each text means, as a vector. Raises as `labels_of`."""

    def read(item: JsonObject, _answer: JsonObject) -> array[float]:
        return _vector(item.get("embedding"))

    return await _each(models, Operation.EMBEDDING, model, texts, call_id, read)


class LabelledSpan(NamedTuple):
    """`text[start:end]`, in code points, is what `label` says, with a score from 0 to 1."""

    label: str
    start: int
    end: int
    score: float


async def spans_of(
    models: Models, model: str, texts: Sequence[str], call_id: str
) -> list[list[LabelledSpan]]:
    """What a model for token classification labels in each text. Raises as `labels_of`."""

    def read(item: JsonObject, _answer: JsonObject) -> list[LabelledSpan]:
        entities = as_list(item.get("entities"))
        if entities is None:
            raise _garbage(model)
        return [_span(as_object(one) or {}) for one in entities]

    return await _each(models, Operation.TOKEN_CLASSIFY, model, texts, call_id, read)


def _span(said: JsonObject) -> LabelledSpan:
    start, end = int(cast(int, said.get("start"))), int(cast(int, said.get("end")))
    if not 0 <= start <= end:
        raise ValueError("a span that is none")
    return LabelledSpan(str(said.get("label")), start, end, float(cast(float, said.get("score"))))


async def _each(
    models: Models,
    operation: Operation,
    model: str,
    texts: Sequence[str],
    call_id: str,
    read: Callable[[JsonObject, JsonObject], T],
) -> list[T]:
    found: list[T] = []
    for start in range(0, len(texts), _MOST_AT_ONCE):
        some = texts[start : start + _MOST_AT_ONCE]
        answer = await _ask(models, operation, model, some, call_id)
        items = [as_object(one) or {} for one in as_list(answer.get("data")) or ()]
        if len(items) != len(some):
            raise _garbage(model)
        try:
            found += [read(item, answer) for item in items]
        except (TypeError, ValueError) as error:
            raise _garbage(model) from error
    return found


async def _ask(
    models: Models, operation: Operation, model: str, texts: Sequence[str], call_id: str
) -> JsonObject:
    body: JsonObject = {"model": model, "input": [*texts]}
    asked = models.stream(Request(operation, body), parent=call_id, purpose="guard")
    answer: JsonObject = {}
    async with aclosing(asked) as events:
        async for event in events:
            if isinstance(event, Answer):
                answer = event.data
    return answer


def _vector(value: Json) -> array[float]:
    numbers = array("f")
    if isinstance(value, str):
        numbers.frombytes(base64.b64decode(value))
        if sys.byteorder == "big":
            numbers.byteswap()
    else:
        numbers.extend(cast("list[float]", value))
    return numbers


def _garbage(model: str) -> ProviderProtocolError:
    return ProviderProtocolError(f"{model} did not answer as was asked of it.")
