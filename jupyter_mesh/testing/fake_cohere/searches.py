"""Vectors and rankings, as Cohere would send them."""

from __future__ import annotations

from ...providers.hashed_embedding import as_base64, hashed_embedding
from ...schemas.json import Json, JsonObject, as_int, as_list, as_str
from ..fake_upstream.behaviour import Behaviour

_DIMENSIONS = 8
_DOCUMENTS_OF_A_SEARCH = 100


def vectors(body: JsonObject, behaviour: Behaviour, number: int) -> JsonObject:
    """The answer of `/v2/embed`."""
    if behaviour.answer is not None:
        return dict(behaviour.answer)
    texts = [one for one in as_list(body.get("texts")) or [] if isinstance(one, str)]
    dimensions = as_int(body.get("output_dimension")) or _DIMENSIONS
    made = [hashed_embedding(text, dimensions) for text in texts]
    embeddings: JsonObject = {
        str(kind): [_as(str(kind), vector) for vector in made]
        for kind in as_list(body.get("embedding_types")) or ["float"]
    }
    answer: JsonObject = {
        "id": f"fake-{number}",
        "embeddings": embeddings,
        "texts": [*texts],
        "response_type": "embeddings_by_type",
    }
    read = sum(len(text.split()) for text in texts)
    meta: JsonObject = {"api_version": {"version": "2"}}
    if behaviour.usage_in != "never":
        meta["billed_units"] = {"input_tokens": read}
    return {**answer, "meta": meta}


def ranking(body: JsonObject, behaviour: Behaviour, number: int) -> JsonObject:
    """The answer of `/v2/rerank`: documents ordered by the words they share with the query."""
    if behaviour.answer is not None:
        return dict(behaviour.answer)
    query = set((as_str(body.get("query")) or "").split())
    documents = as_list(body.get("documents")) or []
    scored = [
        (index, len(query & set(str(document).split())) / max(1, len(query)))
        for index, document in enumerate(documents)
    ]
    scored.sort(key=lambda one: -one[1])
    results: list[Json] = [{"index": index, "relevance_score": score} for index, score in scored]
    units = -(-len(documents) // _DOCUMENTS_OF_A_SEARCH)
    return {
        "id": f"fake-{number}",
        "results": results[: as_int(body.get("top_n"))],
        "meta": {"api_version": {"version": "2"}, "billed_units": {"search_units": units}},
    }


def _as(kind: str, vector: list[float]) -> Json:
    if kind == "float":
        return [*vector]
    if kind == "base64":
        return as_base64(vector)
    if kind in ("int8", "uint8"):
        return [round(100 * abs(one)) for one in vector]
    return [0 for _ in range(0, len(vector), 8)]  # a bit for each number
