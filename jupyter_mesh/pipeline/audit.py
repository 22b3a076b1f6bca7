"""No record, no call: the intent is durable before anything leaves, the completion before the last
byte is sent.
"""

from __future__ import annotations

import time
from asyncio import CancelledError
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
from ..schemas.audit import UNSPECIFIED, Completion, Intent, Outcome, Timing
from ..schemas.events import Answer, Chunk, Events, Finished
from ..schemas.spend import Usage
from ..spi.faults import fault_point
from ..spi.journal import Journal
from .bound import estimated_cost
from .call import Call
from .holds import kept_holds, note_over, uncharged
from .price import classes_of, settled
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
        return self._audited(call, next)

    async def _audited(self, call: Call, next: Next) -> Events:
        paused = 0.0
        closed = False
        failure: BaseException | None = None
        try:
            async with aclosing(await next(call)) as events:
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
            try:
                _leave(call)
            finally:
                if not closed:
                    await self._close(call, failure, paused)

    async def _open(self, call: Call) -> None:
        fault_point("pipeline.before_open")
        try:
            over = await self._journal.open(intent_of(call, estimated_cost(call)), call.holds)
        except CancelledError:
            call.opened = True  # the writer may have done it: the call must be closed as opened
            raise
        call.opened = True
        note_over(call, over)

    async def _close(self, call: Call, failure: BaseException | None, paused: float) -> None:
        fault_point("budget.before_close")
        completion = completion_of(call, failure, paused)
        await self._journal.close(completion, None if call.opened else intent_of(call))


def _leave(call: Call) -> None:
    """Do what steps left to the end, the innermost first, and all of it also where some fails."""
    while call.at_end:
        try:
            call.at_end.pop()()
        except BaseException:
            _leave(call)
            raise


def intent_of(call: Call, estimate: Decimal | None = Decimal(0)) -> Intent:
    """What is known of a call before it leaves; one that never does has no cost to estimate."""
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
        purpose=call.purpose or UNSPECIFIED,
        document=call.document,
        key_id=principal.key_id,
        parent=call.parent.id if call.parent else None,
        tags=call.tags,
        streamed=call.request.stream,
        charged_group=call.snapshot.charged_group(call.groups, call.request.model),
        estimated_cost=estimate,
        content=call.content,
        form=call.kept,
    )


def completion_of(call: Call, failure: BaseException | None, paused: float) -> Completion:
    """How the call ended, with what it is charged."""
    report = call.report
    outcome = outcome_of(call, failure)
    usage, cost = (Usage(), Decimal(0)) if outcome == "cached" else settled(call)
    if report.usage is None and (call.sent or call.lost):
        report.usage, report.cost = usage, cost
    error_code, error_message = _error_of(failure)
    report.total_ms = (time.perf_counter() - call.started - paused) * 1000
    report.overhead_ms = max(0.0, report.total_ms - report.upstream_ms)
    return Completion(
        id=call.id,
        started_at=call.started_at,
        ended_at=datetime.now(UTC),
        outcome=outcome,
        model=report.model,
        provider=report.provider,
        connection=report.connection,
        usage=usage,
        cost=cost,
        saved=report.saved,
        saved_by_fallback=report.saved_by_fallback,
        cost_classes=classes_of(call, cost),
        priced_at=report.priced_at,
        timing=Timing(
            total=report.total_ms,
            first_token=report.first_token_ms if call.request.stream else None,
            upstream=report.upstream_ms,
            overhead=report.overhead_ms,
        ),
        finish_reason=report.finish_reason,
        error_code=error_code,
        error_message=error_message,
        attempts=tuple(report.attempts),
        notices=tuple({"code": n.code, "message": n.message} for n in report.notices),
        verdicts=tuple(report.verdicts),
        price_source=report.price_source,
        screened=report.screened,
        content=call.response,
        form=call.kept,
        user=call.principal.user,
        uncharged=uncharged(call),
        kept=kept_holds(call) if cost is None else {},
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
    return "failed" if isinstance(failure, Exception) else "aborted"


def _error_of(failure: BaseException | None) -> tuple[str | None, str | None]:
    """Code and message; of an error nobody foresaw only its kind, since it may quote a prompt."""
    if isinstance(failure, MeshError):
        return failure.code, failure.message
    if isinstance(failure, Exception):
        return MeshError.code, f"The gateway failed inside: {type(failure).__name__}."
    return None, None


def _since(started: float) -> float:
    return (time.perf_counter() - started) * 1000
