"""What can be said of a connection without asking anybody: what its last calls said."""

from __future__ import annotations

from ..pipeline.health import Health
from .catalogue import Connection


def connection_words(connection: Connection, health: Health) -> str:
    """`ok`, or why not. Where the models are written down, nobody has been asked for them: such a
    connection is not known to work before a call has shown it.
    """
    if connection.fault:
        return connection.fault
    calls = [call for model in connection.candidates for call in health.samples(model)[-1:]]
    resting = sorted(model for model in connection.candidates if not health.healthy(model))
    if resting:
        return f"calls of {', '.join(resting)} fail"
    if not calls:
        return "not called yet" if connection.rule.models else "ok"
    last = max(calls, key=lambda call: call.at)
    return "ok" if last.ok else "its last call failed"
