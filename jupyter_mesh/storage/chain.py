"""The hash chain of one writer: each entry seals a record and all that came before it.

Changing, removing or inserting a record, or an entry, breaks the chain at that place
(`chain_check` finds it); cutting off its end shows against a checkpoint that was taken before.
Entries hold digests only, so old records and contents can be deleted and the chain still holds;
that they were deleted by policy, and up to when, is an entry too.
"""

from __future__ import annotations

import hashlib
import hmac
import os
from typing import Literal, TypeAlias, cast

import orjson

from .content_keys import ContentKeys
from .location import Cursor, Row

Kind: TypeAlias = Literal["open", "close", "change", "act", "prune", "prune_content"]

_APPEND = """
    INSERT INTO audit_chain (writer, number, kind, subject, moment, digest, content, hash)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?)"""
_HEAD = "SELECT number, hash FROM audit_chain WHERE writer = ? ORDER BY number DESC LIMIT 1"
_AT = "SELECT hash FROM audit_chain WHERE writer = ? AND number = ?"
_KEEP_KEY = "INSERT INTO audit_keys (tenant, key) VALUES ('', ?) ON CONFLICT (tenant) DO NOTHING"
_KEY = "SELECT key FROM audit_keys WHERE tenant = ''"
_KEY_BYTES = 32


Head: TypeAlias = "tuple[int, bytes]"
"""Number and hash of the last entry."""


class Chain:
    """Appends entries inside the writer's transactions.

    Args:
        writer: Whose chain it is.
        content_keys: Seal what was said before it is entered.
    """

    def __init__(self, writer: str, content_keys: ContentKeys) -> None:
        self._writer = writer
        self.content_keys = content_keys
        self._key = b""
        self._durable = (0, first_hash(writer))
        self._head = self._durable

    def load(self, cursor: Cursor) -> None:
        """Go on where the store says the chain ends: a commit that seemed to fail may have held."""
        cursor.execute(_HEAD, (self._writer,))
        found = cast("tuple[int, bytes] | None", cursor.fetchone())
        self._durable = (found[0], bytes(found[1])) if found else (0, first_hash(self._writer))
        self.begin()
        cursor.execute(_KEEP_KEY, (os.urandom(_KEY_BYTES),))
        cursor.execute(_KEY)
        (key,) = cast("tuple[bytes]", cursor.fetchone())
        self._key = bytes(key)

    @property
    def head(self) -> Head:
        """Where the chain would end if the transaction were committed."""
        return self._head

    @property
    def ahead(self) -> bool:
        """Whether the transaction has appended anything."""
        return self._head != self._durable

    def begin(self) -> None:
        """A transaction begins, or begins again."""
        self._head = self._durable
        self.content_keys.begin()

    def committed(self) -> None:
        """What was appended is durable."""
        self._durable = self._head
        self.content_keys.committed()

    def passed(self, cursor: Cursor, head: Head) -> bool:
        """Whether the chain, as it is stored, has been at `head`: what was appended up to there
        has been committed.
        """
        cursor.execute(_AT, (self._writer, head[0]))
        found = cast("tuple[bytes] | None", cursor.fetchone())
        return found is not None and bytes(found[0]) == head[1]

    def append(
        self,
        cursor: Cursor,
        kind: Kind,
        subject: str,
        moment: int,
        record: Row,
        content: bytes | None,
    ) -> None:
        """Seal one record. The last act of an operation: what failed before it leaves no entry.

        Args:
            cursor: Inside the transaction that writes the record.
            kind: What happened.
            subject: Id of the call; of a change or an act its number.
            moment: Microseconds since 1970: when the call began, or the change was made.
            record: Its columns as they are stored.
            content: What was said, sealed as it is stored; None where nothing is kept.
        """
        number, before = self._head[0] + 1, self._head[1]
        digest = digest_of(record)
        sealed = None if content is None else content_hash(self._key, content)
        own = entry_hash(before, kind, subject, moment, digest, sealed)
        row = (self._writer, number, kind, subject, moment, digest, sealed, own)
        cursor.execute(_APPEND, row)
        self._head = (number, own)


def first_hash(writer: str) -> bytes:
    """What stands before the first entry of a chain."""
    return hashlib.sha256(f"jupyter-mesh audit chain 1 {writer}".encode()).digest()


def digest_of(record: Row) -> bytes:
    """SHA-256 of a record's columns, as JSON."""
    return hashlib.sha256(orjson.dumps(record)).digest()


def content_hash(key: bytes, content: bytes) -> bytes:
    """HMAC-SHA-256 of what was said, as it is stored: so it tells nothing of what was erased."""
    return hmac.digest(key, content, "sha256")


def entry_hash(
    before: bytes, kind: str, subject: str, moment: int, digest: bytes, content: bytes | None
) -> bytes:
    """SHA-256 over the entry before and all of this one."""
    head = orjson.dumps((kind, subject, moment, content is not None))
    return hashlib.sha256(before + head + digest + (content or b"")).digest()
