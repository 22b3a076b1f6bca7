"""What Prometheus is told of the present: whether calls are taken, budgets, alerts, circuits."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal

from ..errors import StoreUnavailable
from ..pipeline.windows import window_of
from ..schemas.alerts import ALERT_KINDS, AlertKind, AlertState
from ..schemas.policy import BudgetRule
from ..schemas.raises import raised
from ..storage.budget_totals import Total
from .metrics import Gauge
from .parts import Parts


async def gauges(parts: Parts, *, ready: bool) -> list[Gauge]:
    """Everything that is a level and no count. What only the store knows is left out while that
    cannot be read, and `store_readable` says so.
    """
    readable = True
    try:
        kept = [*await _budgets(parts), *_alerts(await parts.alert_store.by_kind())]
    except StoreUnavailable:  # what this gateway sees itself
        seen: dict[tuple[AlertKind, AlertState], int] = Counter(
            (one.kind, "open") for one in parts.alerts.unsaved.values() if not one.ended
        )
        kept, readable = _alerts(seen), False
    models = parts.catalogue_keeper.snapshot.models
    open_circuits = {model: float(not parts.health.healthy(model)) for model in models}
    writable = float(parts.journal.healthy)
    return [
        Gauge("ready", "1 while calls are taken, as /mesh/readyz says.", "", {"": float(ready)}),
        Gauge("store_writable", "1 while calls can be recorded.", "", {"": writable}),
        Gauge("store_readable", "1 if the store could be read now.", "", {"": float(readable)}),
        *kept,
        Gauge(
            "alerts_lost", "Signals dropped since the start.", "", {"": float(parts.alerts.lost)}
        ),
        Gauge("circuit_open", "1 while a model is given a rest.", "model", open_circuits),
        Gauge("tasks", "Of the event loop.", "", {"": float(len(asyncio.all_tasks()))}),
        Gauge("sink_lag_seconds", "Age of what waits.", "sink", parts.sinks.lags),
    ]


async def _budgets(parts: Parts) -> list[Gauge]:
    """By the names under which the settings list them; keys' own are called `key NAME`."""
    config, now = parts.governance.config, datetime.now(UTC)
    rules: dict[str, BudgetRule] = {
        **{rule.name or "": rule for key in config.keys if (rule := key.budget)},
        **{rule.name or f"budgets[{place}]": rule for place, rule in enumerate(config.budgets)},
    }
    raises = config.raises.values()
    rules = {name: raised(rule, "", raises, now)[0] for name, rule in rules.items()}
    windows = [(rule.ledger_name, window_of(rule, now)[0]) for rule in rules.values()]
    found = dict(zip(rules, await parts.history.budget_totals(windows), strict=True))
    full = {name: _filled(one, rules[name]) for name, one in found.items()}

    def gauge(name: str, about: str, values: dict[str, float]) -> Gauge:
        return Gauge(f"budget_{name}", about, "budget", values)

    return [
        gauge(
            "limit_usd",
            "What each share of a budget may spend in its window.",
            {name: float(rule.limit_usd) for name, rule in rules.items()},
        ),
        gauge(
            "spent_usd",
            "What all shares of it have spent in the window that runs.",
            {name: float(one.spent) for name, one in found.items()},
        ),
        gauge(
            "reserved_usd",
            "What calls that run have reserved of it.",
            {name: float(one.held) for name, one in found.items()},
        ),
        gauge(
            "shares",
            "How many shares, such as users, have used it in the window that runs.",
            {name: float(one.shares) for name, one in found.items()},
        ),
        gauge("fullest_ratio", "The part that the fullest share has spent or reserved.", full),
    ]


def _filled(total: Total, rule: BudgetRule) -> float:
    if not rule.limit_usd:
        return 1.0
    return float(total.fullest / Decimal(rule.limit_usd))


def _alerts(counts: Mapping[tuple[AlertKind, AlertState], int]) -> list[Gauge]:
    return [
        Gauge(
            "alerts_open",
            "Alerts that nobody looks after.",
            "kind",
            {kind: float(counts.get((kind, "open"), 0)) for kind in ALERT_KINDS},
        ),
        Gauge(
            "alerts_acknowledged",
            "Alerts that somebody looks after.",
            "kind",
            {kind: float(counts.get((kind, "acknowledged"), 0)) for kind in ALERT_KINDS},
        ),
    ]
