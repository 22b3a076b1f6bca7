"""Vectors, as Google's embedding models answer: predictions, or Gemini's own methods."""

from __future__ import annotations

from ...providers.hashed_embedding import hashed_embedding
from ...schemas.json import Json, JsonObject, as_int, as_list, as_str, dig
from ..fake_upstream.behaviour import Behaviour
from ..fake_upstream.dialect import Refusal

_DIMENSIONS = 8


def predictions(body: JsonObject, behaviour: Behaviour) -> JsonObject:
    """The answer of `:predict`."""
    wanted = as_int(dig(body, "parameters", "outputDimensionality")) or _DIMENSIONS
    rows: list[Json] = []
    for instance in as_list(body.get("instances")) or []:
        text = as_str(dig(instance, "content"))
        if text is None:
            raise Refusal(400, "The text content is empty.")
        held = _vector(text, wanted)
        if behaviour.usage_in != "never":
            held["statistics"] = {"truncated": False, "token_count": len(text.split())}
        rows.append({"embeddings": held})
    return {"predictions": rows}


def embedding(body: JsonObject, behaviour: Behaviour) -> JsonObject:
    """The answer of `:embedContent`."""
    text = _text(body)
    usage: JsonObject = {"usageMetadata": _usage([text])} if behaviour.usage_in != "never" else {}
    return {"embedding": _vector(text, _wanted(body)), "truncated": False, **usage}


def batch(body: JsonObject, behaviour: Behaviour) -> JsonObject:
    """The answer of `:batchEmbedContents`."""
    requests = as_list(body.get("requests")) or []
    rows: list[Json] = [_vector(_text(one), _wanted(one)) for one in requests]
    texts = [_text(one) for one in requests]
    usage: JsonObject = {"usageMetadata": _usage(texts)} if behaviour.usage_in != "never" else {}
    return {"embeddings": rows, **usage}


def _vector(text: str, wanted: int) -> JsonObject:
    return {"values": [*hashed_embedding(text, wanted)]}


def _text(request: Json) -> str:
    parts = as_list(dig(request, "content", "parts")) or []
    if not parts:
        raise Refusal(400, "content is required.")
    return " ".join(as_str(dig(part, "text")) or "" for part in parts)


def _wanted(request: Json) -> int:
    return as_int(dig(request, "embedContentConfig", "outputDimensionality")) or _DIMENSIONS


def _usage(texts: list[str]) -> JsonObject:
    read = sum(len(text.split()) for text in texts)
    return {"promptTokenCount": read, "totalTokenCount": read}
