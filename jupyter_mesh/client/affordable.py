"""Keeping one call below a price: checked before anything is sent, and capped while it runs."""

from __future__ import annotations

from decimal import ROUND_FLOOR, Decimal
from typing import TYPE_CHECKING

from .api import Api
from .errors import MeshClientError

if TYPE_CHECKING:
    from ..schemas.api import DryRun, ModelCard, PriceCard
    from .call import ChatCall

_FEWEST_TOKENS = 16
_MILLION = Decimal(1_000_000)


async def within(api: Api, call: ChatCall, limit: Decimal) -> ChatCall:
    """`call`, with its output limited so that it cannot cost more than `limit` USD.

    The dearest model that may answer counts, not the likeliest.

    Raises:
        MeshClientError: The prompt alone costs more, or a price is unknown (`too_expensive`).
    """
    dry_run = await api.dry_run(call)
    if dry_run.max_cost_usd is not None and dry_run.max_cost_usd <= limit:
        return call
    cards = {card.id: card for card in (await api.models()).models}
    room = _output_room(dry_run, _prices(dry_run, cards, limit), limit)
    if room < min(_FEWEST_TOKENS, dry_run.max_output_tokens):
        raise MeshClientError(
            f"This call may cost more than ${limit}: "
            f"{dry_run.input_tokens} input tokens leave room for {room} output tokens. "
            "Shorten the prompt, choose a cheaper model or raise the limit.",
            code="too_expensive",
        )
    wanted = call.max_tokens or dry_run.max_output_tokens
    field = "max_completion_tokens" if "max_completion_tokens" in call.parameters else "max_tokens"
    return call.with_parameters(**{field: min(wanted, room)})


def _prices(dry_run: DryRun, cards: dict[str, ModelCard], limit: Decimal) -> list[PriceCard]:
    prices: list[PriceCard] = []
    for model in dry_run.candidates or [dry_run.model]:
        card = cards.get(model)
        if card is None or card.price is None:
            raise MeshClientError(
                f"The price of {model} is unknown, so a limit of ${limit} cannot be held: "
                "choose a priced model or leave the limit out.",
                code="too_expensive",
            )
        prices.append(card.price)
    return prices


def _output_room(dry_run: DryRun, prices: list[PriceCard], limit: Decimal) -> int:
    """Output tokens that fit below the limit beside the input, whichever model answers."""
    input = _input_bound(dry_run, prices)
    rooms = [dry_run.max_output_tokens]
    for price in prices:
        left = limit - price.input * input / _MILLION
        if left < 0:
            return 0
        if price.output > 0:
            rooms.append(int((left * _MILLION / price.output).to_integral_value(ROUND_FLOOR)))
    return min(rooms)


def _input_bound(dry_run: DryRun, prices: list[PriceCard]) -> Decimal:
    """Most input tokens: what the dearest model's maximum leaves beside its output.

    The gateway says how many they probably are; its maximum counts the most they can be.
    """
    most = dry_run.max_cost_usd or Decimal(0)
    return min(
        (
            (most * _MILLION - price.output * dry_run.max_output_tokens) / price.input
            for price in prices
            if price.input > 0
        ),
        default=Decimal(0),
    )
