"""Where keys come from: the environment, a file, or sealed in the store."""

from __future__ import annotations

import logging
import os
import re
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, TypeVar

from ..errors import ConfigError, StoreUnavailable
from . import sealed
from .location import Cursor, Location, StorePlace
from .schema import prepare
from .sealing_keys import SealingKeys

CONTENT_KEYS = "audit.content."
"""How the names of the keys begin under which the record keeps what users said."""
_FRESH = 5.0
"""Seconds for which a value is used without looking whether another process has changed it."""
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}")
T = TypeVar("T")
_log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Kept:
    """A value in memory; `looked` says when it was last read, on the store's own clock."""

    value: str
    looked: float


class SealedFact(NamedTuple):
    """A sealed secret; `current`: the key that seals now opens it; None: no key does."""

    name: str
    stored_at: int
    current: bool | None


class Secrets:
    """`spi.SecretStore`. What is in the store is sealed under keys that are not in it: those of
    `JUPYTER_MESH_SECRET_KEY`, or else of the file `mesh.key` beside `mesh.db`.

    Args:
        place: The store, the same as the journal's.
        environ: Where `env:` looks.
        folder: What a relative `file:` path starts from.
        clock: Seconds, never going back.

    Values are read once and then kept in memory, since calls resolve them; a file or the store is
    looked at again every few seconds, in a thread, while its value is in use.
    """

    def __init__(
        self,
        place: StorePlace,
        *,
        environ: Mapping[str, str] = os.environ,
        folder: Path | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._location = Location.of(place)
        self._environ = environ
        self._folder = folder or Path()
        self.keys = SealingKeys(
            self._location.key_file, environ, self._folder, self._location.locked
        )
        self._clock = clock
        self._known: frozenset[str] = frozenset()
        self._kept: dict[str, _Kept] = {}
        self._warned: set[Path] = set()
        self._lock = threading.Lock()

    def resolve(self, reference: str) -> str:
        scheme, _, name = reference.partition(":")
        if scheme not in ("env", "file", "store") or not name:
            # Not quoted: somebody may have written the key itself here.
            raise ConfigError("A secret must be written as env:NAME, file:PATH or store:NAME.")
        if scheme == "env":
            return self._remembered(reference, self._environ.get(name))
        kept = self._kept.get(reference)
        if kept is None:
            value = self._remembered(reference, self._read(reference))
            with self._lock:
                return self._kept.setdefault(reference, _Kept(value, self._clock())).value
        if self._clock() - kept.looked >= _FRESH:
            kept.looked = self._clock()
            threading.Thread(target=self._look_again, args=(reference, kept), daemon=True).start()
        return kept.value

    def _look_again(self, reference: str, kept: _Kept) -> None:
        try:
            value = self._remembered(reference, self._read(reference))
        except StoreUnavailable:
            return  # calls are refused anyway; the value is still the last one known
        except ConfigError:
            value = None
        with self._lock:
            if self._kept.get(reference) is not kept:
                return  # set or removed meanwhile
            if value is None:
                del self._kept[reference]  # the next call says what is wrong
            else:
                kept.value = value

    def _read(self, reference: str) -> str | None:
        scheme, _, name = reference.partition(":")
        return (self._read_file if scheme == "file" else self._unseal)(reference, name)

    def _remembered(self, reference: str, value: str | None) -> str:
        if not value:
            raise ConfigError(f"The secret {reference} does not exist or is empty.")
        with self._lock:
            if value not in self._known:
                self._known |= {value}
        return value

    def set(self, name: str, value: str) -> None:
        """Seal `value` in the store, to be used as `store:<name>`. It cannot be read back through
        any API.

        Raises:
            ConfigError: The name or the sealing key is not usable.
            StoreUnavailable: The store cannot be written.
        """
        try:
            prepare(self._location)
            connection = self._location.connect()
            try:
                cursor = connection.cursor()
                cursor.execute(self._location.begin)
                self.put(cursor, name, value)
                cursor.execute("COMMIT")
            finally:
                connection.close()
        except self._location.errors as error:
            reason = self._location.failure_of(error).reason
            raise StoreUnavailable(f"The secret cannot be stored: {reason}.") from error
        self.took(name, value)

    def put(self, cursor: Cursor, name: str, value: str) -> None:
        """`set`, inside a transaction; `took` makes it known when that is durable. Whoever replaces
        the key writes before or after this transaction, so its key is read inside it.

        Raises:
            ConfigError: As `set`.
            OSError: The sealing key cannot be read.
        """
        if not _NAME.fullmatch(name):
            raise ConfigError("A secret's name consists of letters, digits, `_`, `.` and `-`.")
        if not value:
            raise ConfigError(f"The secret store:{name} would be empty.")
        sealed.put(cursor, name, *self.keys.seal(name, value))

    def took(self, name: str, value: str | None) -> None:
        """Use this value from now on; None: it was removed."""
        reference = f"store:{name}"
        if value is None:
            with self._lock:
                self._kept.pop(reference, None)
            return
        self._remembered(reference, value)
        with self._lock:
            self._kept[reference] = _Kept(value, self._clock())

    def remove(self, name: str) -> None:
        """Forget `store:<name>`; nothing happens where there is none.

        Raises:
            StoreUnavailable: The store cannot be written.
        """
        try:
            prepare(self._location)
            connection = self._location.connect()
            try:
                sealed.delete(connection.cursor(), name)
            finally:
                connection.close()
        except self._location.errors as error:
            reason = self._location.failure_of(error).reason
            raise StoreUnavailable(f"The secret cannot be removed: {reason}.") from error
        self.took(name, None)

    def facts(self) -> list[SealedFact]:
        """What is sealed, by name, but for the keys of what users said.

        Raises:
            StoreUnavailable: The store cannot be read.
        """
        return [
            SealedFact(one.name, one.stored_at, self._current(one))
            for one in self._read_rows()
            if not one.name.startswith(CONTENT_KEYS)
        ]

    def _current(self, one: sealed.SealedRow) -> bool | None:
        try:
            found = self.keys.unseal(one.name, one.nonce, one.sealed)
        except (ConfigError, OSError):
            return None
        return None if found is None else found[1]

    def known_values(self) -> frozenset[str]:
        return self._known

    def _read_file(self, reference: str, name: str) -> str:
        path = self._folder / Path(name).expanduser()
        try:
            value = path.read_text("utf-8").rstrip("\r\n")
        except (OSError, ValueError) as error:  # not text, or no path at all
            raise ConfigError(f"The secret {reference} cannot be read as a text file.") from error
        self._warn_if_open(path, reference)
        return value

    # sealed in the store

    def _unseal(self, reference: str, name: str) -> str | None:
        for _ in range(2):  # the key may be replaced between looking for the row and for the key
            row = self._row(name)
            if row is None:
                return None
            try:
                found = self.keys.unseal(name, *row)
            except OSError:
                break
            if found is not None:
                return found[0]
        raise ConfigError(
            f"The secret {reference} cannot be unsealed: {self.keys.place} is not the key it was "
            "sealed with. Bring that key back, or set the secret again."
        )

    def _row(self, name: str) -> tuple[bytes, bytes] | None:
        return self._query(lambda cursor: sealed.row(cursor, name), None)

    def _read_rows(self) -> list[sealed.SealedRow]:
        return self._query(sealed.all_rows, [])

    def _query(self, query: Callable[[Cursor], T], none: T) -> T:
        """The result of `query`; `none` where there is no store yet."""
        try:
            if not self._location.exists():
                return none
            connection = self._location.read()
            try:
                return query(connection.cursor())
            finally:
                connection.close()
        except self._location.errors as error:
            raise StoreUnavailable(
                f"Secrets cannot be read: {self._location.failure_of(error).reason}."
            ) from error

    def _warn_if_open(self, path: Path, name: str) -> None:
        if os.name == "posix" and path not in self._warned and path.stat().st_mode & 0o077:
            self._warned.add(path)
            _log.warning("%s can be read by others on this machine; `chmod 600` it.", name)
