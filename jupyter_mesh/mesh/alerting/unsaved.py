"""An alert that the store does not take yet, as it would look."""

from __future__ import annotations

from ...schemas.alerts import Alert
from ...storage.alerts import Seen


def unsaved_alert(seen: Seen) -> Alert:
    """An alert that could not be written yet."""
    signal = seen.signal
    return Alert(
        id=f"unsaved_{seen.kind}",
        kind=seen.kind,
        severity=signal.severity if signal else "info",
        subject=seen.subject,
        title=signal.title if signal else seen.subject,
        text=signal.text if signal else "",
        count=seen.count,
        first_seen=seen.first,
        last_seen=seen.last,
        state="open",
        reopened=0,
        acknowledged_by=None,
        acknowledged_at=None,
        resolved_at=None,
        deliveries=[],
    )
