"""One case: what is asked, what the upstream answers, what must come of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from ...errors import MeshError
from ...schemas.json import Json, JsonObject
from ..fake_upstream import Behaviour
from ..outcome import Outcome

Check = Callable[[Outcome], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One call and what must come of it.

    Attributes:
        name: A sentence's end: "a provider …".
        capability: The column it belongs to in the table of capabilities.
        body: Fields of the request, beside the model.
        told: How the upstream answers, where there is one that can be told.
        check: What must be so of the outcome. It only runs as far as the upstream can be told and
            asked.
        raises: The errors of which one must come instead.
        streams: False: asked whole only. None: streamed only.
        needs_upstream: It means nothing without an upstream that does as it is told.
        timeout: Seconds until the first event, and between two.
    """

    name: str
    capability: str
    body: JsonObject = field(default_factory=dict[str, Json])
    told: Behaviour = field(default_factory=Behaviour)
    check: Check | None = None
    raises: tuple[type[MeshError], ...] = ()
    streams: bool | None = True
    needs_upstream: bool = False
    timeout: float = 20.0

    @property
    def modes(self) -> tuple[bool, ...]:
        """Whether to stream, for each time it is asked."""
        return (True,) if self.streams is None else (False, True) if self.streams else (False,)
