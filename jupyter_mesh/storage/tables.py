"""The tables. Migrations are written against these; at run time the store is spoken to in the plain
SQL of `sql.py`.

Money is an integer number of 1e-12 USD, time an integer number of microseconds since 1970 UTC, a
flag 0 or 1, JSON is text: every value means the same in SQLite and in PostgreSQL.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    Float,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    Table,
    Text,
    text,
)

from . import usage_tables as usage_tables  # part of them too
from .metadata import metadata, partial_index

_serial = BigInteger().with_variant(Integer, "sqlite")
_PENDING = text("outcome = 'pending'")
_NESTED = text("parent IS NOT NULL")
_PROBLEM = text("outcome NOT IN ('answered', 'cached', 'pending')")
_LIVE = text("state <> 'resolved'")
_UNDONE = text("state IN ('waiting', 'sending')")

_ORDER = ("started_at", "seq")
"""Of calls: the newest are last."""

calls = Table(
    "calls",
    metadata,
    Column("seq", _serial, primary_key=True, autoincrement=True),
    Column("id", Text, nullable=False, unique=True),
    Column("writer", Text, nullable=False),
    # the intent
    Column("started_at", BigInteger, nullable=False),
    Column("username", Text, nullable=False),
    Column("via", Text, nullable=False),
    Column("application", Text, nullable=False),
    Column("operation", Text, nullable=False),
    Column("requested_model", Text, nullable=False),
    Column("candidates", Text),
    Column("groups", Text),
    Column("purpose", Text, nullable=False),
    Column("document", Text),
    Column("key_id", Text),
    Column("parent", Text),
    Column("tags", Text),
    Column("streamed", SmallInteger, nullable=False),
    Column("estimated_cost", BigInteger),
    # the completion
    Column("outcome", Text, nullable=False),
    Column("ended_at", BigInteger),
    Column("model", Text),
    Column("provider", Text),
    Column("connection", Text),
    Column("input_tokens", BigInteger),
    Column("output_tokens", BigInteger),
    Column("cache_read_tokens", BigInteger),
    Column("cache_write_tokens", BigInteger),
    Column("reasoning_tokens", BigInteger),
    Column("input_audio_tokens", BigInteger),
    Column("output_audio_tokens", BigInteger),
    Column("input_image_tokens", BigInteger),
    Column("usage_estimated", SmallInteger),
    Column("cost", BigInteger),
    Column("saved", BigInteger),
    Column("total_ms", Float),
    Column("first_token_ms", Float),
    Column("upstream_ms", Float),
    Column("overhead_ms", Float),
    Column("finish_reason", Text),
    Column("error_code", Text),
    Column("error_message", Text),
    Column("attempts", Text),
    Column("notices", Text),
    Column("verdicts", Text),
    Column("price_source", Text),
    Column("screened", Text),
    # since revision 0007
    Column("charged_group", Text),
    Column("saved_fallback", BigInteger),
    Column("cost_classes", Text),
    Column("priced_at", BigInteger),
    Column("stands_for", BigInteger),  # since revision 0017; calls, nothing: one
    Index("ix_calls_started_at", *_ORDER),
    *(Index(f"ix_calls_{name}", name, *_ORDER) for name in ("username", "application")),
    *(
        partial_index(f"ix_calls_{name}", [name, *_ORDER], text(f"{name} IS NOT NULL"))
        for name in ("document", "key_id", "error_code")
    ),
    partial_index("ix_calls_problem", ["outcome", *_ORDER], _PROBLEM),
    partial_index("ix_calls_finding", _ORDER, text("verdicts IS NOT NULL")),
    Index("ix_calls_parent", "parent", sqlite_where=_NESTED, postgresql_where=_NESTED),
    Index("ix_calls_pending", "writer", sqlite_where=_PENDING, postgresql_where=_PENDING),
)

call_content = Table(
    "call_content",
    metadata,
    Column("call_id", Text, primary_key=True),
    # In plain text only what an earlier version kept, until it is sealed.
    Column("request", Text),
    Column("response", Text),
    Column("stored_at", BigInteger, nullable=False, index=True),
    Column("form", Text),  # redacted, full, erased
    Column("sealed_request", LargeBinary),
    Column("sealed_response", LargeBinary),
    partial_index("ix_call_content_plain", ["call_id"], text("form IS NULL")),
)

budget_windows = Table(
    "budget_windows",
    metadata,
    Column("budget", Text, primary_key=True),
    Column("window_start", BigInteger, primary_key=True),
    Column("period", Text, nullable=False),
    Column("spent", BigInteger, nullable=False),
    Column("held", BigInteger, nullable=False),
    Index("ix_budget_windows_start", "window_start"),
    sqlite_with_rowid=False,
)

budget_steps = Table(
    "budget_steps",
    metadata,
    Column("budget", Text, primary_key=True),
    Column("length", BigInteger, primary_key=True),  # of the rolling window, in microseconds
    Column("step", BigInteger, primary_key=True),  # number of a sixtieth of it since 1970
    Column("spent", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

holds = Table(
    "holds",
    metadata,
    Column("call_id", Text, primary_key=True),
    Column("budget", Text, primary_key=True),
    Column("window_start", BigInteger, primary_key=True),
    Column("amount", BigInteger, nullable=False),
    Column("limit_amount", BigInteger, nullable=False),
    Column("hard", SmallInteger, nullable=False),
    # A nested call draws on the reservation of this call before anything of its own.
    Column("drawn_from", Text),
    sqlite_with_rowid=False,
)

writers = Table(
    "writers",
    metadata,
    Column("id", Text, primary_key=True),
    Column("host", Text, nullable=False),
    Column("boot_id", Text, nullable=False),
    Column("pid", BigInteger, nullable=False),
    Column("started_at", BigInteger, nullable=False),
    Column("heartbeat_at", BigInteger, nullable=False),
)

preferences = Table(
    "preferences",
    metadata,
    Column("username", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("setting", Text, nullable=False),
)

secrets = Table(
    "secrets",
    metadata,
    Column("name", Text, primary_key=True),
    Column("nonce", LargeBinary, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("stored_at", BigInteger, nullable=False),
)

settings = Table(
    "settings",
    metadata,
    Column("kind", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("body", Text, nullable=False),
    # The number of the change that made it so.
    Column("version", BigInteger, nullable=False),
    Column("changed_at", BigInteger, nullable=False),
    Column("changed_by", Text, nullable=False),
    sqlite_with_rowid=False,
)

setting_changes = Table(
    "setting_changes",
    metadata,
    Column("version", _serial, primary_key=True, autoincrement=True),
    Column("kind", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("changed_at", BigInteger, nullable=False),
    Column("changed_by", Text, nullable=False),
    Column("via", Text, nullable=False),
    Column("before", Text),
    Column("after", Text),
    Index("ix_setting_changes_name", "kind", "name", "version"),
)

performance_hourly = Table(
    "performance_hourly",
    metadata,
    Column("hour", BigInteger, primary_key=True),  # hours since 1970 UTC
    Column("connection", Text, primary_key=True),
    Column("model", Text, primary_key=True),
    Column("metric", Text, primary_key=True),
    Column("bucket", Integer, primary_key=True),  # the number of a histogram's; of a counter 0
    Column("count", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

guard_hits_hourly = Table(
    "guard_hits_hourly",
    metadata,
    Column("hour", BigInteger, primary_key=True),  # hours since 1970 UTC, in which calls began
    Column("guard", Text, primary_key=True),
    Column("subject", Text, primary_key=True),  # an entity, or which way a judged text went
    Column("action", Text, primary_key=True),
    Column("mode", Text, primary_key=True),  # enforce, monitor
    Column("calls", BigInteger, nullable=False),
    Column("hits", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

audit_chain = Table(
    "audit_chain",
    metadata,
    Column("writer", Text, primary_key=True),
    Column("number", BigInteger, primary_key=True),
    Column("kind", Text, nullable=False),  # open, close, change, prune, prune_content
    Column("subject", Text, nullable=False),  # the call, the number of the change; or nothing
    Column("moment", BigInteger, nullable=False),  # when the call began; what pruning went up to
    Column("digest", LargeBinary, nullable=False),
    # Keyed, so that it tells nothing once the key is destroyed.
    Column("content", LargeBinary),
    Column("hash", LargeBinary, nullable=False),
    sqlite_with_rowid=False,
)

audit_keys = Table(
    "audit_keys",
    metadata,
    Column("tenant", Text, primary_key=True),
    Column("key", LargeBinary, nullable=False),
)

alerts = Table(
    "alerts",
    metadata,
    Column("id", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("severity", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("details", Text),
    Column("state", Text, nullable=False),
    # How often it was opened: 1, and one more each time it came back.
    Column("opening", BigInteger, nullable=False),
    Column("count", BigInteger, nullable=False),
    Column("first_seen", BigInteger, nullable=False),
    Column("last_seen", BigInteger, nullable=False),
    Column("acknowledged_by", Text),
    Column("acknowledged_at", BigInteger),
    Column("resolved_at", BigInteger),
    Index("ix_alerts_subject", "kind", "subject", unique=True),
    Index("ix_alerts_first_seen", "first_seen", "id"),
    Index("ix_alerts_live", "state", sqlite_where=_LIVE, postgresql_where=_LIVE),
)

alert_deliveries = Table(
    "alert_deliveries",
    metadata,
    Column("alert", Text, primary_key=True),
    Column("channel", Text, primary_key=True),
    Column("about", Text, primary_key=True),  # opened, resolved
    Column("opening", BigInteger, nullable=False),
    Column("state", Text, nullable=False),  # waiting, sending, sent, failed
    Column("attempts", Integer, nullable=False),
    # Of what waits: when it is tried; of what is being sent: when its sender must be dead.
    Column("due", BigInteger, nullable=False),
    Column("tried_at", BigInteger),
    Column("error", Text),
    # When the channel last told of this alert, whichever opening it was.
    Column("told_at", BigInteger),
    Index("ix_alert_deliveries_due", "due", sqlite_where=_UNDONE, postgresql_where=_UNDONE),
    sqlite_with_rowid=False,
)

audit_sinks = Table(
    "audit_sinks",
    metadata,
    Column("sink", Text, primary_key=True),
    # Of whose records; nothing in the row that says which gateway tells the sink.
    Column("writer", Text, primary_key=True),
    Column("number", BigInteger, nullable=False),
    Column("owner", Text, nullable=False),
    Column("until", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

audit_acts = Table(
    "audit_acts",
    metadata,
    Column("number", _serial, primary_key=True, autoincrement=True),
    Column("at", BigInteger, nullable=False),
    Column("username", Text, nullable=False),
    Column("via", Text, nullable=False),
    Column("act", Text, nullable=False),  # an ActKind
    Column("subject", Text, nullable=False),
    Column("details", Text),
    Index("ix_audit_acts_subject", "subject", "number"),
)

done_once = Table(
    "done_once",
    metadata,
    Column("name", Text, primary_key=True),  # of what must not be written again
    Column("at", BigInteger, nullable=False),
    Index("ix_done_once_at", "at"),
)

ended_sessions = Table(
    "ended_sessions",
    metadata,
    Column("id", Text, primary_key=True),
    Column("until", BigInteger, nullable=False),  # when it would be over in any case
)
