"""What became of what was said in a call: until when it is kept, or why there is none."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from ..schemas.api import CallDetail, CallSummary
from .parts import Parts


async def with_fate(parts: Parts, detail: CallDetail) -> CallDetail:
    """Add it to `detail`, as read from the store.

    Raises:
        StoreUnavailable: The store cannot be read.
    """
    audit = parts.catalogue_keeper.snapshot.audit
    until = _end(detail.summary) + audit.content_retain
    if detail.content in ("redacted", "full"):
        return detail.model_copy(update={"content_until": until})
    if detail.content == "erased":
        erased = await _erased_at(parts, detail.summary)
        return detail.model_copy(update={"erased_at": erased})
    if detail.content == "none" and audit.keeps_content and until < datetime.now(UTC):
        return detail.model_copy(update={"content": "expired", "content_until": until})
    return detail


def _end(call: CallSummary) -> datetime:
    lasted = timedelta() if call.timing is None else timedelta(milliseconds=call.timing.total)
    return call.started_at + lasted


async def _erased_at(parts: Parts, call: CallSummary) -> datetime | None:
    """When what its user, or everybody, had said was last destroyed; None: not since the call."""
    for subject in (call.user, ""):
        acts = await parts.history.acts(subject=subject, act="erase", before=None, limit=1)
        if acts and acts[0].at >= call.started_at:
            return acts[0].at
    return None
