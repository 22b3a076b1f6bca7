"""What a call would do, without doing it: the steps before Budget, and the arithmetic of Price."""

from __future__ import annotations

from decimal import Decimal

from ..errors import Blocked
from ..pipeline.authorize import authorize
from ..pipeline.bound import USUAL_OUTPUT, output_bound, tokens_cost
from ..pipeline.call import Call
from ..pipeline.judging import rules_for
from ..pipeline.price import more_requests
from ..pipeline.resolve import resolve
from ..pipeline.screening_plan import covering
from ..pipeline.snapshot import Candidate
from ..schemas.api import DryRun
from ..schemas.request import Request
from ..schemas.spend import Usage, cost_of
from ..schemas.tokens import estimate_all
from .rehearsal import rehearse

_TYPICAL_OUTPUT = 256
"""Tokens of an answer nobody bounded, for the middle estimate."""


async def dry_run(call: Call) -> DryRun:
    """Authorise, resolve, screen and judge `call`; send nothing, record nothing.

    Raises:
        MeshError: As the call itself would, but for a policy's block, which is reported.
    """
    authorize(call)
    resolve(call)
    screened = any(covering(call, one) for one in call.candidates)
    screened = screened or bool(rules_for(call, "request"))
    done = await rehearse(call, ())
    if done.error is not None and not isinstance(done.error, Blocked):
        raise done.error
    tokens = estimate_all(call.request.texts())
    longest = max(_most_output(call, one) for one in call.candidates)
    likely = min(longest, _TYPICAL_OUTPUT * call.request.answers)
    return DryRun(
        model=call.candidates[0].id,
        candidates=[one.id for one in call.candidates],
        prompt=dict(call.request.body),
        findings=list(call.report.verdicts),
        screened=screened,
        blocked=done.error is not None,
        input_tokens=tokens,
        max_output_tokens=longest,
        estimated_cost_usd=_plain(_likely_cost(call.request, call.candidates[0], tokens, likely)),
        max_cost_usd=_plain(_most(call, longest)),
        max_input_cost_usd=_plain(_most(call, 0)),
    )


def _most_output(call: Call, candidate: Candidate) -> int:
    """Output tokens of all answers at most; of answers that nobody bounds, a usual long one."""
    bound = output_bound(call.request, candidate.facts)
    if call.request.max_tokens is None and not candidate.facts.max_output:
        bound = output_bound(call.request, candidate.facts, USUAL_OUTPUT)
    return bound or 0


def _likely_cost(request: Request, candidate: Candidate, input: int, output: int) -> Decimal | None:
    price = candidate.facts.price
    if price is None:
        return None
    more = more_requests(request)
    return cost_of(Usage(input=input, output=output, more_requests=more), price)


def _most(call: Call, output: int) -> Decimal | None:
    """What the dearest candidate costs with so much output; None when any price is unknown."""
    costs: list[Decimal] = []
    for candidate in call.candidates:
        if candidate.facts.price is None:
            return None
        costs.append(tokens_cost(call.request, call.input_bound, output, candidate.facts.price))
    return max(costs)


def _plain(cost: Decimal | None) -> Decimal | None:
    """Without the zeros that a sum leaves at its end: nothing is `0`, not `0E-12`."""
    if cost is None:
        return None
    return cost.normalize() if cost % 1 else Decimal(int(cost))
