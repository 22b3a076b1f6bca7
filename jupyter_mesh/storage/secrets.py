"""Where keys come from: the environment, a file, or sealed in the store."""

from __future__ import annotations

import base64
import binascii
import logging
import os
import re
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from ..errors import ConfigError, StoreUnavailable
from .location import Location, StorePlace
from .schema import prepare

KEY_VARIABLE = "JUPYTER_MESH_SECRET_KEY"
"""32 bytes in base64: the key of the sealed secrets, where it should not lie beside the store."""

_FRESH = 5.0
"""Seconds for which a value is used without looking whether another process has changed it."""
_KEY_BYTES = 32
_NONCE_BYTES = 12
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}")
_PUT = """
    INSERT INTO secrets (name, nonce, sealed, stored_at) VALUES (?, ?, ?, ?)
    ON CONFLICT (name) DO UPDATE
    SET nonce = excluded.nonce, sealed = excluded.sealed, stored_at = excluded.stored_at"""
_log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Kept:
    """A value in memory; `looked` says when it was last read, on the store's own clock."""

    value: str
    looked: float


class Secrets:
    """`spi.SecretStore`. Sealed with AES-256-GCM under a key that is not in the database.

    The key is `JUPYTER_MESH_SECRET_KEY`, or else the file `mesh.key` beside `mesh.db`, made when
    the first secret is set.

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
        if not _NAME.fullmatch(name):
            raise ConfigError("A secret's name consists of letters, digits, `_`, `.` and `-`.")
        if not value:
            raise ConfigError(f"The secret store:{name} would be empty.")
        try:
            prepare(self._location)
            self._write(name, self._key(create=True), value)
        except self._location.errors as error:
            reason = self._location.failure_of(error).reason
            raise StoreUnavailable(f"The secret cannot be stored: {reason}.") from error
        reference = f"store:{name}"
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
                connection.execute("DELETE FROM secrets WHERE name = ?", (name,))
            finally:
                connection.close()
        except self._location.errors as error:
            reason = self._location.failure_of(error).reason
            raise StoreUnavailable(f"The secret cannot be removed: {reason}.") from error
        with self._lock:
            self._kept.pop(f"store:{name}", None)

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
        row = self._row(name)
        if row is None:
            return None
        from cryptography.exceptions import InvalidTag
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        nonce, sealed = row
        try:
            return AESGCM(self._key(create=False)).decrypt(nonce, sealed, name.encode()).decode()
        except (InvalidTag, OSError) as error:
            file = self._location.key_file
            raise ConfigError(
                f"The secret {reference} cannot be unsealed: {KEY_VARIABLE} "
                f"{f'or {file.name} ' if file else ''}is not the key it was sealed with. Bring "
                "that key back, or set the secret again."
            ) from error

    def _row(self, name: str) -> tuple[bytes, bytes] | None:
        try:
            if not self._location.exists():
                return None
            connection = self._location.read()
            try:
                query = "SELECT nonce, sealed FROM secrets WHERE name = ?"
                return cast(
                    "tuple[bytes, bytes] | None", connection.execute(query, (name,)).fetchone()
                )
            finally:
                connection.close()
        except self._location.errors as error:
            raise StoreUnavailable(
                f"Secrets cannot be read: {self._location.failure_of(error).reason}."
            ) from error

    def _write(self, name: str, key: bytes, value: str) -> None:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        nonce = os.urandom(_NONCE_BYTES)
        # The name is authenticated too: a row cannot be passed off as another secret.
        sealed = AESGCM(key).encrypt(nonce, value.encode(), name.encode())
        connection = self._location.connect()
        try:
            connection.execute(_PUT, (name, nonce, sealed, time.time_ns() // 1000))
        finally:
            connection.close()

    # the key

    def _key(self, *, create: bool) -> bytes:
        """The sealing key. Raises OSError where there is none and none may be made."""
        if variable := self._environ.get(KEY_VARIABLE):
            return _decode_key(variable, KEY_VARIABLE)
        path = self._location.key_file
        if path is None:
            raise ConfigError(
                f"{KEY_VARIABLE} must be set, the same for every gateway: beside a store in "
                "PostgreSQL there is no file for the key that seals secrets."
            )
        if create and not path.exists():
            _create_key(path, self._location)
        key = _decode_key(path.read_text("ascii"), path.name)
        self._warn_if_open(path, path.name)
        return key

    def _warn_if_open(self, path: Path, name: str) -> None:
        if os.name == "posix" and path not in self._warned and path.stat().st_mode & 0o077:
            self._warned.add(path)
            _log.warning("%s can be read by others on this machine; `chmod 600` it.", name)


def _create_key(path: Path, location: Location) -> None:
    with location.locked():
        if path.exists():
            return
        text = base64.b64encode(os.urandom(_KEY_BYTES)) + b"\n"
        draft = path.with_name(path.name + ".new")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        try:
            os.write(descriptor, text)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        os.replace(draft, path)


def _decode_key(text: str, where: str) -> bytes:
    try:
        key = base64.b64decode(text.strip().replace("-", "+").replace("_", "/"), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != _KEY_BYTES:
        raise ConfigError(
            f"{where} must hold {_KEY_BYTES} random bytes in base64, such as "
            "`openssl rand -base64 32` prints."
        )
    return key
