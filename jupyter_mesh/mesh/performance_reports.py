"""How models, connections and providers answered, as percentiles, and against what is promised."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Set
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from ..errors import InvalidRequest, ModelNotFound, NotPermitted
from ..pipeline.snapshot import Snapshot
from ..schemas.histogram import percentile
from ..schemas.performance import (
    CircuitState,
    Grouping,
    Percentiles,
    Performance,
    PerformancePoint,
    PerformanceReport,
    PerformanceSeries,
    Step,
)
from ..schemas.principal import Principal, Scope
from ..storage.performance import Counts
from .slo import breaches, promised

if TYPE_CHECKING:
    from .parts import Parts

_LONGEST = timedelta(days=400)
_NOTHING: Counter[int] = Counter()


class PerformanceReports:
    """Handed out by `Mesh.performance`."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    async def report(
        self, principal: Principal, *, since: datetime, until: datetime, by: Grouping
    ) -> PerformanceReport:
        """All of one grouping, the busiest first; models the caller may not see are left out.

        Raises:
            InvalidRequest: The times are the wrong way round or too far apart.
            NotPermitted: Connections and providers are for auditors.
        """
        _check(since, until)
        self._check_rights(principal, by)
        found = await self._parts.performance.sums(since, until)
        groups: dict[str, Counts] = defaultdict(lambda: defaultdict(Counter))
        members: dict[str, set[str]] = defaultdict(set)
        for (connection, model), counts in found.items():
            key = self._key(connection, model, by)
            members[key].add(model)
            for metric, buckets in counts.items():
                groups[key][metric].update(buckets)
        if not principal.may(Scope.AUDIT):
            seen = self._parts.catalogue_keeper.snapshot.visible(principal)
            groups = {key: counts for key, counts in groups.items() if key in seen}
        rows = [self._row(key, counts, by, members[key]) for key, counts in groups.items()]
        rows.sort(key=lambda row: (-row.calls, row.key))
        return PerformanceReport(since=since, until=until, by=by, rows=rows)

    async def series(
        self,
        principal: Principal,
        key: str,
        *,
        since: datetime,
        until: datetime,
        by: Grouping = "model",
        step: Step = "hour",
    ) -> PerformanceSeries:
        """One model, connection or provider over time; steps without calls are left out.

        Raises:
            InvalidRequest: The times are the wrong way round or too far apart.
            ModelNotFound: It is not open to the caller.
            NotPermitted: Connections and providers are for auditors.
        """
        _check(since, until)
        self._check_rights(principal, by)
        seen = self._parts.catalogue_keeper.snapshot.visible(principal)
        if not principal.may(Scope.AUDIT) and key not in seen:
            raise ModelNotFound(f"No model {key[:80]!r} is open to you.", param="model")
        book = self._parts.performance
        models = [key]
        if by != "model":
            counted = await book.models(since, until)
            models = [model for name, model in counted if self._key(name, model, by) == key]
        found = await book.series(models, since, until, step)
        return PerformanceSeries(
            key=key,
            by=by,
            since=since,
            until=until,
            step=step,
            promised=promised(key, by, self._parts.governance.config.slos),
            points=[_point(start, counts) for start, counts in sorted(found.items())],
        )

    def _check_rights(self, principal: Principal, by: Grouping) -> None:
        if by != "model" and not principal.may(Scope.AUDIT):
            raise NotPermitted("Connections and providers are for auditors; ask by model.")

    def _key(self, connection: str, model: str, by: Grouping) -> str:
        if by == "provider":
            return _provider(self._parts.catalogue_keeper.snapshot, model)
        return model if by == "model" else connection

    def _row(self, key: str, counts: Counts, by: Grouping, models: Set[str]) -> Performance:
        health = self._parts.health
        states: dict[str, CircuitState] = {model: health.state(model) for model in sorted(models)}
        slos = self._parts.governance.config.slos
        answered, failed = _number(counts, "answered"), _number(counts, "failed")
        calls = answered + failed
        row = Performance(
            key=key,
            calls=calls,
            failed=failed,
            retried=_number(counts, "retried"),
            error_rate=failed / calls if calls else 0.0,
            total_ms=_percentiles(counts.get("total", _NOTHING)),
            first_token_ms=_percentiles(counts.get("first", _NOTHING)),
            tokens_per_second=_percentiles(counts.get("speed", _NOTHING)),
            overhead_ms=_percentiles(counts.get("overhead", _NOTHING)),
            healthy=all(state == "closed" for state in states.values()),
            circuit=_worst(states.values()),
            resting=[model for model, state in states.items() if state != "closed"],
            promised=promised(key, by, slos),
            breaches=[],
        )
        return row.model_copy(update={"breaches": breaches(row, by, slos)})


def _worst(states: Collection[CircuitState]) -> CircuitState:
    if "open" in states:
        return "open"
    return "half_open" if "half_open" in states else "closed"


def _number(counts: Counts, metric: str) -> int:
    return sum(counts.get(metric, _NOTHING).values())


def _percentiles(counts: Mapping[int, int]) -> Percentiles:
    return Percentiles(
        p50=percentile(counts, 0.5), p95=percentile(counts, 0.95), p99=percentile(counts, 0.99)
    )


def _point(start: datetime, counts: Counts) -> PerformancePoint:
    return PerformancePoint(
        start=start,
        calls=_number(counts, "answered") + _number(counts, "failed"),
        failed=_number(counts, "failed"),
        retried=_number(counts, "retried"),
        total_ms=_percentiles(counts.get("total", _NOTHING)),
        first_token_ms=_percentiles(counts.get("first", _NOTHING)),
        tokens_per_second=_percentiles(counts.get("speed", _NOTHING)),
        overhead_ms=_percentiles(counts.get("overhead", _NOTHING)),
    )


def _provider(snapshot: Snapshot, model: str) -> str:
    candidate = snapshot.models.get(model)
    return candidate.facts.provider if candidate else "(gone)"


def _check(since: datetime, until: datetime) -> None:
    if since >= until:
        raise InvalidRequest("`since` must be before `until`.", param="since")
    if until - since > _LONGEST:
        raise InvalidRequest(f"Ask for at most {_LONGEST.days} days.", param="since")
