"""Acts upon the record: written with their entry in the chain, and checked like the calls."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import cast

from ..schemas.audit_acts import ActKind, AuditAct
from ..schemas.json import JsonObject
from .chain import Chain, digest_of
from .location import Cursor, Row, Value
from .values import from_json, micros, moment, text, to_json

_COLUMNS = "number, at, username, via, act, subject, details"
_INSERT = """
    INSERT INTO audit_acts (at, username, via, act, subject, details)
    VALUES (?, ?, ?, ?, ?, ?) RETURNING number"""
_ACT = f"SELECT {_COLUMNS} FROM audit_acts WHERE number = ?"
_UNSEALED = """
    SELECT audit_acts.number FROM audit_acts LEFT JOIN audit_chain
    ON audit_chain.kind = 'act' AND audit_chain.subject = CAST(audit_acts.number AS TEXT)
    WHERE audit_chain.subject IS NULL ORDER BY audit_acts.number LIMIT 1"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """What somebody does with the record."""

    at: datetime
    by: str
    via: str
    act: ActKind
    subject: str
    details: JsonObject

    def record(self, cursor: Cursor, chain: Chain) -> None:
        """Write it, and enter it in the chain: the last act of its transaction."""
        at = micros(self.at)
        who = (text(self.by), self.via)
        row = (at, *who, self.act, text(self.subject), to_json(self.details))
        cursor.execute(_INSERT, row)
        (number,) = cast("tuple[int]", cursor.fetchone())
        chain.append(cursor, "act", str(number), at, (number, *row), None)


def page(
    cursor: Cursor, *, subject: str | None, act: str | None, before: int | None, limit: int
) -> list[AuditAct]:
    """Newest first; `before` is the number of the last one seen."""
    wanted: list[tuple[str, Value]] = [
        ("number < ?", before),
        ("subject = ?", None if subject is None else text(subject)),
        ("act = ?", act),
    ]
    chosen = [(condition, value) for condition, value in wanted if value is not None]
    where = " AND ".join(condition for condition, _ in chosen) or "1 = 1"
    cursor.execute(
        f"SELECT {_COLUMNS} FROM audit_acts WHERE {where} ORDER BY number DESC LIMIT ?",
        (*(value for _, value in chosen), limit),
    )
    return [_act(row) for row in cursor.fetchall()]


def wrong_act(cursor: Cursor, subject: str, digest: bytes) -> str | None:
    """What is wrong with an act that the chain knows; None if it is as it was recorded."""
    if not subject.isdigit():
        return "the entry names no act"
    cursor.execute(_ACT, (int(subject),))
    row = cast("Row | None", cursor.fetchone())
    if row is None:
        return "the act is missing, and no policy deletes acts"
    return None if digest_of(tuple(row)) == digest else "the act was altered"


def unsealed_act(cursor: Cursor) -> int | None:
    """An act that stands in no chain: it was put in from outside."""
    cursor.execute(_UNSEALED)
    found = cast("tuple[int] | None", cursor.fetchone())
    return found[0] if found else None


def _act(row: tuple[object, ...]) -> AuditAct:
    number, at, by, via, act, subject, details = cast(
        "tuple[int, int, str, str, ActKind, str, str | None]", row
    )
    return AuditAct.model_validate(
        {
            "number": number,
            "at": moment(at),
            "by": by,
            "via": via,
            "act": act,
            "subject": subject,
            "details": from_json(details) or {},
        }
    )
