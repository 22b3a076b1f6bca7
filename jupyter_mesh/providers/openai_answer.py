"""Judging whole answers: what is an answer, what is an error in its clothes, and what it used."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from ..schemas.json import Json, JsonObject, as_list, as_object, as_str, dig
from ..schemas.spend import Usage
from ..schemas.tokens import estimate_all, estimate_tokens
from ..spi.provider import Attempt
from .openai_stream import TEXT_FIELDS
from .openai_usage import usage_from_openai


def usage_of(data: JsonObject, attempt: Attempt) -> Usage:
    """What the answer says it used; an estimate, marked as one, where it says nothing."""
    usage = as_object(data.get("usage"))
    reported = usage_from_openai(usage) if usage is not None else None
    return counted(reported, as_list(data.get("choices")) or (), attempt)


def counted(reported: Usage | None, choices: Sequence[Json], attempt: Attempt) -> Usage:
    """What a whole answer used; estimated, and marked so, where its vendor does not say.

    Args:
        reported: By the vendor. One that counts no output, although there is some, is not believed.
        choices: Of the answer, in OpenAI's shape.
        attempt: What was asked.
    """
    if reported is not None and reported.output:
        return reported
    output = sum(estimate_tokens(text) for choice in choices for text in _written(choice) if text)
    if reported is None:
        return Usage(input=estimate_all(attempt.request.texts()), output=output, estimated=True)
    return replace(reported, output=output, estimated=True) if output else reported


def _written(choice: Json) -> Iterable[str]:
    """Everything that the model wrote: words, thoughts and calls of tools."""
    message = dig(choice, "message")
    # A filter's words are its own, and nobody pays for them.
    filtered = dig(choice, "finish_reason") == "content_filter"
    names = TEXT_FIELDS - {"refusal"} if filtered else TEXT_FIELDS
    words = [dig(choice, "text"), *(dig(message, name) for name in names)]
    functions = [dig(call, "function") for call in as_list(dig(message, "tool_calls")) or []]
    for function in (*functions, dig(message, "function_call")):
        yield as_str(dig(function, "name")) or ""
        yield as_str(dig(function, "arguments")) or ""
    # Some vendors send the same thoughts under two names.
    yield from {word for one in words if (word := as_str(one))}
