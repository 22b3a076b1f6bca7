"""What happens in a mesh that somebody may want to be told of: told to whoever listens, in the same
process.

Whoever notices something publishes it and goes on; whether and how people hear of it is for the
listeners. With nobody listening nothing is done.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TypeAlias

from ..schemas.json import Json, JsonObject

_log = logging.getLogger("jupyter_mesh")


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """Something that happened.

    Attributes:
        kind: What sort, such as `budget_near`, `budget_full`, `unpriced_model`; `guard_failing`
            opens an alert about the guard `subject`, and `guard_working` ends it. With the guard's
            name under `guard` in `details` it ends too when there is no such guard any more.
        subject: What it is about, such as the name of a budget: the same kind about the same
            subject is the same trouble again.
        message: A sentence for people; holds nothing anybody wrote to a model.
        details: Figures, JSON.
        at: When.
    """

    kind: str
    subject: str
    message: str
    details: JsonObject = field(default_factory=dict[str, Json])
    at: datetime = field(default_factory=lambda: datetime.now(UTC))


Listener: TypeAlias = Callable[[Happening], None]
"""Called in the event loop, in the midst of a call: it takes note and returns, awaiting nothing."""


class Happenings:
    """Passes on what is published to all who listen, in the order in which they began to."""

    def __init__(self) -> None:
        self._listeners: list[Listener] = []

    def listen(self, listener: Listener) -> None:
        """Tell `listener` of everything from now on."""
        self._listeners.append(listener)

    def publish(self, happening: Happening) -> None:
        """Tell everybody; a listener that fails is logged and harms nobody else."""
        for listener in self._listeners:
            try:
                listener(happening)
            except Exception:  # noqa: BLE001 a plugin's edge: it must not end the call
                _log.exception("A listener failed on %s", happening.kind)
