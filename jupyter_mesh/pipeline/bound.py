"""The most a call may read, write and cost, while nobody knows: what is reserved for it, what it is
charged when nobody can say more, and what a dry run says.
"""

from __future__ import annotations

from decimal import Decimal
from itertools import chain

from ..schemas.catalog import ModelFacts
from ..schemas.json import as_int, as_list, as_object, dig
from ..schemas.request import OUTPUT_LIMITS, Operation, Request
from ..schemas.searches import most_searches
from ..schemas.spend import Price, plain_cost
from .call import Call

USUAL_OUTPUT = 2048
"""Tokens of a long answer: what is assumed of one that nobody bounds."""
_MILLION = Decimal(1_000_000)


def writes(request: Request) -> bool:
    """Whether the answer is text, whose length nobody knows beforehand."""
    return request.operation in (Operation.CHAT, Operation.COMPLETION)


def output_bound(request: Request, facts: ModelFacts, longest: int | None = None) -> int | None:
    """Output tokens of all answers together at most; None where nobody bounds them.

    Args:
        request: What is asked.
        facts: Of the model that answers.
        longest: Tokens of one answer beyond which nothing is counted.
    """
    if not writes(request):
        return 0
    bound = request.max_tokens
    for limit in (facts.max_output, facts.context_window, longest):
        if limit and (bound is None or limit < bound):
            bound = limit
    return None if bound is None else bound * request.answers


def cost_bound(
    request: Request,
    input_bound: int,
    facts: ModelFacts,
    price: Price,
    longest: int | None = None,
) -> Decimal | None:
    """USD at most, every token being of the dearest class the request may use; None where nobody
    bounds its output. `longest` as in `output_bound`.
    """
    output = output_bound(request, facts, longest)
    rates = _dearest(request, price.at(input_bound))
    if output is None and rates.output:
        return None
    more = _more_requests(request, input_bound) if price.per_request else 0
    return plain_cost(input_bound, output or 0, rates, more)


def tokens_cost(request: Request, input: int, output: int, price: Price) -> Decimal:
    """USD for so many tokens, every one of the dearest class the request may use."""
    more = _more_requests(request, input) if price.per_request else 0
    return plain_cost(input, output, _dearest(request, price.at(input)), more)


def estimated_cost(call: Call) -> Decimal | None:
    """USD a call is charged when the gateway dies and nobody can say more: on the dearest
    candidate, with an answer of usual length. None where no price is known.
    """
    dearest: Decimal | None = None
    for facts in [one.facts for one in call.candidates]:
        if facts.price is not None:
            cost = cost_bound(call.request, call.input_bound, facts, facts.price, USUAL_OUTPUT)
            if cost is not None and (dearest is None or cost > dearest):
                dearest = cost
    return dearest


def capped(call: Call, room: Decimal) -> Request:
    """The request, its answers no longer than `room` USD pay for on any candidate, by whichever
    limits it has already. At least a token is left: what has no room is refused, not cut.
    """
    request = call.request
    caps: list[int] = []
    for facts in (candidate.facts for candidate in call.candidates):
        if facts.price is None:
            continue
        rate = _dearest(request, facts.price.at(call.input_bound))
        left = room - plain_cost(call.input_bound, 0, rate)
        if rate.output:
            caps.append(max(1, int(left * _MILLION / (rate.output * request.answers))))
    if not caps:
        return request
    most = min(caps)
    given = {name: as_int(request.body.get(name)) for name in OUTPUT_LIMITS}
    limits = {name: min(most, limit) for name, limit in given.items() if limit is not None}
    return request.with_body(**(limits or {"max_tokens": most}))


def _more_requests(request: Request, tokens: int) -> int:
    """As how many requests beyond one a vendor charges it at most."""
    if request.operation is not Operation.RERANK:
        return 0
    return most_searches(request.body.get("documents"), tokens) - 1


def _dearest(request: Request, price: Price) -> Price:
    """A price that charges every token as the dearest class the request may use."""
    if not (
        price.cache_write
        or price.cache_write_1h
        or price.input_audio
        or price.input_image
        or price.reasoning
        or price.output_audio
    ):
        return price
    kinds = _kinds(request)
    spoken = "audio" in (as_list(request.body.get("modalities")) or [])
    read = (
        price.input,
        price.cache_write,
        price.cache_write_1h if price.cache_write_1h and _kept_an_hour(request) else None,
        price.input_audio if "audio" in kinds else None,
        price.input_image if "image" in kinds else None,
    )
    written = (price.output, price.reasoning, price.output_audio if spoken else None)
    return Price(
        input=max(rate for rate in read if rate is not None),
        output=max(rate for rate in written if rate is not None),
        per_request=price.per_request,
    )


def _kept_an_hour(request: Request) -> bool:
    """Whether a part of the prompt is marked to be cached for an hour."""
    messages = as_list(request.body.get("messages")) or []
    parts = (part for message in messages for part in as_list(dig(message, "content")) or [])
    tools = as_list(request.body.get("tools")) or []
    marked = chain((request.body,), messages, tools, parts)
    return any(dig(one, "cache_control", "ttl") == "1h" for one in marked)


def _kinds(request: Request) -> set[str]:
    """Which of `audio` and `image` stand in the request, by the names of its parts."""
    parts = (
        str(dig(part, "type"))
        for message in as_list(request.body.get("messages")) or []
        for part in as_list((as_object(message) or {}).get("content")) or []
    )
    return {kind for part in parts for kind in ("audio", "image") if kind in part}
