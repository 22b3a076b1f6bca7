"""What SIGHUP means: a terminal that was closed, or a wish to read `mesh.yaml` again."""

from __future__ import annotations

import os
import signal


class Terminal:
    """The terminal that this process was started from, if it was and was to end with it: not with
    `nohup`, nor by systemd, a Hub, or a container's runtime.
    """

    def __init__(self) -> None:
        ends_with_it = signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN
        self._is_ours = ends_with_it and _is_there()

    @property
    def is_closed(self) -> bool:
        """Whether it is there no longer."""
        return self._is_ours and not _is_there()


def _is_there() -> bool:
    try:
        os.close(os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY))
    except OSError:
        return False
    return True
