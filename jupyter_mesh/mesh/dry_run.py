"""What a call would do, without doing it: the steps before Budget, and the arithmetic of Price."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from ..errors import Blocked
from ..pipeline.authorize import authorize
from ..pipeline.call import Call
from ..pipeline.resolve import resolve
from ..pipeline.screen import screen
from ..pipeline.snapshot import Candidate
from ..schemas.api import DryRun
from ..schemas.request import Operation
from ..schemas.spend import Usage, cost_of
from ..schemas.tokens import estimate_all

_TYPICAL_OUTPUT = 256
"""Tokens of an answer nobody bounded, for the middle estimate."""
_LONGEST_OUTPUT = 2048


async def dry_run(call: Call) -> DryRun:
    """Authorise, resolve and screen `call`; send nothing, record nothing.

    Raises:
        MeshError: As the call itself would, but for a policy's block, which is reported.
    """
    authorize(call)
    resolve(call)
    blocked = False
    try:
        await screen(call)
    except Blocked:
        blocked = True
    tokens = estimate_all(call.request.texts())
    writes = call.request.operation in (Operation.CHAT, Operation.COMPLETION)
    limit = call.request.max_tokens
    longest = (limit or _LONGEST_OUTPUT) * call.request.choices if writes else 0
    likely = min(longest, _TYPICAL_OUTPUT * call.request.choices)
    return DryRun(
        model=call.candidates[0].id,
        candidates=[one.id for one in call.candidates],
        prompt=dict(call.request.body),
        findings=list(call.report.verdicts),
        blocked=blocked,
        input_tokens=tokens,
        max_output_tokens=longest,
        estimated_cost_usd=_cost(call.candidates[:1], tokens, likely),
        max_cost_usd=_cost(call.candidates, call.input_bound, longest),
    )


def _cost(candidates: Sequence[Candidate], input: int, output: int) -> Decimal | None:
    """The dearest candidate's cost; None when any price is unknown."""
    costs: list[Decimal] = []
    for candidate in candidates:
        if candidate.facts.price is None:
            return None
        costs.append(cost_of(Usage(input=input, output=output), candidate.facts.price))
    return max(costs)
