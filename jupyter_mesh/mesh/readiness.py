"""Whether a gateway takes calls, and what can be said of its parts without asking anybody."""

from __future__ import annotations

from .. import __version__
from ..errors import ConfigError
from ..pipeline.health import Health as Measured
from ..schemas.api import Health
from .catalogue import Connection
from .parts import Parts


def health_of(parts: Parts) -> Health:
    """Whether calls are taken, and if not, why."""
    checks = {"audit": "ok" if parts.journal.healthy else "cannot be written"}
    checks["configuration"] = parts.governance.file_fault or "ok"
    for name, connection in parts.catalogue.connections.items():
        checks[f"connection {name}"] = _said_of(connection, parts.health)
    if parts.guards.doubts:
        checks["screening"] = " ".join(parts.guards.doubts)
    guards = parts.guards.detectors.keys() | parts.guards.judges.keys()
    for subject, trouble in parts.guard_troubles.current(guards):
        checks[f"guard {subject}"] = trouble
    healthy = parts.journal.healthy
    if (sealing := _sealing_fault(parts)) is not None:
        checks["sealing"], healthy = sealing, False
    fault = parts.state.fault
    if parts.state.shared is not None:
        checks["shared"] = fault or "ok"
        healthy = healthy and not (fault and parts.catalogue_keeper.snapshot.limits)
    return Health(status="ok" if healthy else "unavailable", checks=checks, version=__version__)


def _said_of(connection: Connection, measured: Measured) -> str:
    """`ok`, or why not. Where the models are written down, nobody has been asked for them: such a
    connection is not known to work before a call has shown it.
    """
    if connection.fault:
        return connection.fault
    calls = [call for model in connection.candidates for call in measured.samples(model)[-1:]]
    resting = sorted(model for model in connection.candidates if not measured.healthy(model))
    if resting:
        return f"calls of {', '.join(resting)} fail"
    if not calls:
        return "not called yet" if connection.rule.models else "ok"
    last = max(calls, key=lambda call: call.at)
    return "ok" if last.ok else "its last call failed"


def _sealing_fault(parts: Parts) -> str | None:
    """Why what is said cannot be sealed for the record, where it is kept."""
    if not parts.catalogue_keeper.snapshot.audit.keeps_content:
        return None
    try:
        parts.secrets.keys.check()
    except ConfigError as error:
        return error.message
    return None
