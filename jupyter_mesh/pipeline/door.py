"""The door: whoever a limit has just refused is turned away before anything of the call is read.

The step `Limit` decides; the door only spares its work, and that of all steps around it, where the
answer is known already: one who sends as fast as they can makes nobody else wait. It is asked in
every call and asks nobody itself, and with the snapshot of now: a rule that is edited is not the
one that refused.
"""

from __future__ import annotations

from ..errors import LimitExceeded
from ..schemas.principal import Principal
from ..spi.limits import Limits
from .limit import name_limits, shares_of
from .snapshot import Snapshot


class Door:
    """Before the pipeline.

    Args:
        limits: What the step `Limit` asks.
    """

    def __init__(self, limits: Limits) -> None:
        self._limits = limits

    def refusal(self, snapshot: Snapshot, principal: Principal) -> LimitExceeded | None:
        """What `Limit` would refuse any call of the caller with; None where it might not."""
        applying = shares_of(snapshot, principal, snapshot.groups_of(principal))
        refused = self._limits.closed(applying) if applying else None
        if refused is not None:
            name_limits(refused, applying)
        return refused
