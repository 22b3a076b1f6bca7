"""Writing a table of names in memory that does not grow with them."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Self

from .name_table import (
    BEGINS,
    DIGEST_BYTES,
    PARTS,
    SLOT_BYTES,
    Header,
    check_of,
    header_line,
    keyed,
)
from .name_words import beginning_of

_RECORD_BYTES = DIGEST_BYTES + 1
_BEGINS = bytes((BEGINS,))
_BUFFERED = 4096
"""Bytes of each part that wait in memory before they are written."""
_ROOM = 1.6
"""Slots for each form: more make look-ups shorter, and the file longer."""


class NameTableWriter:
    """Hashes are first sorted into files by part, and each part becomes a hash table by itself.

    Args:
        path: What is replaced, all at once, when the table is whole.
        key: What names are hashed with.

    Attributes:
        names: How many were added.
    """

    def __init__(self, path: Path, key: bytes) -> None:
        self._path, self._key = path, key
        self._digest_of = keyed(key)
        self._folder = tempfile.TemporaryDirectory(prefix=f"{path.name}.", dir=path.parent)
        parts = Path(self._folder.name)
        self._files = [(parts / f"{n}").open("w+b", buffering=_BUFFERED) for n in range(PARTS)]
        self.names = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for file in self._files:
            file.close()
        self._folder.cleanup()

    def add(self, forms: Iterable[str], entity: int) -> None:
        """One name: what stands for it, and the place of its entity, from 1."""
        tail = bytes((entity,))
        for form in forms:
            self._write(form, tail)
            if (beginning := beginning_of(form)) is not None:
                self._write(beginning, _BEGINS)
        self.names += 1

    def _write(self, form: str, tail: bytes) -> None:
        digest = self._digest_of(form)
        self._files[digest[0]].write(digest + tail)

    def finish(self, *, source: str, built_at: float, entities: tuple[str, ...]) -> Header:
        """Put the table in place of the one before.

        Raises:
            OSError: It cannot be written.
        """
        draft = Path(self._folder.name) / "table"
        slots: list[int] = []
        forms = 0
        with draft.open("wb") as body:
            for file in self._files:
                file.seek(0)
                part, count = _part_of(file.read())
                body.write(part)
                slots.append(len(part) // SLOT_BYTES)
                forms += count
        header = Header(
            source=source,
            built_at=built_at,
            names=self.names,
            forms=forms,
            entities=entities,
            check=check_of(self._key),
            slots=tuple(slots),
        )
        self._put(header, draft)
        return header

    def _put(self, header: Header, body: Path) -> None:
        whole = Path(self._folder.name) / "whole"
        descriptor = os.open(whole, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with open(descriptor, "wb") as file, body.open("rb") as rest:
            file.write(header_line(header))
            while block := rest.read(1 << 20):
                file.write(block)
            file.flush()
            os.fsync(file.fileno())
        os.replace(whole, self._path)


def _part_of(records: bytes) -> tuple[bytearray, int]:
    """A hash table of these records, and how many different ones there are."""
    size = _RECORD_BYTES
    distinct = {records[at : at + size] for at in range(0, len(records), size)}
    if not distinct:
        return bytearray(), 0
    slots = int(len(distinct) * _ROOM) + 2
    table = bytearray(slots * SLOT_BYTES)
    count = 0
    for record in distinct:
        place = int.from_bytes(record[1:8]) % slots * SLOT_BYTES
        while table[place + 7]:
            place = place + SLOT_BYTES if place + SLOT_BYTES < len(table) else 0
        table[place : place + SLOT_BYTES] = record[8:]
        count += record[-1] != BEGINS
    return table, count
