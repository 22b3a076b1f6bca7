"""The statements that write calls and money, in the SQL that SQLite (from 3.24) and PostgreSQL
share.

How to write one that both take: `?` for each value, never inside a literal; values are int, float,
str, bytes or None (a flag is 0 or 1). No function, operator or type that only one of them has: CASE
instead of a condition in a sum or of max(a, b), `LIKE ? ESCAPE '!'` over lower() on both sides,
whole GROUP BYs, no rowid, no `IS ?`; what text sorts like differs: sort names in Python. Names
like `user`, `end` or `offset` are reserved. `tests/storage` runs over both.

They are plain text, so that a gateway starts without SQLAlchemy, whose import alone takes longer
than the rest of the start. Parameters are positional.
"""

from __future__ import annotations

from collections.abc import Sequence

INTENT = (
    "id",
    "writer",
    "started_at",
    "username",
    "via",
    "application",
    "operation",
    "requested_model",
    "candidates",
    "groups",
    "purpose",
    "document",
    "key_id",
    "parent",
    "tags",
    "streamed",
    "charged_group",
    "estimated_cost",
)
"""Columns of an intent, in the order of `records.intent_row`."""

COMPLETION = (
    "outcome",
    "ended_at",
    "model",
    "provider",
    "connection",
    "input_tokens",
    "output_tokens",
    "cache_read_tokens",
    "cache_write_tokens",
    "reasoning_tokens",
    "input_audio_tokens",
    "output_audio_tokens",
    "input_image_tokens",
    "usage_estimated",
    "cost",
    "saved",
    "total_ms",
    "first_token_ms",
    "upstream_ms",
    "overhead_ms",
    "finish_reason",
    "error_code",
    "error_message",
    "attempts",
    "notices",
    "verdicts",
    "price_source",
    "screened",
    "saved_fallback",
    "cost_classes",
    "priced_at",
    "stands_for",
)
"""Columns of a completion, in the order of `records.completion_row`."""

# calls

INSERT_CALL = f"""
    INSERT INTO calls ({", ".join(INTENT)}, outcome)
    VALUES ({", ".join("?" * len(INTENT))}, 'pending')"""
INSERT_CALL_IF_NEW = f"{INSERT_CALL} ON CONFLICT (id) DO NOTHING"
COMPLETE_CALL = f"""
    UPDATE calls SET {", ".join(f"{column} = ?" for column in COMPLETION)}
    WHERE id = ? AND outcome = 'pending'"""
CALL_EXISTS = "SELECT 1 FROM calls WHERE id = ?"
RAISE_ESTIMATE = """
    UPDATE calls SET estimated_cost = ?
    WHERE id = ? AND outcome = 'pending' AND estimated_cost < ?"""

# money

RESERVE_WITHIN = """
    UPDATE budget_windows SET held = held + ?
    WHERE budget = ? AND window_start = ? AND spent + held + ? <= ?"""
RESERVE = "UPDATE budget_windows SET held = held + ? WHERE budget = ? AND window_start = ?"
OPEN_WINDOW = """
    INSERT INTO budget_windows (budget, window_start, period, spent, held) VALUES (?, ?, ?, 0, 0)
    ON CONFLICT (budget, window_start) DO NOTHING"""
WINDOW = "SELECT spent, held FROM budget_windows WHERE budget = ? AND window_start = ?"
INSERT_HOLD = """
    INSERT INTO holds (call_id, budget, window_start, amount, limit_amount, hard)
    VALUES (?, ?, ?, ?, ?, ?)"""
DRAW_ON_PARENT = """
    INSERT INTO holds (call_id, budget, window_start, amount, limit_amount, hard, drawn_from)
    SELECT ?, budget, window_start, 0, limit_amount, hard, coalesce(drawn_from, call_id)
    FROM holds WHERE call_id = ?"""
HOLDS = "SELECT budget, window_start, limit_amount, hard FROM holds WHERE call_id = ?"
HOLDS_TO_SETTLE = """
    SELECT own.budget, own.window_start, own.amount, above.call_id, above.amount
    FROM holds AS own LEFT JOIN holds AS above
    ON above.call_id = own.drawn_from AND above.budget = own.budget
    AND above.window_start = own.window_start
    WHERE own.call_id = ?"""
GROW_HOLD = """
    UPDATE holds SET amount = amount + ? WHERE call_id = ? AND budget = ? AND window_start = ?"""
SHRINK_HOLD = """
    UPDATE holds SET amount = amount - ? WHERE call_id = ? AND budget = ? AND window_start = ?"""
SETTLE = """
    UPDATE budget_windows SET spent = spent + ?, held = held - ?
    WHERE budget = ? AND window_start = ?"""
DELETE_HOLDS = "DELETE FROM holds WHERE call_id = ?"

# usage

_TOKENS = (
    "input_tokens",
    "output_tokens",
    "cache_read_tokens",
    "cache_write_tokens",
    "reasoning_tokens",
    "input_audio_tokens",
    "output_audio_tokens",
    "input_image_tokens",
)
USAGE_SUMS = ("calls", "cached_calls", *_TOKENS, "cost", "saved", "saved_fallback", "unpriced")
USAGE_FIELDS = (
    *("username", "application", "connection", "model", "purpose"),
    *("charged_group", "key_id", "operation", "provider"),
)
"""What every sum of usage is apart by, besides its time."""
_MAY_BE_EMPTY = {"connection", "model", "document", "charged_group", "key_id", "provider"}


def _usage(time: str, name: str, fields: Sequence[str]) -> str:
    """What each call adds to the sums, `time` being the column called `name`."""
    own = (f"coalesce({one}, '') AS {one}" if one in _MAY_BE_EMPTY else one for one in fields)
    return f"""
    SELECT {time} AS {name}, {", ".join(own)}, coalesce(stands_for, 1) AS calls,
    CASE WHEN outcome = 'cached' THEN 1 ELSE 0 END AS cached_calls, {", ".join(_TOKENS)},
    coalesce(cost, 0) AS cost, saved, coalesce(saved_fallback, 0) AS saved_fallback,
    CASE WHEN cost IS NULL THEN 1 ELSE 0 END AS unpriced
    FROM calls"""


def _add_usage(table: str, time: str, name: str, fields: Sequence[str]) -> str:
    """Adds a finished call to the sums of one table."""
    key = ", ".join((name, *fields))
    added = ", ".join(f"{column} = {table}.{column} + excluded.{column}" for column in USAGE_SUMS)
    return f"""
    INSERT INTO {table} ({key}, {", ".join(USAGE_SUMS)}) {_usage(time, name, fields)}
    WHERE id = ?
    ON CONFLICT ({key}) DO UPDATE SET {added}"""


_HOUR = "started_at / 3600000000"
_HOURLY = (*USAGE_FIELDS, "document")
USAGE_OF_CALLS = _usage(_HOUR, "hour", _HOURLY)
ADD_USAGE = _add_usage("usage_hourly", _HOUR, "hour", _HOURLY)
ADD_TO_DAY = _add_usage("usage_daily", "?", "day", USAGE_FIELDS)
ADD_TO_MONTH = _add_usage("usage_monthly", "?", "day", USAGE_FIELDS)

# writers

INSERT_WRITER = """
    INSERT INTO writers (id, host, boot_id, pid, started_at, heartbeat_at)
    VALUES (?, ?, ?, ?, ?, ?)"""
HEARTBEAT = "UPDATE writers SET heartbeat_at = ? WHERE id = ?"
OTHER_WRITERS = "SELECT id, heartbeat_at FROM writers WHERE id <> ?"
DELETE_WRITER = "DELETE FROM writers WHERE id = ?"
LEFT_OPEN = """
    SELECT id, estimated_cost, candidates, started_at FROM calls
    WHERE outcome = 'pending' AND writer = ? ORDER BY seq DESC"""
HAS_PENDING = "SELECT 1 FROM calls WHERE outcome = 'pending' AND writer = ? LIMIT 1"
COST_BELOW = """
    WITH RECURSIVE below (id) AS (
    SELECT id FROM calls WHERE parent = ?
    UNION ALL SELECT calls.id FROM calls JOIN below ON calls.parent = below.id)
    SELECT coalesce(sum(cost), 0) FROM calls WHERE id IN (SELECT id FROM below)"""
