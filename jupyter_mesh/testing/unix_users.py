"""Users' servers as processes of Unix users of their own, who need no account on the machine.

Only root can start them: what one user's processes can read of another's is a question that
servers of one and the same Unix user cannot answer.
"""

from __future__ import annotations

import os
import shlex
import shutil
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any, cast

from jupyterhub.spawner import SimpleLocalProcessSpawner  # pyright: ignore[reportMissingTypeStubs]
from traitlets import Dict

_FIRST = 61_001
"""Ids that no account of a usual machine has."""
_PROGRAMS = ("unshare", "setpriv", "mount")


def uids_of(accounts: Iterable[str]) -> dict[str, int]:
    """Ids of Unix users for accounts; none where this process may start nothing as another user."""
    if os.geteuid() != 0 or not all(map(shutil.which, _PROGRAMS)):
        return {}
    command = [*as_user(_FIRST), sys.executable, "-c", "import jupyter_mesh_server"]
    looked = subprocess.run(command, cwd="/", capture_output=True)
    return {} if looked.returncode else {name: _FIRST + n for n, name in enumerate(accounts)}


def as_user(uid: int) -> list[str]:
    """What to put before a command that is to run as a Unix user.

    Where Python or the checkout lie in a folder that others may not enter, such as root's home, the
    command sees that folder empty but for them.
    """
    needed = {
        Path(sys.base_prefix).resolve(),
        Path(sys.prefix),
        Path(__file__).resolve().parents[2],
    }
    closed = {path: hidden for path in needed if (hidden := _closed_above(path)) is not None}
    lines = ["set -e", "umask 022"]
    for number, path in enumerate(closed):
        lines.append(f"k{number}=$(mktemp -d); mount --bind {shlex.quote(str(path))} $k{number}")
    lines += [
        f"mount -t tmpfs -o mode=711 none {shlex.quote(str(one))}" for one in {*closed.values()}
    ]
    for number, path in enumerate(closed):
        place = shlex.quote(str(path))
        lines.append(f"mkdir -p {place}; mount --bind $k{number} {place}")
    ids = f"--reuid {uid} --regid {uid} --clear-groups --no-new-privs"
    lines.append(f'exec setpriv {ids} "$@"')
    return ["unshare", "--mount", "sh", "-c", "\n".join(lines), "sh"]


def _closed_above(path: Path) -> Path | None:
    """The outermost folder on the way to it that others may not enter."""
    for folder in (*reversed(path.parents), path):
        if not folder.stat().st_mode & stat.S_IXOTH:
            return folder
    return None


def shared_folder() -> Path:
    """A new folder through which every Unix user may reach what lies in it, and list nothing."""
    folder = Path(tempfile.mkdtemp(prefix="mesh-hub-"))
    folder.chmod(0o711)
    return folder


def _make_home(home: Path, uid: int) -> None:
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    os.chown(home, uid, uid)


class UnixUserSpawner(SimpleLocalProcessSpawner):
    """Starts servers as Unix users, those of `uids`; others as the Hub's own."""

    uids: Any = Dict(config=True, help="Unix users by account.")

    async def start(self) -> tuple[str, int]:
        """Start the server, in a home that is its user's alone."""
        uid = cast("dict[str, int]", self.uids).get(str(self.user.name))
        if uid is not None:
            _make_home(Path(str(self.home_dir)), uid)
            self.cmd = [*as_user(uid), "jupyterhub-singleuser"]
        return cast("tuple[str, int]", await super().start())
