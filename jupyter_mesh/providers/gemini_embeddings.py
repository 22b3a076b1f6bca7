"""Embeddings of Google's models on Google Vertex AI.

Which model is asked in which way is taken from Google's client, `google-genai`: Gemini's embedding
models have methods of their own, the older ones are asked for predictions.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from struct import pack

from ..outbound.faults import Faults
from ..schemas.json import Json, JsonObject, as_list, as_object, dig
from ..schemas.spend import Usage
from ..spi.provider import Attempt
from .converted import embedding_answer
from .gemini_answer import usage_from_gemini
from .parameters import take
from .remote_config import Unsupported
from .wire_format import Outgoing, Whole

_READ = frozenset({"input", "encoding_format", "dimensions", "task_type", "auto_truncate"})


def embedding_request(
    attempt: Attempt, resource: str, *, unsupported: Unsupported, who: str
) -> Outgoing:
    """Ask for vectors of the texts in `input`.

    Args:
        attempt: What is asked; `task_type` and `auto_truncate` are Google's own parameters.
        resource: The model's address.
        unsupported: What becomes of parameters that it does not have.
        who: The connection, as messages call it.

    Raises:
        InvalidRequest: The input is token numbers.
        UnsupportedParameter: It asks for what cannot be done here.
    """
    attempt.request.require_text()
    body = attempt.request.body
    _, dropped = take(body, {}, read=_READ, unsupported=unsupported, who=who)
    value = body.get("input")
    texts = [one for one in as_list(value) or [value] if isinstance(one, str)]
    path, sent = _call(attempt.model, resource, body, texts)
    return Outgoing(path=path, body=sent, dropped=dropped)


def _call(
    model: str, resource: str, body: JsonObject, texts: Sequence[str]
) -> tuple[str, JsonObject]:
    if "gemini" not in model:
        return f"v1/{resource}:predict", _predict(body, texts)
    if len(texts) == 1:
        return f"v1/{resource}:embedContent", _embed(body, texts[0])
    requests: list[Json] = [_embed(body, text) for text in texts]
    return f"v1beta1/{resource}:batchEmbedContents", {"requests": requests}  # not in v1 yet


def _predict(body: JsonObject, texts: Sequence[str]) -> JsonObject:
    task: JsonObject = {"task_type": body["task_type"]} if body.get("task_type") else {}
    parameters: JsonObject = {}
    if body.get("dimensions") is not None:
        parameters["outputDimensionality"] = body["dimensions"]
    if body.get("auto_truncate") is not None:
        parameters["autoTruncate"] = body["auto_truncate"]
    sent: JsonObject = {"instances": [{"content": text, **task} for text in texts]}
    return {**sent, "parameters": parameters} if parameters else sent


def _embed(body: JsonObject, text: str) -> JsonObject:
    names = {
        "task_type": "taskType",
        "dimensions": "outputDimensionality",
        "auto_truncate": "autoTruncate",
    }
    settings = {theirs: body[ours] for ours, theirs in names.items() if body.get(ours) is not None}
    sent: JsonObject = {"content": {"role": "user", "parts": [{"text": text}]}}
    return {**sent, "embedContentConfig": settings} if settings else sent


def embedding_vectors(data: JsonObject, attempt: Attempt, faults: Faults) -> Whole:
    """Read the vectors, whichever way they were asked for.

    Raises:
        ProviderProtocolError: There are none.
    """
    rows = as_list(data.get("predictions")) or as_list(data.get("embeddings"))
    if rows is None:
        rows = [data.get("embedding")]
    held = [as_object(dig(row, "embeddings")) or as_object(row) or {} for row in rows]
    vectors = [as_list(one.get("values")) for one in held]
    if None in vectors or not vectors:
        raise faults.protocol("sent an answer without the vectors")
    packed = attempt.request.body.get("encoding_format") == "base64"
    shown: list[Json] = [_packed(one) if packed else one for one in vectors if one is not None]
    return embedding_answer(attempt, shown, _read(data, held))


def _read(data: JsonObject, held: Sequence[JsonObject]) -> Usage | None:
    counted = [dig(one, "statistics", "token_count") for one in held]
    tokens = [int(one) for one in counted if isinstance(one, int | float)]
    if len(tokens) == len(held):
        return Usage(input=sum(tokens))
    return usage_from_gemini(data.get("usageMetadata"))


def _packed(vector: Sequence[Json]) -> str:
    numbers = [one for one in vector if isinstance(one, int | float)]
    return base64.b64encode(pack(f"<{len(numbers)}f", *numbers)).decode()
