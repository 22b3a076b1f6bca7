"""A worker must not outlive the gateway that started it, however that one ends."""

from __future__ import annotations

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1  # <linux/prctl.h>


def die_with(parent: int) -> None:
    """Ask the kernel to kill this process when `parent` dies; call it early.

    On Linux it holds even while this process is busy or hangs. Elsewhere the end of the connection
    does it, as soon as it is noticed.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, ctypes.c_ulong(signal.SIGKILL))
        if os.getppid() != parent:  # it died before the kernel knew
            os._exit(1)
