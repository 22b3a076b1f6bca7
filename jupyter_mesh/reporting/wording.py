"""An alert in words, for a mail and for a chat."""

from __future__ import annotations

from ..schemas.alerts import About, Alert


def headline(alert: Alert, about: About) -> str:
    """One line."""
    state = "resolved" if about == "resolved" else alert.severity
    return _one_line(f"[Jupyter Mesh] {state}: {alert.title}")


def body(alert: Alert, about: About) -> str:
    """A few lines."""
    if about == "resolved":
        ended = alert.resolved_at or alert.last_seen
        return f"This has ended at {ended:%Y-%m-%d %H:%M} UTC: {_one_line(alert.title)}"
    times = f"{alert.count} times since" if alert.count > 1 else "at"
    return (
        f"{alert.text}\n\n"
        f"{alert.kind} of {_one_line(alert.subject)}, seen {times} "
        f"{alert.first_seen:%Y-%m-%d %H:%M} UTC. "
        "Acknowledge it on the Alerts page, or with `jupyter mesh alerts ack "
        f"{alert.id}`."
    )


def _one_line(text: str) -> str:
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())
