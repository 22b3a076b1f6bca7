"""Keeping one call below a price: checked before anything is sent, and capped while it runs."""

from __future__ import annotations

from decimal import ROUND_FLOOR, Decimal
from typing import TYPE_CHECKING

from ..schemas.json import Json
from ..schemas.request import OUTPUT_LIMITS
from .api import Api
from .errors import MeshClientError
from .figures import dollars

if TYPE_CHECKING:
    from ..schemas.api import DryRun
    from .call import ChatCall

_FEWEST_TOKENS = 16


async def within(api: Api, call: ChatCall, limit: Decimal) -> ChatCall:
    """`call`, with its output limited so that it cannot cost more than `limit` USD.

    The dearest model that may answer counts, not the likeliest.

    Raises:
        MeshClientError: The prompt alone costs more, or a price is unknown (`too_expensive`).
    """
    dry_run = await api.dry_run(call)
    each = _output_room(dry_run, limit) // call.answers
    wanted = dry_run.max_output_tokens // call.answers
    if each < min(_FEWEST_TOKENS, wanted):
        raise MeshClientError(
            f"This call may cost more than {dollars(limit)}: "
            f"{dry_run.input_tokens:,} input tokens leave room for {each:,} output tokens. "
            "Shorten the prompt, choose a cheaper model or raise the limit.",
            code="too_expensive",
        )
    given = {name: call.parameters.get(name) for name in OUTPUT_LIMITS}
    limits: dict[str, Json] = {
        name: min(tokens, each) for name, tokens in given.items() if isinstance(tokens, int)
    }
    # Without a limit of its own it might write more than the dry run could know of.
    return call.with_parameters(**(limits or {"max_tokens": each}))


def _output_room(dry_run: DryRun, limit: Decimal) -> int:
    """Output tokens that fit below the limit beside the input, whichever model answers.

    The cost of each model grows evenly with its output, so that of the dearest never lies above
    the straight line between no output and the most.
    """
    least, most = dry_run.max_input_cost_usd, dry_run.max_cost_usd
    if least is None or most is None:
        raise MeshClientError(
            f"The price of {' or '.join(dry_run.candidates or [dry_run.model])} is unknown, so a "
            f"limit of {dollars(limit)} cannot be held: choose a priced model or leave the limit "
            "out.",
            code="too_expensive",
        )
    if most <= limit:
        return dry_run.max_output_tokens
    if least >= limit:
        return 0
    room = dry_run.max_output_tokens * (limit - least) / (most - least)
    return int(room.to_integral_value(ROUND_FLOOR))
