"""What is said is kept sealed, with a key for each user: destroying it erases what they said.

The keys are secrets of the store like any other, sealed under the key that is not in the database,
so that replacing that one covers them.
"""

from __future__ import annotations

import os
import time
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator
from contextlib import suppress
from hashlib import sha256
from typing import TYPE_CHECKING, NamedTuple, Protocol, cast

from ..errors import AuditUnavailable, ConfigError
from .location import Cursor
from .secrets import CONTENT_KEYS as PREFIX

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_FRESH = 2.0
"""Seconds for which a key is used without looking whether somebody has destroyed it."""
_KEY_BYTES = 32
_NONCE_BYTES = 12
_ADD = """
    INSERT INTO secrets (name, nonce, sealed, stored_at) VALUES (?, ?, ?, ?)
    ON CONFLICT (name) DO NOTHING"""
_ROW = "SELECT nonce, sealed FROM secrets WHERE name = ?"
_SET_ASIDE = "UPDATE secrets SET name = ? WHERE name = ?"
_ASIDE = "SELECT nonce, sealed FROM secrets WHERE name LIKE ?"
_DESTROY = "DELETE FROM secrets WHERE name LIKE ?"


class Sealing(Protocol):
    """The key that seals keys."""

    def seal(self, name: str, value: str) -> tuple[bytes, bytes]:
        """(nonce, sealed). Raises ConfigError or OSError where there is no usable key."""
        ...

    def unseal(self, name: str, nonce: bytes, sealed: bytes) -> tuple[str, bool] | None:
        """(value, whether the key that seals now opened it); None where none does."""
        ...


class _Known(NamedTuple):
    """A key in memory, and when it was last seen in the store."""

    nonce: bytes
    cipher: AESGCM
    seen: float


class ContentKeys:
    """Seals in the writer's transactions; a key that such a transaction makes is used by others
    only when it is durable.

    Args:
        sealing: Seals the keys themselves.
        clock: Seconds, never going back.
    """

    def __init__(self, sealing: Sealing, clock: Callable[[], float] = time.monotonic) -> None:
        self._sealing = sealing
        self._clock = clock
        self._known: dict[str, _Known] = {}
        self._made: set[str] = set()

    def begin(self) -> None:
        """A transaction begins, or begins again."""
        for name in self._made:
            self._known.pop(name, None)
        self._made.clear()

    def committed(self) -> None:
        """What was made is durable."""
        self._made.clear()

    def forget(self) -> None:
        """Look for every key again before it is used."""
        self._known.clear()

    def seal(self, cursor: Cursor, user: str, place: str, said: str) -> bytes:
        """`said`, sealed for `place`: it opens nowhere else.

        Raises:
            AuditUnavailable: There is no usable key.
        """
        nonce = os.urandom(_NONCE_BYTES)
        plain = said.encode("utf-8", "surrogatepass")
        return nonce + self._cipher(cursor, user).encrypt(nonce, plain, place.encode())

    def open(self, cursor: Cursor, user: str, place: str, sealed: bytes) -> str | None:
        """What was sealed; None where its key was destroyed, or does not open it."""
        from cryptography.exceptions import InvalidTag

        nonce, rest = sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:]
        for cipher in self._ciphers(cursor, _name(user)):
            # ValueError: too short to be anything that was sealed
            with suppress(InvalidTag, ValueError):
                plain = cipher.decrypt(nonce, rest, place.encode())
                return plain.decode("utf-8", "surrogatepass")
        return None

    def _ciphers(self, cursor: Cursor, name: str) -> Iterator[AESGCM]:
        """The key in use, then those that were set aside; what no key opens is left out."""
        cursor.execute(_ASIDE, (f"{name}%",))
        rows = cast("list[tuple[bytes, bytes]]", cursor.fetchall())
        for nonce, sealed in rows:
            with suppress(ConfigError, OSError):
                if (found := self._sealing.unseal(name, bytes(nonce), bytes(sealed))) is not None:
                    yield self._of(bytes(nonce), found[0]).cipher

    def _cipher(self, cursor: Cursor, user: str) -> AESGCM:
        name, now = _name(user), self._clock()
        known = self._known.get(name)
        if known is not None and (now - known.seen < _FRESH or name in self._made):
            return known.cipher
        try:
            known = self._look_up(cursor, name, known) or self._make(cursor, name)
        except (ConfigError, OSError) as error:
            raise AuditUnavailable(
                f"What is said cannot be sealed for the record: {error} Ask your admin, who may "
                "also set `audit.content: none`."
            ) from error
        self._known[name] = known
        return known.cipher

    def _look_up(self, cursor: Cursor, name: str, known: _Known | None) -> _Known | None:
        """The key in the store; None where there is none, or none that can be opened."""
        cursor.execute(_ROW, (name,))
        row = cast("tuple[bytes, bytes] | None", cursor.fetchone())
        if row is None:
            return None
        nonce = bytes(row[0])
        if known is not None and known.nonce == nonce:
            return known._replace(seen=self._clock())
        try:
            found = self._sealing.unseal(name, nonce, bytes(row[1]))
        except OSError:  # where there may be a new one, `seal` makes it; else it says so
            return None
        return None if found is None else self._of(nonce, found[0])

    def _make(self, cursor: Cursor, name: str) -> _Known:
        """A key where there is none. One that nobody can open now is set aside: the key that
        sealed it may come back.
        """
        value = b64encode(os.urandom(_KEY_BYTES)).decode()
        nonce, sealed = self._sealing.seal(name, value)
        cursor.execute(_SET_ASIDE, (f"{name}.{nonce.hex()}", name))
        cursor.execute(_ADD, (name, nonce, sealed, time.time_ns() // 1000))
        if cursor.rowcount == 0:  # another gateway was faster
            known = self._look_up(cursor, name, None)
            if known is None:
                raise ConfigError("Another gateway seals with a key that this one does not have.")
            return known
        self._made.add(name)
        return self._of(nonce, value)

    def _of(self, nonce: bytes, value: str) -> _Known:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        return _Known(nonce, AESGCM(b64decode(value)), self._clock())


def destroy(cursor: Cursor, user: str | None) -> int:
    """Destroy a user's key, or with None everybody's; how many there were."""
    cursor.execute(_DESTROY, (f"{PREFIX if user is None else _name(user)}%",))
    return cursor.rowcount


def _name(user: str) -> str:
    """Nobody reads a user's name out of it, and no name is too long for it."""
    return PREFIX + sha256(user.encode("utf-8", "surrogatepass")).hexdigest()[:32]
