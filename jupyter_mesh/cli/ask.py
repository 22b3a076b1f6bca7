"""`jupyter mesh ask` and `jupyter mesh models`."""

from __future__ import annotations

import sys
from argparse import Namespace

from ..client import Answer, AsyncMesh
from ..client.answer import answer_payload
from ..client.figures import dollars, duration
from ..client.tables import offered_price
from ..schemas.api import ModelCard
from .gateway import ask_gateway
from .outcome import REFUSED, Output


def ask(arguments: Namespace, output: Output) -> int:
    """Stream the answer; then, to standard error, what it took, and why a filter ended it."""
    prompt: str = sys.stdin.read() if arguments.prompt == "-" else arguments.prompt

    async def work(mesh: AsyncMesh) -> Answer:
        stream = await mesh.stream(
            prompt,
            model=arguments.model,
            system=arguments.system,
            purpose=arguments.purpose,
            max_cost=arguments.max_cost,
            cache=not arguments.no_cache,
            max_tokens=arguments.max_tokens,
        )
        async for text in stream:
            if not output.as_json:
                output.piece(text)
        return stream.answer

    answer = ask_gateway(arguments, work)
    if output.as_json:
        output.value(answer_payload(answer, "done"))
    else:
        if answer.text or not answer.blocked:
            output.line()
        if answer.blocked:
            output.aside(answer.blocked)
        output.aside(_footer(answer))
    return REFUSED if answer.blocked else 0


def _footer(answer: Answer) -> str:
    parts = [answer.model or answer.requested_model]
    if answer.usage is not None:
        estimated = "≈" if answer.usage.estimated else ""
        parts.append(f"{estimated}{answer.usage.input:,} + {answer.usage.output:,} tokens")
    parts.append("price unknown" if answer.cost is None else dollars(answer.cost))
    parts.append(duration(answer.elapsed))
    parts += [one.message for one in answer.notices if one.message != answer.blocked]
    return " · ".join(parts)


def models(arguments: Namespace, output: Output) -> int:
    """A line for each model, and what could be connected."""

    async def work(mesh: AsyncMesh) -> int:
        catalogue = await mesh.api.models()
        if output.as_json:
            output.value(catalogue.model_dump(mode="json"))
            return 0
        heads = ("model", "in per 1M", "out per 1M", "context", "where", "")
        output.table(heads, [_row(card, catalogue.default_model) for card in catalogue.models])
        for offer in catalogue.offers:
            output.aside(f"found, not connected: {offer.title}; {offered_price(offer)}")
        return 0

    return ask_gateway(arguments, work)


def _row(card: ModelCard, default: str | None) -> tuple[object, ...]:
    price = card.price
    remarks = [
        "default" if card.id == default else "",
        "offline demo, not a language model" if card.offline_demo else "",
        "" if card.healthy else "not answering",
        f"= {', '.join(card.targets)}" if card.kind == "alias" else "",
    ]
    return (
        card.id,
        dollars(price.input) if price else "?",
        dollars(price.output) if price else "?",
        "?" if card.context_window is None else f"{card.context_window:,}",
        card.residency,
        "; ".join(filter(None, remarks)),
    )
