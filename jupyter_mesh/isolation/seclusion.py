"""No way out: a worker that has nothing to download is cut off from every network.

Linux gives a process network interfaces of its own (there are none in the new set, not even a
loopback that is up) without special rights, where user namespaces are allowed. The Unix socket to
the gateway is a file and is not affected.
"""

from __future__ import annotations

import ctypes
import os
import sys
from contextlib import suppress
from pathlib import Path

_CLONE_NEWUSER = 0x10000000  # <linux/sched.h>
_CLONE_NEWNET = 0x40000000


def cut_off_network() -> str | None:
    """Leave all networks for good; call it while the process has a single thread.

    Returns:
        None when it is cut off, else why that could not be done here. Offline settings of the
        libraries hold in any case.
    """
    if sys.platform != "linux":
        return "only Linux offers it"
    libc = ctypes.CDLL(None, use_errno=True)
    user, group = os.geteuid(), os.getegid()
    # The superuser needs no user namespace, and in one would lose its access to others' files.
    if libc.unshare(_CLONE_NEWNET | (_CLONE_NEWUSER if user else 0)) != 0:
        return os.strerror(ctypes.get_errno())
    if user:
        _stay(user, group)
    return None


def _stay(user: int, group: int) -> None:
    """Keep one's own name in the new user namespace (user_namespaces(7)); only libraries care."""
    with suppress(OSError):
        Path("/proc/self/uid_map").write_text(f"{user} {user} 1")
        Path("/proc/self/setgroups").write_text("deny")
        Path("/proc/self/gid_map").write_text(f"{group} {group} 1")
