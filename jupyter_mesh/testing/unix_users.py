"""Users' servers as processes of Unix users of their own, who need no account on the machine.

Only root can start them: what one user's processes can read of another's is a question that
servers of one and the same Unix user cannot answer.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, cast

from jupyterhub.spawner import SimpleLocalProcessSpawner
from traitlets import Dict

_FIRST = 61_001
"""Ids that no account of a usual machine has."""


def uids_of(accounts: Iterable[str]) -> dict[str, int]:
    """Ids of Unix users for accounts; none where this process may start nothing as another user, or
    another user may not read the Python that runs here.
    """
    if os.geteuid() != 0:
        return {}
    looked = subprocess.run(
        [sys.executable, "-c", "import jupyter_mesh_server"],
        user=_FIRST,
        group=_FIRST,
        extra_groups=[],
        cwd="/",
        capture_output=True,
    )
    return {} if looked.returncode else {name: _FIRST + n for n, name in enumerate(accounts)}


def shared_folder() -> Path:
    """A new folder through which every Unix user may reach what lies in it, and list nothing."""
    folder = Path(tempfile.mkdtemp(prefix="mesh-hub-"))
    folder.chmod(0o711)
    return folder


class UnixUserSpawner(SimpleLocalProcessSpawner):
    """Starts servers as Unix users, those of `uids`; others as the Hub's own."""

    uids: Any = Dict(config=True, help="Unix users by account.")

    def make_preexec_fn(self, name: str) -> Callable[[], None]:
        """What the new process does before it becomes the server."""
        uid = cast("dict[str, int]", self.uids).get(name)
        enter = cast("Callable[[], None]", super().make_preexec_fn(name))
        home = Path(str(self.home_dir))

        def become() -> None:
            if uid is not None:
                home.mkdir(mode=0o700, parents=True, exist_ok=True)
                os.chown(home, uid, uid)
                os.setgroups([])
                os.setgid(uid)
                os.setuid(uid)
            enter()

        return become
