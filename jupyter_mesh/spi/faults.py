"""Places where a crash test may stop the process for good.

`JUPYTER_MESH_FAULT=kill:journal.before_open_commit:3` sends SIGKILL to this process when it passes
that point for the third time. Unset, as it always is in service, a passage costs one comparison.
"""

from __future__ import annotations

import os
import signal
import threading


class _Plan:
    """Which point ends the process, and at which passage."""

    def __init__(self, plan: str) -> None:
        action, _, rest = plan.partition(":")
        self.point, _, passage = rest.rpartition(":")
        if action != "kill" or not self.point or not passage.isdigit():
            raise ValueError(f"JUPYTER_MESH_FAULT={plan!r} is not `kill:<point>:<passage>`")
        self._left = int(passage)
        self._lock = threading.Lock()

    def passed(self, point: str) -> None:
        if point != self.point:
            return
        with self._lock:
            self._left -= 1
            if self._left == 0:
                os.kill(os.getpid(), signal.SIGKILL)


_variable = os.environ.get("JUPYTER_MESH_FAULT")
_plan = _Plan(_variable) if _variable else None
ARMED = _plan is not None
"""Whether a crash test runs; spares a caller the work of naming its points."""


def fault_point(point: str) -> None:
    """Mark a labelled point, such as `journal.before_open_commit`."""
    if _plan is not None:
        _plan.passed(point)
