"""What this process knows of how well each model answers: circuit, connection slots, latencies."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from ..schemas.frozen import frozen
from ..schemas.performance import CircuitState
from ..spi.happenings import Happening, Happenings
from .snapshot import Candidate

_TRIP_AFTER = 5
_OPEN_SECONDS = 15.0
_SAMPLES = 512
_DAY = 86_400.0


@frozen
class Sample:
    """One finished call of one model. Times in milliseconds; `at` in Unix seconds."""

    at: float
    total: float
    first_token: float | None
    output_tokens: int
    ok: bool


def no_answer(ok: bool) -> Sample:
    """A call that brought no answer: it says whether the model works, and nothing of its speed."""
    return Sample(time.time(), 0.0, None, 0, ok)


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
        if self.failures >= _TRIP_AFTER:
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


@dataclass(slots=True)
class Slots:
    """How many calls a connection takes at once."""

    size: int
    semaphore: asyncio.Semaphore


@dataclass(slots=True)
class Health:
    """Shared by all calls of a process; one per mesh."""

    clock: Callable[[], float] = time.monotonic
    happenings: Happenings = field(default_factory=Happenings)
    _circuits: dict[str, Circuit] = field(default_factory=dict[str, Circuit])
    _slots: dict[str, Slots] = field(default_factory=dict[str, Slots])
    _samples: dict[str, deque[Sample]] = field(default_factory=dict[str, deque[Sample]])

    def circuit(self, model: str) -> Circuit:
        """The circuit of a model (`connection/name`)."""
        return self._circuits.setdefault(model, Circuit())

    def healthy(self, model: str) -> bool:
        """False while the model's circuit is open."""
        circuit = self._circuits.get(model)
        return circuit is None or circuit.opened_at is None

    def state(self, model: str) -> CircuitState:
        """The state of the model's circuit."""
        circuit = self._circuits.get(model)
        return "closed" if circuit is None else circuit.state(self.clock())

    def tell(self, model: str) -> None:
        """Publish that the model's circuit has just opened or closed."""
        if self.healthy(model):
            kind, message = "circuit_closed", f"{model} answers again."
        else:
            kind, message = "circuit_open", f"{model} failed {_TRIP_AFTER} times in a row."
        self.happenings.publish(Happening(kind=kind, subject=model, message=message))

    def slots(self, candidate: Candidate) -> asyncio.Semaphore:
        """The slots of the candidate's connection."""
        name, size = candidate.facts.connection, candidate.limits.parallel
        slots = self._slots.get(name)
        if slots is None or slots.size != size:
            slots = self._slots[name] = Slots(size, asyncio.Semaphore(size))
        return slots.semaphore

    def add(self, model: str, sample: Sample) -> None:
        """Remember one call."""
        self._samples.setdefault(model, deque(maxlen=_SAMPLES)).append(sample)

    def samples(self, model: str) -> list[Sample]:
        """The model's calls of the last 24 hours, oldest first."""
        since = time.time() - _DAY
        return [sample for sample in self._samples.get(model, ()) if sample.at >= since]

    def typical_ms(self, model: str) -> float | None:
        """Median total time of the model's last twenty good calls; None when untried."""
        answers = [s.total for s in self._samples.get(model, ()) if s.ok and s.total]
        recent = sorted(answers[-20:])
        return recent[len(recent) // 2] if recent else None
