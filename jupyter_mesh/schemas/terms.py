"""What a vendor does with requests, and what a policy asks of it. What nobody has said counts as
the worst.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from .catalog import ModelFacts, Residency
from .durations import Duration

_KEPT_NOT_AT_ALL = ("none", "no", "never")
_duration = TypeAdapter[timedelta](Duration)


class Requirement(BaseModel):
    """What a model must be, so that a group or an alias may use it; every field that is set must
    hold.

    Attributes:
        residency: Where text may go.
        trains_on_requests: False: not to a vendor that trains on requests, or of whom it is not
            known.
        retains_at_most: How long a vendor may keep requests; one of whom it is not known may not.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    residency: tuple[Residency, ...] = ()
    trains_on_requests: Literal[False] | None = None
    retains_at_most: Duration | None = None

    def met_by(self, facts: ModelFacts) -> bool:
        """Whether `facts` fulfil it."""
        if self.residency and facts.residency not in self.residency:
            return False
        if self.trains_on_requests is False and facts.trains_on_requests is not False:
            return False
        if self.retains_at_most is None:
            return True
        kept = _kept(facts)
        return kept is not None and kept <= self.retains_at_most


def _kept(facts: ModelFacts) -> timedelta | None:
    """How long requests are kept; None where nobody said, or not as a duration."""
    said = (facts.retains_requests or "").strip().lower()
    if said in _KEPT_NOT_AT_ALL:
        return timedelta(0)
    try:
        return _duration.validate_python(said) if said else None
    except ValidationError:
        return None
