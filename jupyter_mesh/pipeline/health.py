"""What this process knows of how well each model answers: circuit, connection slots, latencies."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from ..outbound.circuit import TRIP_AFTER, Circuit
from ..schemas.frozen import frozen
from ..schemas.performance import CircuitState
from ..spi.happenings import Happening, Happenings
from .snapshot import Candidate

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
            kind, message = "circuit_open", f"{model} failed {TRIP_AFTER} times in a row."
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
