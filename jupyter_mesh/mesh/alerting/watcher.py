"""From what happens to what somebody should look at: which condition it is, how bad, what to do."""

from __future__ import annotations

import time
from collections import deque

from ...errors import (
    AuditUnavailable,
    BudgetExceeded,
    LimitExceeded,
    LimitsUnavailable,
    ModerationUnavailable,
    ScreeningUnavailable,
    Unavailable,
)
from ...pipeline.call import Call
from ...pipeline.holds import window_title
from ...schemas.alerts import AlertKind, Signal
from ...schemas.json import JsonObject, as_str
from ...spi.happenings import Happening
from .book import AlertBook

_REPEATEDLY = 5
_WITHIN = 300.0
"""So many refusals by one limit in so many seconds are worth a look."""
_MOST_LIMITS = 1000
OUT_OF_ORDER = "out of order"
"""What an alert is about where a part fails that guards calls."""
_OUT_OF_ORDER: dict[type[BaseException | None], tuple[AlertKind, str]] = {
    ScreeningUnavailable: ("guard", "Calls cannot be screened"),
    ModerationUnavailable: ("moderation", "Texts cannot be judged"),
    LimitsUnavailable: ("limit", "Limits cannot be counted"),
}


class Watcher:
    """Listens to what the parts of a mesh publish, and looks at calls that ended with something to
    tell. Nothing of it waits, and nothing holds what anybody wrote to a model.
    """

    def __init__(self, book: AlertBook) -> None:
        self._book = book
        self._refusals: dict[str, deque[float]] = {}

    def heard(self, happening: Happening) -> None:
        """Something was published."""
        subject, said = happening.subject, happening.message
        if happening.kind == "circuit_open":
            self._book.raised(_outage(subject, said))
        elif happening.kind == "circuit_closed":
            self._book.ended("outage", subject)
        elif happening.kind in ("screening_hit", "screening_failed"):
            self._book.raised(_screening(happening))
        elif happening.kind == "budget_near":
            self._book.raised(
                Signal(
                    kind="budget_near",
                    subject=subject,
                    severity="warning",
                    title=f"The budget of {happening.details.get('budget')} runs low",
                    text=f"{said} Raise it, or tell who uses it.",
                    details=happening.details,
                )
            )
        elif happening.kind == "budget_full":
            self._book.raised(_full(subject, said, happening.details))
        elif happening.kind == "guard_failing":
            self._book.raised(_failing_guard(happening))
        elif happening.kind == "guard_working":
            self._book.ended("guard", subject)

    def note(self, call: Call, failure: BaseException | None) -> None:
        """A call ended with notices, verdicts or an error."""
        for notice in call.report.notices:
            if notice.code == "unpriced" and call.report.model is not None:
                self._book.raised(_unpriced(call.report.model))
        for verdict in call.report.verdicts:
            self._judged(verdict, call.id)
        limited = [
            f"{one.get('model')}"
            for one in call.report.attempts
            if one.get("code") == LimitExceeded.code
        ]
        for model in limited:
            self._refused(model)
        if isinstance(failure, LimitExceeded) and not limited:
            self.refused(failure)
        elif isinstance(failure, BudgetExceeded):
            self._no_room(call, failure)
        elif isinstance(failure, AuditUnavailable):
            self._book.raised(unrecorded(failure.message))
        elif (broken := _OUT_OF_ORDER.get(type(failure))) is not None and failure is not None:
            kind, title = broken
            said = f"{_why(failure)} Until it works again such calls are refused."
            self._book.raised(
                Signal(kind=kind, subject=OUT_OF_ORDER, severity="critical", title=title, text=said)
            )

    def refused(self, failure: LimitExceeded) -> None:
        """A limit of the caller refused a call."""
        self._refused(failure.limit or "everyone")

    def _judged(self, verdict: JsonObject, call: str) -> None:
        guard, action = as_str(verdict.get("guard")), as_str(verdict.get("action"))
        if action not in ("block", "alert"):
            return
        did = "blocked" if action == "block" else "saw"
        if (direction := as_str(verdict.get("direction"))) is not None:
            self._book.raised(
                Signal(
                    kind="moderation",
                    subject=f"{guard}: {direction}",
                    severity="warning",
                    title=f"The guard {guard} {did} a {direction}",
                    text="Find the calls on the Audit page; the rule is under `moderation`.",
                    details={"call": call},
                )
            )

    def _refused(self, limit: str) -> None:
        now = time.monotonic()
        if len(self._refusals) >= _MOST_LIMITS:
            self._refusals.clear()
        recent = self._refusals.setdefault(limit, deque(maxlen=_REPEATEDLY))
        recent.append(now)
        if len(recent) < _REPEATEDLY or now - recent[0] > _WITHIN:
            return
        recent.clear()
        self._book.raised(
            Signal(
                kind="limit",
                subject=limit,
                severity="warning",
                title=f"The limit of {limit} refuses calls repeatedly",
                text=f"{_REPEATEDLY} calls within {_WITHIN / 60:g} minutes were refused. Raise the "
                "limit, or see on the Audit page who sends so much.",
                count=_REPEATEDLY,
            )
        )

    def _no_room(self, call: Call, refused: BudgetExceeded) -> None:
        for hold in call.holds:
            if hold.budget == refused.budget:
                reserved = call.reserved[hold.budget, hold.window_start]
                details: JsonObject = {
                    "budget": reserved.title,
                    "key": hold.budget,
                    "window": hold.window,
                    "window_start": hold.window_start.isoformat(),
                    "limit_usd": f"{hold.limit:f}",
                }
                subject = window_title(reserved.title, hold.window, hold.window_start)
                if refused.too_large:
                    self._book.raised(_too_large(subject, refused.message, details))
                    continue
                said = f"The budget of {reserved.title} (${hold.limit:f}) refuses calls."
                self._book.raised(_full(subject, said, details))


def _why(failure: BaseException) -> str:
    """Which guard failed and how, as far as that is known."""
    if isinstance(failure, Unavailable) and failure.guard is not None and failure.why:
        return f"The guard {failure.guard!r} failed: {failure.why}"
    return str(failure)


def unrecorded(why: str) -> Signal:
    """Calls cannot be recorded, so none is let out."""
    return Signal(
        kind="audit",
        subject="store",
        severity="critical",
        title="Calls cannot be recorded, so none is let out",
        text=f"{why} Check the disk or the database behind `store.url`.",
    )


def _failing_guard(happening: Happening) -> Signal:
    return Signal(
        kind="guard",
        subject=happening.subject,
        severity="critical",
        title=f"The guard {happening.subject} does not work as it should",
        text=happening.message,
        details=happening.details,
    )


def _outage(model: str, said: str) -> Signal:
    return Signal(
        kind="outage",
        subject=model,
        severity="critical",
        title=f"{model} does not answer",
        text=f"{said} It is tried again every few seconds; other models of its aliases answer "
        "meanwhile. Test its connection on the Connections page.",
    )


def _full(subject: str, said: str, details: JsonObject) -> Signal:
    return Signal(
        kind="budget_reached",
        subject=subject,
        severity="critical",
        title=f"The budget of {details.get('budget')} is used up",
        text=f"{said} Raise it, or wait for its next window.",
        details=details,
    )


def _too_large(subject: str, said: str, details: JsonObject) -> Signal:
    """Apart from a budget that is used up, so that neither hides the other."""
    return Signal(
        kind="budget_reached",
        subject=f"{subject}: too large a call",
        severity="warning",
        title=f"A call was larger than the whole budget of {details.get('budget')}",
        text=f"{said} What a call may cost is bounded by its `max_tokens`, else by `max_output` of "
        "its model.",
        details=details,
    )


def _unpriced(model: str) -> Signal:
    return Signal(
        kind="unpriced",
        subject=model,
        severity="warning",
        title=f"The price of {model} is unknown",
        text="Its calls count in no budget and no report. Enter its price at its connection.",
    )


def _screening(happening: Happening) -> Signal:
    """What screening blocked or let out, or could not look for; the last call it was seen in."""
    return Signal(
        kind="guard",
        subject=happening.subject,
        severity="warning",
        title=happening.message.removesuffix("."),
        text=f"The last of its calls is {happening.details['call']}: find it on the Audit page. "
        "The rule is under `screening`.",
        details=happening.details,
    )
