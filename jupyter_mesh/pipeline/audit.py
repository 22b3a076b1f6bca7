"""No record, no call: the intent is durable before anything leaves, the completion before the last
byte is sent.
"""

from __future__ import annotations

import time
from contextlib import aclosing
from datetime import UTC, datetime
from decimal import Decimal
from functools import partial

from ..errors import (
    AuditUnavailable,
    Blocked,
    MeshError,
    ProviderError,
)
from ..schemas.audit import Completion, Intent, Outcome, Timing
from ..schemas.events import Answer, Chunk, Events, Finished
from ..schemas.spend import Usage
from ..spi.faults import fault_point
from ..spi.journal import Journal
from .budget import uncharged
from .call import Call
from .price import metered_so_far
from .step import Next, Step


class Audit(Step):
    """Outermost: refusals, cache hits and aborts are recorded too.

    `Route` calls `call.open` as its last act before it sends; that commits the intent together
    with the reservation. Whatever happens then, the call is closed exactly once.
    """

    def __init__(self, journal: Journal) -> None:
        self._journal = journal

    async def __call__(self, call: Call, next: Next) -> Events:
        if not self._journal.healthy:
            raise AuditUnavailable(
                "The audit cannot be written, so no call is let out. Try again shortly; your admin "
                "sees why."
            )
        call.open = partial(self._open, call)
        paused = 0.0
        closed = False
        failure: BaseException | None = None
        try:
            async with aclosing(next(call)) as events:
                async for event in events:
                    if isinstance(event, Finished):
                        call.report.finish_reason = event.reason
                        closed = True
                        await self._close(call, None, paused)
                    elif call.report.first_token_ms is None and isinstance(event, Chunk | Answer):
                        call.report.first_token_ms = _since(call.started)
                    left = time.perf_counter()
                    yield event
                    paused += time.perf_counter() - left
        except BaseException as error:
            failure = error
            raise
        finally:
            if not closed:
                await self._close(call, failure, paused)

    async def _open(self, call: Call) -> None:
        fault_point("pipeline.before_open")
        # Set first: if this task is cancelled while the writer works, the call must be closed as
        # opened.
        call.opened = True
        try:
            await self._journal.open(intent_of(call), call.holds)
        except MeshError:
            call.opened = False
            raise

    async def _close(self, call: Call, failure: BaseException | None, paused: float) -> None:
        fault_point("budget.before_close")
        completion = completion_of(call, failure, paused)
        await self._journal.close(completion, None if call.opened else intent_of(call))


def intent_of(call: Call) -> Intent:
    """What is known of a call before it leaves."""
    principal = call.principal
    return Intent(
        id=call.id,
        started_at=call.started_at,
        user=principal.user,
        via=principal.via,
        application=principal.application,
        operation=call.request.operation.value,
        requested_model=call.request.model,
        candidates=tuple(one.id for one in call.candidates),
        groups=tuple(sorted(call.groups)),
        purpose=call.purpose or "unspecified",
        document=call.document,
        key_id=principal.key_id,
        parent=call.parent.id if call.parent else None,
        tags=call.tags,
        streamed=call.request.stream,
        estimated_cost=call.reserved,
        content=call.content,
    )


def completion_of(call: Call, failure: BaseException | None, paused: float) -> Completion:
    """How the call ended, with what it is charged."""
    report = call.report
    outcome = outcome_of(call, failure)
    usage, cost = report.usage, report.cost
    if outcome in ("aborted", "failed") and usage is None and _was_processed(call, outcome):
        estimate = metered_so_far(call)
        usage, cost = estimate.usage, estimate.cost
        report.usage, report.cost = usage, cost
    if outcome == "cached" or usage is None:
        usage = Usage()
        cost = Decimal(0)
    report.total_ms = (time.perf_counter() - call.started - paused) * 1000
    report.overhead_ms = max(0.0, report.total_ms - report.upstream_ms)
    return Completion(
        id=call.id,
        ended_at=datetime.now(UTC),
        outcome=outcome,
        model=report.model,
        provider=report.provider,
        connection=report.connection,
        usage=usage,
        cost=cost,
        saved=report.saved,
        timing=Timing(
            total=report.total_ms,
            first_token=report.first_token_ms if call.request.stream else None,
            upstream=report.upstream_ms,
            overhead=report.overhead_ms,
        ),
        finish_reason=report.finish_reason,
        error_code=failure.code if isinstance(failure, MeshError) else None,
        error_message=failure.message if isinstance(failure, MeshError) else None,
        attempts=tuple(report.attempts),
        notices=tuple({"code": n.code, "message": n.message} for n in report.notices),
        verdicts=tuple(report.verdicts),
        price_source=report.price_source,
        screened=report.screened,
        content=call.response,
        uncharged=uncharged(call) if call.holds else (),
    )


def outcome_of(call: Call, failure: BaseException | None) -> Outcome:
    """How a call ended, in the audit's words."""
    if failure is None:
        if call.report.finish_reason == "content_filter" and call.report.verdicts:
            return "blocked"
        return "cached" if call.report.cache == "hit" else "answered"
    if isinstance(failure, Blocked):
        return "blocked"
    if isinstance(failure, ProviderError):
        return "failed"
    if isinstance(failure, MeshError):
        return "failed" if call.opened else "refused"
    return "aborted"


def _was_processed(call: Call, outcome: Outcome) -> bool:
    """Whether a provider may charge for the call: it was sent, and left or broke off while being
    answered.
    """
    return call.opened and (outcome == "aborted" or call.produced.characters > 0)


def _since(started: float) -> float:
    return (time.perf_counter() - started) * 1000
