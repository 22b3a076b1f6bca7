"""A lock that ends with its holder: how one process knows that another is dead."""

from __future__ import annotations

import os
import sys
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path

from .location import Cursor

if sys.platform == "win32":
    import msvcrt

    def _lock(descriptor: int, wait: bool) -> None:
        msvcrt.locking(descriptor, msvcrt.LK_LOCK if wait else msvcrt.LK_NBLCK, 1)
else:
    import fcntl

    def _lock(descriptor: int, wait: bool) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))


class Lease:
    """An exclusive lock on a file. The operating system gives it back when the process ends,
    however it ends.
    """

    def __init__(self, path: Path, descriptor: int) -> None:
        self.path = path
        self._descriptor = descriptor

    @classmethod
    def take(cls, path: Path, *, wait: bool = False) -> Lease | None:
        """Lock `path`, which is created if need be. None: somebody else holds it.

        Raises:
            OSError: The file cannot be created.
        """
        while True:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                _lock(descriptor, wait)
            except OSError:
                os.close(descriptor)
                return None
            if _is_at(descriptor, path):
                return cls(path, descriptor)
            # Its last holder removed it meanwhile: lock the file that is there now.
            os.close(descriptor)

    @property
    def in_place(self) -> bool:
        """Whether the file is still there, so that others see the lock."""
        return _is_at(self._descriptor, self.path)

    def release(self) -> None:
        """Remove the file and let go."""
        with suppress(OSError):
            os.unlink(self.path)
        os.close(self._descriptor)


class FilePresence:
    """`location.Presence` by a locked file beside the store, for gateways on one machine.

    Args:
        store: The path of the store.
        writer: Whose presence it is.
    """

    def __init__(self, store: Path, writer: str) -> None:
        self._store = store
        self._writer = writer
        self._lease: Lease | None = None

    def announce(self, cursor: Cursor) -> None:
        if self._lease is None or not self._lease.in_place:
            self._lease = Lease.take(self._path(self._writer))

    @contextmanager
    def taken_over(self, cursor: Cursor, writer: str, heartbeat: int) -> Generator[bool]:
        lease = Lease.take(self._path(writer))
        try:
            yield lease is not None
        finally:
            if lease is not None:
                lease.release()

    def withdraw(self) -> None:
        if self._lease is not None:
            self._lease.release()
            self._lease = None

    def _path(self, writer: str) -> Path:
        return self._store.with_name(f"{self._store.name}.writer-{writer}")


def _is_at(descriptor: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), os.stat(path))
    except FileNotFoundError:
        return False
