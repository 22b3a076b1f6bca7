"""The keys that seal secrets: they are not in the database, and can be replaced while it runs."""

from __future__ import annotations

import base64
import binascii
import logging
import os
import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, suppress
from pathlib import Path

from ..errors import ConfigError

KEY_VARIABLE = "JUPYTER_MESH_SECRET_KEY"
"""32 bytes in base64: the key of the sealed secrets, where it should not lie beside the store.
Several, with commas between them: the first seals, the others only open. `file:PATH` names a file
that holds them, a line each, and is read again when it is needed.
"""

_KEY_BYTES = 32
_NONCE_BYTES = 12
_BETWEEN = re.compile(r"[\s,]+")
_log = logging.getLogger(__name__)


class SealingKeys:
    """AES-256-GCM under the first key; every key opens. The name is authenticated too, so that a
    value cannot be passed off as another secret's.

    Args:
        file: The key file of this mesh, made when the first secret is sealed; None: keys must be
            given.
        environ: Where `JUPYTER_MESH_SECRET_KEY` is looked for.
        folder: What a relative `file:` path starts from.
        locked: Keeps other processes from making the key file at the same time.
    """

    def __init__(
        self,
        file: Path | None,
        environ: Mapping[str, str],
        folder: Path,
        locked: Callable[[], AbstractContextManager[None]],
    ) -> None:
        self.file = file
        self._environ = environ
        self._folder = folder
        self._locked = locked

    @property
    def given(self) -> bool:
        """Whether they come from outside, so that nobody here may write them."""
        return bool(self._environ.get(KEY_VARIABLE))

    @property
    def place(self) -> str:
        """Where they are, for messages."""
        file = self.file
        return KEY_VARIABLE if self.given or file is None else f"{KEY_VARIABLE} or {file.name}"

    def check(self) -> None:
        """Whether something can be sealed.

        Raises:
            ConfigError: Keys must be given and are not, or one is not usable.
        """
        try:
            self.read()
        except OSError as error:
            if self.given:  # a file of this mesh's own is made when it is needed
                raise ConfigError(
                    f"The file that {KEY_VARIABLE} names cannot be read: {error.strerror}."
                ) from error

    def seal(self, name: str, value: str) -> tuple[bytes, bytes]:
        """(nonce, sealed) under the first key, which is made where there may be one.

        Raises:
            ConfigError: There is no usable key.
            OSError: The key file cannot be read or made.
        """
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        if not self.given and self.file is not None and not self.file.exists():
            self._make(self.file)
        nonce = os.urandom(_NONCE_BYTES)
        return nonce, AESGCM(self.read()[0]).encrypt(nonce, value.encode(), name.encode())

    def unseal(self, name: str, nonce: bytes, sealed: bytes) -> tuple[str, bool] | None:
        """(value, whether it is sealed with the first key); None where no key opens it.

        Raises:
            ConfigError, OSError: As `seal`.
        """
        from cryptography.exceptions import InvalidTag
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        for place, key in enumerate(self.read()):
            with suppress(InvalidTag):
                return AESGCM(key).decrypt(nonce, sealed, name.encode()).decode(), place == 0
        return None

    def read(self) -> list[bytes]:
        """The keys now, the one that seals first.

        Raises:
            ConfigError: One is not usable, or they must be given and are not.
            OSError: Their file cannot be read.
        """
        given = self._environ.get(KEY_VARIABLE, "")
        if given.startswith("file:"):
            path = self._folder / Path(given.removeprefix("file:")).expanduser()
            return _decoded(path.read_text("utf-8"), f"The file that {KEY_VARIABLE} names")
        if given:
            return _decoded(given, KEY_VARIABLE)
        if self.file is None:
            raise ConfigError(
                f"{KEY_VARIABLE} must be set, the same for every gateway: beside this store there "
                "is no file for the key that seals secrets."
            )
        keys = _decoded(self.file.read_text("utf-8"), self.file.name)
        _close_to_others(self.file)
        return keys

    # replacing the key of the file

    def put_new_first(self) -> None:
        """Begin to replace the key of the file: a new one seals from now on, the old one opens.
        What was begun before and not ended is gone on with.
        """
        assert self.file is not None
        keys = self.read()
        if len(keys) == 1:
            _write(self.file, [os.urandom(_KEY_BYTES), *keys])

    def drop_old(self) -> None:
        """End it: only the new key is left."""
        assert self.file is not None
        _write(self.file, self.read()[:1])

    def _make(self, path: Path) -> None:
        with self._locked():
            if not path.exists():
                _write(path, [os.urandom(_KEY_BYTES)])


def _write(path: Path, keys: Sequence[bytes]) -> None:
    """Replace the file as a whole, durably: what is sealed next must never outlive its key."""
    draft = path.with_name(path.name + ".new")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    try:
        os.write(descriptor, b"".join(base64.b64encode(key) + b"\n" for key in keys))
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    os.replace(draft, path)
    if os.name == "posix":
        folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def _close_to_others(path: Path) -> None:
    if os.name == "posix" and path.stat().st_mode & 0o077:
        with suppress(OSError):
            path.chmod(0o600)
        _log.warning(
            "%s could be read by others on this machine%s; `jupyter mesh secrets rotate` makes "
            "another key.",
            path.name,
            "" if path.stat().st_mode & 0o077 else " and was closed to them",
        )


def _decoded(text: str, where: str) -> list[bytes]:
    keys = [_key(one) for one in _BETWEEN.split(text.strip()) if one]
    if not keys or any(len(key) != _KEY_BYTES for key in keys):
        raise ConfigError(
            f"{where} must hold {_KEY_BYTES} random bytes in base64, such as "
            "`openssl rand -base64 32` prints."
        )
    return keys


def _key(text: str) -> bytes:
    try:
        return base64.b64decode(text.replace("-", "+").replace("_", "/"), validate=True)
    except (binascii.Error, ValueError):
        return b""
