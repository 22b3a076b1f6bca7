"""Answers of `InvokeModel`: embeddings and rankings, each in its vendor's shape."""

from __future__ import annotations

from ...providers.hashed_embedding import hashed_embedding
from ...schemas.json import Json, JsonObject, as_int, as_list, as_str, dig
from ..fake_upstream.dialect import Refusal

_DIMENSIONS = 8


def invoked(model: str, body: JsonObject) -> JsonObject | None:
    """The answer; None: no such model.

    Raises:
        Refusal: The body is not of that model's shape.
    """
    if "rerank" in model:
        return _ranking(model, body)
    if "cohere.embed" in model:
        size = as_int(body.get("output_dimension")) or _DIMENSIONS
        texts = [one for one in as_list(body.get("texts")) or [] if isinstance(one, str)]
        if not 0 < len(texts) <= 96 or "input_type" not in body:
            raise Refusal(400, "Malformed input request, please reformat your input and try again.")
        vectors: list[Json] = [[*hashed_embedding(text, size)] for text in texts]
        return {"id": "1", "embeddings": {"float": vectors}, "response_type": "embeddings_by_type"}
    if "nova" in model:
        asked = dig(body, "singleEmbeddingParams")
        text = as_str(dig(asked, "text", "value")) or ""
        vector = hashed_embedding(text, as_int(dig(asked, "embeddingDimension")) or _DIMENSIONS)
        return {"embeddings": [{"embeddingType": "TEXT", "embedding": [*vector]}]}
    if "titan-embed" in model:
        return _titan(body)
    return None


def words_in(body: JsonObject) -> int:
    """How many words a body has: what `X-Amzn-Bedrock-Input-Token-Count` says."""
    texts = [*(as_list(body.get("texts")) or []), *(as_list(body.get("documents")) or [])]
    own = (
        body.get("query"),
        body.get("inputText"),
        dig(body, "singleEmbeddingParams", "text", "value"),
    )
    return sum(len(str(text).split()) for text in [*filter(None, own), *texts])


def _titan(body: JsonObject) -> JsonObject:
    if extra := body.keys() - {"inputText", "dimensions", "normalize", "embeddingTypes"}:
        raise Refusal(
            400, f"Malformed input request: extraneous key [{min(extra)}] is not permitted."
        )
    text = as_str(body.get("inputText"))
    if not text:
        raise Refusal(400, "Malformed input request: #/inputText: expected minLength: 1.")
    vector = hashed_embedding(text, as_int(body.get("dimensions")) or _DIMENSIONS)
    return {"embedding": [*vector], "inputTextTokenCount": len(text.split())}


def _ranking(model: str, body: JsonObject) -> JsonObject:
    if "cohere." in model and body.get("api_version") != 2:
        raise Refusal(400, "Malformed input request: required key [api_version] not found.")
    query = set((as_str(body.get("query")) or "").split())
    scores = [
        (len(query & set(str(text).split())) / max(1, len(query)), index)
        for index, text in enumerate(as_list(body.get("documents")) or [])
    ]
    results: list[Json] = [
        {"index": index, "relevance_score": score}
        for score, index in sorted(scores, key=lambda pair: -pair[0])
    ]
    return {"results": results[: as_int(body.get("top_n"))]}
