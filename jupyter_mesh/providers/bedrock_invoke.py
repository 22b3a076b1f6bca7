"""Embeddings and rankings by Bedrock's InvokeModel, where each family of models has a body of its
own.

Source: Bedrock User Guide, "Inference request parameters and response fields for foundation
models" (Titan Embeddings, Cohere Embed, Nova Multimodal Embeddings, rerankers).
"""

from __future__ import annotations

from dataclasses import replace

from ..errors import InvalidRequest, UnsupportedParameter
from ..outbound.faults import Faults
from ..schemas.json import Json, JsonObject, as_int, as_list, as_object, as_str, dig
from ..schemas.searches import searches_of
from ..schemas.spend import Usage
from ..spi.provider import Attempt
from .bedrock_models import plain_name
from .converted import embedding_answer, estimated, ranking_answer
from .hashed_embedding import as_base64
from .wire_format import Whole

TOKENS_READ = "inputTextTokenCount"
"""Titan's field; where a model's answer has none, the number in `TOKENS_HEADER` is put there."""
TOKENS_HEADER = "X-Amzn-Bedrock-Input-Token-Count"

_MOST_TEXTS = 96
"""In one call of Cohere's."""


def texts_at_once(model: str) -> int:
    """How many texts the model embeds in one call."""
    return _MOST_TEXTS if plain_name(model).startswith("embed-") else 1


def inputs_of(body: JsonObject) -> list[str]:
    """The texts to embed.

    Raises:
        UnsupportedParameter: They are token numbers.
    """
    value = body.get("input")
    items = as_list(value) if isinstance(value, list) else [value]
    texts = [one for one in items or [] if isinstance(one, str)]
    if not texts or len(texts) != len(items or []):
        raise UnsupportedParameter(
            "Bedrock embeds text, not token numbers: send `input` as strings.", param="input"
        )
    return texts


def embedding_body(body: JsonObject, model: str) -> JsonObject:
    """The body for InvokeModel."""
    texts, dimensions = inputs_of(body), as_int(body.get("dimensions"))
    name = plain_name(model)
    if name.startswith("embed-"):
        return _cohere(body, texts, dimensions, model)
    if name.startswith("nova"):
        text: JsonObject = {"truncationMode": "NONE", "value": texts[0]}
        wanted: JsonObject = {"embeddingPurpose": "GENERIC_INDEX", "text": text}
        if dimensions is not None:
            wanted["embeddingDimension"] = dimensions
        return {"taskType": "SINGLE_EMBEDDING", "singleEmbeddingParams": wanted}
    titan: JsonObject = {"inputText": texts[0]}
    if dimensions is None:
        return titan
    if name.startswith("titan-embed-image"):
        return {**titan, "embeddingConfig": {"outputEmbeddingLength": dimensions}}
    if "-v1" in name or "g1" in name:
        raise _fixed_size(model)
    return {**titan, "dimensions": dimensions}


def _cohere(body: JsonObject, texts: list[str], dimensions: int | None, model: str) -> JsonObject:
    cohere: JsonObject = {
        "texts": [*texts],
        "input_type": as_str(body.get("input_type")) or "search_document",
        "embedding_types": ["float"],
    }
    if dimensions is not None:
        if "v4" not in model:
            raise _fixed_size(model)
        cohere["output_dimension"] = dimensions
    return cohere


def _fixed_size(model: str) -> UnsupportedParameter:
    return UnsupportedParameter(
        f"The vectors of {model} have one size: leave `dimensions` out, or choose a model such as "
        "amazon.titan-embed-text-v2:0.",
        param="dimensions",
    )


def vectors_of(data: JsonObject, faults: Faults) -> list[Json]:
    """The vectors in an answer.

    Raises:
        ProviderProtocolError: There are none.
    """
    if (one := as_list(data.get("embedding"))) is not None:
        return [one]
    found = as_list(data.get("embeddings")) or as_list(dig(data, "embeddings", "float"))
    if not found:
        raise faults.protocol("sent an answer without an embedding")
    if as_object(found[0]) is not None:
        return [dig(one, "embedding") for one in found]
    return found


def embedding_whole(data: JsonObject, attempt: Attempt, faults: Faults) -> Whole:
    """The answer, in OpenAI's shape."""
    tokens = as_int(data.get(TOKENS_READ))
    usage = None if tokens is None else Usage(input=tokens)
    vectors = vectors_of(data, faults)
    if attempt.request.body.get("encoding_format") == "base64":
        vectors = [as_base64(_numbers(vector)) for vector in vectors]
    return embedding_answer(attempt, vectors, usage)


def _numbers(vector: Json) -> list[float]:
    return [float(one) for one in as_list(vector) or [] if isinstance(one, int | float)]


def ranking_body(body: JsonObject, model: str) -> JsonObject:
    """The body for InvokeModel.

    Raises:
        InvalidRequest: There is no query, or no document.
    """
    query, documents = as_str(body.get("query")), as_list(body.get("documents"))
    if query is None or not documents:
        raise InvalidRequest("A ranking needs `query` and `documents`.", param="documents")
    texts: list[Json] = [
        one if isinstance(one, str) else as_str(dig(one, "text")) or "" for one in documents
    ]
    wanted: JsonObject = {"query": query, "documents": texts}
    if (top := as_int(body.get("top_n"))) is not None:
        wanted["top_n"] = top
    return {**wanted, "api_version": 2} if "cohere." in model else wanted


def ranking_whole(data: JsonObject, attempt: Attempt, faults: Faults) -> Whole:
    """The answer, in the shape that vLLM's `/rerank` has."""
    rows = as_list(data.get("results"))
    if rows is None:
        raise faults.protocol("sent an answer without 'results'")
    scores: list[tuple[int, float]] = []
    for row in rows:
        index, score = as_int(dig(row, "index")), dig(row, "relevance_score")
        if index is not None and isinstance(score, int | float):
            scores.append((index, float(score)))
    tokens = as_int(data.get(TOKENS_READ))
    usage = estimated(attempt) if tokens is None else Usage(input=tokens)
    more = searches_of(attempt.request.body.get("documents")) - 1  # it does not say
    return ranking_answer(attempt, scores, replace(usage, more_requests=more))
