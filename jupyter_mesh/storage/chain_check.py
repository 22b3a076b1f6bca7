"""Whether what is recorded is what was recorded: every chain, every record, every content."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, cast

from . import change_check, sql
from .acts import unsealed_act, wrong_act
from .chain import content_hash, digest_of, entry_hash, first_hash
from .content import opened
from .content_keys import ContentKeys
from .location import Cursor, Row
from .records import sealed_completion, sealed_intent

_ENTRIES = """
    SELECT number, kind, subject, moment, digest, content, hash FROM audit_chain
    WHERE writer = ? AND number > ? ORDER BY number LIMIT ?"""
_WRITERS = "SELECT DISTINCT writer FROM audit_chain ORDER BY writer"
_INTENT = f"SELECT {', '.join(sql.INTENT)} FROM calls WHERE id = ?"
_COMPLETION = f"SELECT {', '.join(sql.COMPLETION)}, id FROM calls WHERE id = ?"
_CONTENT = """
    SELECT request, response, sealed_request, sealed_response FROM call_content
    WHERE call_id = ? AND (form IS NULL OR form <> 'erased')"""
_OWNER = "SELECT username FROM calls WHERE id = ?"
_KEY = "SELECT key FROM audit_keys WHERE tenant = ''"
_UNSEALED = """
    SELECT calls.id FROM calls LEFT JOIN audit_chain
    ON audit_chain.subject = calls.id AND audit_chain.kind = 'open'
    WHERE audit_chain.subject IS NULL ORDER BY calls.seq"""
_AT_ONCE = 500


class Entry(NamedTuple):
    """One row of `audit_chain`."""

    number: int
    kind: str
    subject: str
    moment: int
    digest: bytes
    content: bytes | None
    hash: bytes


@dataclass(frozen=True, slots=True)
class Fault:
    """The first thing found that is not as it was recorded.

    Attributes:
        writer: Whose chain; empty where the record stands in none.
        number: The place in that chain.
        subject: The call; of a change its number.
        reason: In words.
    """

    writer: str
    number: int
    subject: str
    reason: str
    kind: str = "open"


@dataclass(frozen=True, slots=True)
class Head:
    """Where a chain ends."""

    writer: str
    number: int
    hash: bytes


@dataclass(slots=True)
class Verdict:
    """What came of checking.

    Attributes:
        entries: How many were checked.
        heads: Where the chains end now.
        fault: The first bad record, if any.
        unsealed: Calls and changes recorded before there was a chain; they are not covered.
    """

    entries: int
    heads: list[Head]
    fault: Fault | None
    unsealed: int


@dataclass(slots=True)
class _Pruned:
    """Up to when policy has deleted, over all chains."""

    calls: int = 0
    content: int = 0
    erased: dict[str, int] = field(default_factory=dict[str, int])
    """By user, and by nobody's name for everybody: up to when what they said was destroyed."""

    def of(self, user: str) -> int:
        """Up to when the content of this user's calls may be missing."""
        return max(self.content, self.erased.get(user, 0), self.erased.get("", 0))


def check(cursor: Cursor, known: Sequence[Head] = (), keys: ContentKeys | None = None) -> Verdict:
    """Check everything, in one consistent state of the store.

    Args:
        cursor: Reads.
        known: Heads of a checkpoint: each must still stand in its chain.
        keys: Open what was sealed only after it was entered in plain text, by an earlier version.
    """
    cursor.execute(_KEY)
    key = cast("tuple[bytes] | None", cursor.fetchone())
    cursor.execute(_WRITERS)
    writers = [cast("tuple[str]", row)[0] for row in cursor.fetchall()]
    pruned = _pruned(cursor)
    verdict = Verdict(0, [], None, 0)
    waiting = {(head.writer, head.number): head.hash for head in known}
    for writer in writers:
        before = first_hash(writer)
        number = 0
        for entry in _entries(cursor, writer):
            number += 1
            reason = _wrong_link(entry, number, before) or _wrong_record(
                cursor, entry, bytes(key[0]) if key else None, pruned, keys
            )
            if not reason and waiting.pop((writer, number), entry.hash) != entry.hash:
                reason = "the chain is not the one the checkpoint was taken of"
            if reason:
                verdict.fault = Fault(writer, number, entry.subject, reason, entry.kind)
                return verdict
            before = entry.hash
            verdict.entries += 1
        verdict.heads.append(Head(writer, number, before))
    for (writer, number), _ in sorted(waiting.items()):
        reason = "the chain ends before the place that a checkpoint knows"
        verdict.fault = Fault(writer, number, "", reason)
        return verdict
    _look_for_unsealed(cursor, verdict)
    if verdict.fault is None:
        _look_at_changes(cursor, verdict)
    if verdict.fault is None and (number := unsealed_act(cursor)) is not None:
        reason = "the act stands in no chain: it was put in from outside"
        verdict.fault = Fault("", 0, str(number), reason, "act")
    return verdict


def heads(cursor: Cursor) -> list[Head]:
    """Where the chains end, unchecked."""
    cursor.execute(
        "SELECT writer, number, hash FROM audit_chain AS last WHERE number = "
        "(SELECT max(number) FROM audit_chain WHERE writer = last.writer) ORDER BY writer"
    )
    rows = cast("list[tuple[str, int, bytes]]", cursor.fetchall())
    return [Head(writer, number, bytes(own)) for writer, number, own in rows]


def _entries(cursor: Cursor, writer: str) -> Iterator[Entry]:
    """A chain in order, a part at a time."""
    last = 0
    while True:
        cursor.execute(_ENTRIES, (writer, last, _AT_ONCE))
        rows = cursor.fetchall()
        for row in rows:
            number, kind, subject, moment, digest, content, own = cast(
                "tuple[int, str, str, int, bytes, bytes | None, bytes]", row
            )
            last = number
            sealed = None if content is None else bytes(content)
            yield Entry(number, kind, subject, moment, bytes(digest), sealed, bytes(own))
        if len(rows) < _AT_ONCE:
            return


def _wrong_link(entry: Entry, number: int, before: bytes) -> str | None:
    if entry.number != number:
        return f"entry {number} is missing"
    own = entry_hash(before, entry.kind, entry.subject, entry.moment, entry.digest, entry.content)
    return None if own == entry.hash else "the entry was changed, or one before it removed"


def _wrong_record(
    cursor: Cursor, entry: Entry, key: bytes | None, pruned: _Pruned, keys: ContentKeys | None
) -> str | None:
    if entry.kind in ("prune", "prune_content"):
        same = digest_of((entry.moment,)) == entry.digest
        return None if same else "what policy deleted was changed"
    if entry.kind == "change":
        return change_check.wrong_change(cursor, entry.subject, entry.digest)
    if entry.kind == "act":
        return wrong_act(cursor, entry.subject, entry.digest)
    cursor.execute(_INTENT if entry.kind == "open" else _COMPLETION, (entry.subject,))
    record = cast("Row | None", cursor.fetchone())
    if record is None:
        gone = entry.moment < pruned.calls
        return None if gone else "the record is missing, and no policy deleted it"
    sealed = sealed_intent if entry.kind == "open" else sealed_completion
    if digest_of(sealed(tuple(record))) != entry.digest:
        return "the record was changed"
    return _wrong_content(cursor, entry, key, pruned, keys)


def _wrong_content(
    cursor: Cursor, entry: Entry, key: bytes | None, pruned: _Pruned, keys: ContentKeys | None
) -> str | None:
    if entry.content is None or key is None:  # without its key nothing can be said of content
        return None
    cursor.execute(_CONTENT, (entry.subject,))
    found = cast("Row | None", cursor.fetchone())
    cursor.execute(_OWNER, (entry.subject,))
    (user,) = cast("tuple[str]", cursor.fetchone())
    if found is None:
        gone = entry.moment < pruned.of(user)
        return None if gone else "its content is missing, and no policy deleted it"
    part = ("open", "close").index(entry.kind)
    plain, sealed = cast("str | None", found[part]), cast("bytes | None", found[part + 2])
    if sealed is not None:
        if content_hash(key, bytes(sealed)) == entry.content:
            return None
        plain = keys and opened(cursor, keys, entry.subject, user, part, bytes(sealed))
    written = None if plain is None else plain.encode("utf-8", "surrogatepass")
    same = written is not None and content_hash(key, written) == entry.content
    return None if same else "its content was changed"


def _pruned(cursor: Cursor) -> _Pruned:
    found = _Pruned()
    cursor.execute(
        "SELECT kind, max(moment) FROM audit_chain WHERE kind IN ('prune', 'prune_content') "
        "GROUP BY kind"
    )
    for kind, until in cast("list[tuple[str, int]]", cursor.fetchall()):
        if kind == "prune":
            found.calls = until
        found.content = max(found.content, until)
    cursor.execute("SELECT subject, max(at) FROM audit_acts WHERE act = 'erase' GROUP BY subject")
    found.erased.update(cast("list[tuple[str, int]]", cursor.fetchall()))
    return found


def _look_at_changes(cursor: Cursor, verdict: Verdict) -> None:
    found, unsealed = change_check.unsealed_changes(cursor)
    verdict.unsealed += unsealed
    if found is None:
        found = change_check.altered_setting(cursor)
    if found is not None:
        version, reason = found
        verdict.fault = Fault("", 0, str(version), reason, "change")


def _look_for_unsealed(cursor: Cursor, verdict: Verdict) -> None:
    """Records that stand in no chain: those from before there was one, else they were put in."""
    cursor.execute(_UNSEALED)
    ids = [cast("tuple[str]", row)[0] for row in cursor.fetchall()]
    cursor.execute("SELECT min(moment) FROM audit_chain WHERE kind = 'open'")
    (begun,) = cast("tuple[int | None]", cursor.fetchone())
    for call_id in ids:
        cursor.execute("SELECT started_at FROM calls WHERE id = ?", (call_id,))
        (started,) = cast("tuple[int]", cursor.fetchone())
        if begun is not None and started >= begun:
            reason = "the record stands in no chain: it was put in from outside"
            verdict.fault = Fault("", 0, call_id, reason)
            return
        verdict.unsealed += 1
