"""What keeps requests away from a service that does not answer."""

from __future__ import annotations

from dataclasses import dataclass

from ..schemas.performance import CircuitState

TRIP_AFTER = 5
_OPEN_SECONDS = 15.0


@dataclass(slots=True)
class Circuit:
    """Opens after five failures in a row, lets one trial through after fifteen seconds."""

    failures: int = 0
    opened_at: float | None = None
    trial: bool = False

    def allows(self, now: float) -> bool:
        """Whether a call may go through now; claims the trial when it is due."""
        if self.opened_at is None:
            return True
        if now - self.opened_at < _OPEN_SECONDS or self.trial:
            return False
        self.trial = True
        return True

    def state(self, now: float) -> CircuitState:
        """Whether calls go through, are kept away, or the next one (or the one on its way) is the
        trial.
        """
        if self.opened_at is None:
            return "closed"
        return "open" if now - self.opened_at < _OPEN_SECONDS else "half_open"

    def record(self, ok: bool, now: float) -> bool:
        """Count one outcome; whether that opened or closed it."""
        self.trial = False
        was_open = self.opened_at is not None
        if ok:
            self.failures, self.opened_at = 0, None
            return was_open
        self.failures += 1
        if self.failures >= TRIP_AFTER:
            self.opened_at = now
            return not was_open
        return False

    def throttled(self) -> bool:
        """The model said that it has no time: it is there, so calls go through and hear from it
        when to come back. Failures are not forgotten: the next one opens the circuit again. Tells
        whether that closed it.
        """
        self.trial = False
        was_open, self.opened_at = self.opened_at is not None, None
        return was_open

    def abandon(self) -> None:
        """The caller left before the outcome was known: let another trial through."""
        self.trial = False
