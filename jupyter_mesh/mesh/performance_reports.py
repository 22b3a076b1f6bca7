"""How models, connections and providers answered, as percentiles, and against what is promised."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Literal

from ..errors import InvalidRequest, ModelNotFound, NotPermitted
from ..pipeline.snapshot import Snapshot
from ..schemas.histogram import percentile
from ..schemas.performance import (
    Percentiles,
    Performance,
    PerformanceHour,
    PerformanceReport,
    PerformanceSeries,
)
from ..schemas.principal import Principal, Scope
from ..storage.performance import Counts
from .assembly import Parts
from .slo import breaches

Grouping = Literal["model", "connection", "provider"]
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
        if by != "model" and not principal.may(Scope.AUDIT):
            raise NotPermitted("Connections and providers are for auditors; ask by model.")
        snapshot = self._parts.catalogue_keeper.snapshot
        found = await self._parts.performance.sums(since, until)
        groups: dict[str, Counts] = defaultdict(lambda: defaultdict(Counter))
        for (connection, model), counts in found.items():
            key = {"model": model, "connection": connection}.get(by) or _provider(snapshot, model)
            for metric, buckets in counts.items():
                groups[key][metric].update(buckets)
        if not principal.may(Scope.AUDIT):
            seen = snapshot.visible(principal)
            groups = {key: counts for key, counts in groups.items() if key in seen}
        rows = [self._row(key, counts, by) for key, counts in groups.items()]
        rows.sort(key=lambda row: (-row.calls, row.key))
        return PerformanceReport(since=since, until=until, by=by, rows=rows)

    async def series(
        self, principal: Principal, model: str, *, since: datetime, until: datetime
    ) -> PerformanceSeries:
        """One model, hour by hour; hours without calls are left out.

        Raises:
            InvalidRequest: The times are the wrong way round or too far apart.
            ModelNotFound: It is not open to the caller.
        """
        _check(since, until)
        seen = self._parts.catalogue_keeper.snapshot.visible(principal)
        if not principal.may(Scope.AUDIT) and model not in seen:
            raise ModelNotFound(f"No model {model[:80]!r} is open to you.", param="model")
        found = await self._parts.performance.series(model, since, until)
        hours = [_hour(hour, counts) for hour, counts in sorted(found.items())]
        return PerformanceSeries(model=model, hours=hours)

    def _row(self, key: str, counts: Counts, by: Grouping) -> Performance:
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
            healthy=by != "model" or self._parts.health.healthy(key),
            breaches=[],
        )
        slos = self._parts.governance.config.slos
        return row.model_copy(update={"breaches": breaches(row, by, slos)})


def _number(counts: Counts, metric: str) -> int:
    return sum(counts.get(metric, _NOTHING).values())


def _percentiles(counts: Mapping[int, int]) -> Percentiles:
    return Percentiles(
        p50=percentile(counts, 0.5), p95=percentile(counts, 0.95), p99=percentile(counts, 0.99)
    )


def _hour(hour: int, counts: Counts) -> PerformanceHour:
    total = counts.get("total", _NOTHING)
    return PerformanceHour(
        hour=datetime.fromtimestamp(hour * 3600, UTC),
        calls=_number(counts, "answered") + _number(counts, "failed"),
        failed=_number(counts, "failed"),
        p50_ms=percentile(total, 0.5),
        p95_ms=percentile(total, 0.95),
        first_token_p50_ms=percentile(counts.get("first", _NOTHING), 0.5),
    )


def _provider(snapshot: Snapshot, model: str) -> str:
    candidate = snapshot.models.get(model)
    return candidate.facts.provider if candidate else "(gone)"


def _check(since: datetime, until: datetime) -> None:
    if since >= until:
        raise InvalidRequest("`since` must be before `until`.", param="since")
    if until - since > _LONGEST:
        raise InvalidRequest(f"Ask for at most {_LONGEST.days} days.", param="since")
