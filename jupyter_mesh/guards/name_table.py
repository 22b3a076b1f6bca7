"""Names as keyed hashes in a file that is mapped, not read: ten million cost no process memory of
its own, and whoever has the file without the key cannot tell a name.

The file: a line of JSON (`Header`), then 256 parts, each a hash table with open addressing whose
slots have eight bytes, seven of a hash and one for the entity (0: empty). The first byte of the
hash of a form is its part, the next seven its slot, the seven after those what stands there.
"""

from __future__ import annotations

import hashlib
import json
import mmap
import os
from collections.abc import Callable
from itertools import accumulate
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from ..errors import ScreeningUnavailable

PARTS = 256
SLOT_BYTES = 8
DIGEST_BYTES = 15
MOST_ENTITIES = 254
_MAGIC = "jupyter-mesh names 1"
_LONGEST_HEADER = 65_536

BEGINS = 255
"""In the place of an entity: longer names begin like this."""


class UnusableTable(ScreeningUnavailable):
    """There is no such file, it is damaged, of another list, or made with another key."""


class Header(BaseModel):
    """What a table says of itself.

    Attributes:
        source: Which list it is: a hash of where it was read and how.
        built_at: Seconds since 1970, when reading began; its version.
        names: How many were read, with those that come again.
        forms: How many different ones stand in it.
        entities: What a slot's last byte counts, from 1.
        check: Shows whether a key is the one it was made with.
        slots: Of each part.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    magic: str = _MAGIC
    source: str
    built_at: float
    names: int
    forms: int
    entities: tuple[str, ...]
    check: str
    slots: tuple[int, ...]


def keyed(key: bytes) -> Callable[[str], bytes]:
    """What gives the 15 bytes that stand for a form under `key`."""
    begun = hashlib.blake2s(digest_size=DIGEST_BYTES, key=key)

    def digest_of(form: str) -> bytes:
        hash = begun.copy()
        hash.update(form.encode("utf-8", "surrogatepass"))
        return hash.digest()

    return digest_of


def check_of(key: bytes) -> str:
    """What tells keys apart and nothing else of them."""
    return hashlib.blake2s(b"check", digest_size=16, key=key, person=b"names").hexdigest()


class NameTable:
    """A table as it was when it was opened; others may put another in its place meanwhile.

    Args:
        path: The file.
        key: What it was made with.
        source: Which list it must be.

    Raises:
        UnusableTable: It cannot be used.
    """

    def __init__(self, path: Path, key: bytes, source: str) -> None:
        self._digest_of = keyed(key)
        try:
            with path.open("rb") as file:
                line = file.readline(_LONGEST_HEADER)
                self.header = Header.model_validate_json(line)
                status = os.fstat(file.fileno())
                self._map = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        except (OSError, ValidationError, ValueError) as error:
            raise UnusableTable(f"{path.name}: {type(error).__name__}") from None
        self.identity = identity_of(status)
        said = self.header
        whole = len(line) + SLOT_BYTES * sum(said.slots)
        if said.magic != _MAGIC or len(said.slots) != PARTS or len(self._map) != whole:
            raise UnusableTable(f"{path.name} is damaged.")
        if said.source != source or said.check != check_of(key):
            raise UnusableTable(f"{path.name} is of another list or key.")
        starts = accumulate((SLOT_BYTES * slots for slots in said.slots), initial=len(line))
        self._parts = list(zip(starts, said.slots, strict=False))

    def lookup(self, form: str) -> bytes:
        """What a form is (`name_words.Lookup`); `BEGINS` for the beginning of a longer one."""
        digest = self._digest_of(form)
        start, slots = self._parts[digest[0]]
        if not slots:
            return b""
        table, mark = self._map, digest[8:]
        slot = int.from_bytes(digest[1:8]) % slots
        found = b""
        while True:
            at = start + slot * 8
            kept = table[at : at + 8]
            if not kept[7]:
                return found
            if kept[:7] == mark:
                found += kept[7:]
            slot = slot + 1 if slot + 1 < slots else 0


def identity_of(status: os.stat_result) -> tuple[int, int, int]:
    """What changes when another file takes the place of one."""
    return status.st_ino, status.st_mtime_ns, status.st_size


class CurrentTable:
    """The table at a path, whichever is there by now. Raises as `NameTable` on use."""

    def __init__(self, path: Path, key: bytes, source: str) -> None:
        self._path, self._key, self._source = path, key, source
        self._table: NameTable | None = None
        self._refused: tuple[int, int, int] | None = None

    def get(self) -> NameTable:
        """The newest that can be used: one that cannot leaves the last one in force.

        Raises:
            UnusableTable: There never was one.
        """
        try:
            identity = identity_of(self._path.stat())
        except OSError:
            identity = None
        current = self._table
        if identity is not None and identity != self._refused:
            if current is not None and current.identity == identity:
                return current
            try:
                current = self._table = NameTable(self._path, self._key, self._source)
            except UnusableTable:
                self._refused = identity
        if current is None:
            raise UnusableTable(f"{self._path.name} was never loaded.")
        return current


def header_line(header: Header) -> bytes:
    """A header as a file begins with it."""
    return json.dumps(header.model_dump(mode="json")).encode() + b"\n"
