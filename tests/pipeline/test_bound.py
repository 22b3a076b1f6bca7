"""The most a call may cost: what reservations, estimates and dry runs are made of."""

from __future__ import annotations

from decimal import Decimal

import pytest

from jupyter_mesh.pipeline.bound import capped, cost_bound, estimated_cost, output_bound
from jupyter_mesh.schemas.json import JsonObject
from jupyter_mesh.schemas.request import Operation, Request, parse_request
from jupyter_mesh.schemas.spend import Price

from .world import candidate, chat, pipeline

AUDIO: JsonObject = {"type": "input_audio", "input_audio": {"data": "AAAA", "format": "wav"}}
IMAGE: JsonObject = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}
TEXT: JsonObject = {"type": "text", "text": "Hi"}
KEPT: JsonObject = {"cache_control": {"type": "ephemeral", "ttl": "1h"}}
HOUR: JsonObject = {**TEXT, **KEPT}


def completion(**fields: object) -> Request:
    return parse_request(Operation.COMPLETION, {"model": "a/m", "prompt": "Hi", **fields})


def parts(*content: JsonObject, **fields: object) -> Request:
    messages = [{"role": "user", "content": [*content]}]
    return parse_request(Operation.CHAT, {"model": "a/m", "messages": messages, **fields})


@pytest.mark.parametrize(
    ("request_", "max_output", "window", "longest", "bound"),
    [
        (chat(), None, None, None, None),
        (chat(), None, None, 2048, 2048),
        (chat(), 500, None, 2048, 500),
        (chat(), None, 8192, None, 8192),
        (chat(), 500, 8192, None, 500),
        (chat(max_tokens=7), 500, 8192, 2048, 7),
        (chat(max_tokens=7, n=3), 500, 8192, 2048, 21),
        (chat(max_tokens=9000), 500, None, None, 500),
        (chat(max_tokens=100_000, max_completion_tokens=1), None, None, None, 100_000),
        (completion(prompt=["a"] * 100, best_of=20, max_tokens=10), None, None, None, 20_000),
        (parse_request(Operation.EMBEDDING, {"model": "a/m", "input": "x"}), None, None, None, 0),
    ],
)
def test_what_may_be_written_at_most(
    request_: Request,
    max_output: int | None,
    window: int | None,
    longest: int | None,
    bound: int | None,
) -> None:
    facts = candidate("a/m", max_output=max_output, context_window=window).facts
    assert output_bound(request_, facts, longest) == bound


@pytest.mark.parametrize(
    ("request_", "price", "cost"),
    [
        (parts(TEXT), {}, "0.0011"),
        (parts(TEXT), {"input_audio": 100, "input_image": 50, "output_audio": 200}, "0.0011"),
        (parts(AUDIO), {"input_audio": 100}, "0.011"),
        (parts(AUDIO), {"input_image": 100}, "0.0011"),
        (parts(AUDIO), {"input_audio": "0.5"}, "0.0011"),
        (parts(TEXT, IMAGE), {"input_image": 50}, "0.006"),
        (parts(IMAGE, AUDIO), {"input_image": 50, "input_audio": 100}, "0.011"),
        (parts(TEXT, modalities=["text", "audio"]), {"output_audio": 200}, "0.0201"),
        (parts(TEXT, modalities=["text"]), {"output_audio": 200}, "0.0011"),
        (parts(TEXT), {"reasoning": 40}, "0.0041"),
        (parts(TEXT), {"cache_read": "0.1", "cache_write": "1.25"}, "0.001125"),
        (parts(TEXT), {"cache_write": "1.25", "cache_write_1h": "2"}, "0.001125"),
        (parts(HOUR), {"cache_write": "1.25", "cache_write_1h": "2"}, "0.0012"),
        (parts(TEXT, **KEPT), {"cache_write": "1.25", "cache_write_1h": "2"}, "0.0012"),
        (parts(TEXT), {"per_request": 1}, "1.0011"),
    ],
)
def test_the_dearest_class_that_a_request_uses_counts(
    request_: Request, price: dict[str, object], cost: str
) -> None:
    """100 tokens in at $1 and 100 out at $10 per million, where nothing dearer is used."""
    listed = Price(
        input=Decimal(1),
        output=Decimal(10),
        **{name: Decimal(str(rate)) for name, rate in price.items()},  # pyright: ignore[reportArgumentType]
    )
    facts = candidate("a/m", max_output=100).facts
    assert cost_bound(request_, 100, facts, listed) == Decimal(cost)


def test_a_price_for_long_prompts_counts_from_its_length_on() -> None:
    long = Price(input=Decimal(2), output=Decimal(20))
    price = Price(input=Decimal(1), output=Decimal(10), above=((1000, long),))
    facts = candidate("a/m", max_output=100).facts
    assert cost_bound(chat(), 1000, facts, price) == Decimal("0.002")
    assert cost_bound(chat(), 1001, facts, price) == Decimal("0.004002")


@pytest.mark.parametrize(("output", "bounded"), [("0", True), ("0.1", False)])
def test_nobody_knows_the_cost_of_an_answer_that_nobody_bounds(output: str, bounded: bool) -> None:
    price = Price(input=Decimal(1), output=Decimal(output))
    cost = cost_bound(chat(), 100, candidate("a/m").facts, price)
    assert cost == (Decimal("0.0001") if bounded else None)


@pytest.mark.parametrize(
    ("fields", "sent"),
    [
        ({}, {"max_tokens": 990}),
        ({"max_tokens": 10}, {"max_tokens": 10}),
        ({"max_tokens": 5000}, {"max_tokens": 990}),
        ({"max_completion_tokens": 5000}, {"max_completion_tokens": 990}),
        (
            {"max_completion_tokens": 5000, "max_tokens": 7},
            {"max_completion_tokens": 990, "max_tokens": 7},
        ),
        ({"n": 3}, {"max_tokens": 330}),
        ({"n": 3, "max_tokens": 331}, {"max_tokens": 330}),
        ({"n": 128}, {"max_tokens": 7}),
    ],
)
def test_a_cap_leaves_what_room_pays_for_after_the_prompt(
    fields: dict[str, int], sent: dict[str, int]
) -> None:
    """$0.01 are 1,000 tokens out, or 990 beside 100 tokens in."""
    world = pipeline(candidate("a/m"))
    call = world.call(chat(**fields), input_bound=100)
    call.candidates = world.snapshot.behind("a/m")
    body = capped(call, Decimal("0.01")).body
    assert {name: value for name, value in body.items() if name.startswith("max_")} == sent


def test_a_cap_without_room_leaves_one_token_for_the_ledger_to_refuse() -> None:
    world = pipeline(candidate("a/m"))
    call = world.call(chat(), input_bound=100, candidates=world.snapshot.behind("a/m"))
    assert capped(call, Decimal("0.00001")).max_tokens == 1
    assert capped(call, Decimal(-1)).max_tokens == 1


@pytest.mark.parametrize(
    ("prices", "fields", "cost"),
    [
        ((1, 10), {}, "0.02058"),
        ((10, 1), {}, "0.02058"),
        ((10,), {"max_tokens": 8}, "0.00018"),
        ((10,), {"max_tokens": 100_000}, "0.02058"),
        ((None, 1), {}, "0.002148"),
        ((None,), {}, None),
        ((0,), {}, "0.0001"),
    ],
)
def test_an_estimate_is_of_an_answer_of_usual_length_by_the_dearest_candidate(
    prices: tuple[int | None, ...], fields: dict[str, int], cost: str | None
) -> None:
    listed = [
        None if out is None else Price(input=Decimal(1), output=Decimal(out)) for out in prices
    ]
    candidates = tuple(candidate(f"a/{n}", price=price) for n, price in enumerate(listed))
    call = pipeline().call(chat(**fields), candidates=candidates, input_bound=100)
    assert estimated_cost(call) == (None if cost is None else Decimal(cost))
