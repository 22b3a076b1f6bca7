"""Bodies of `/mesh/api/performance`."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import Field

from .api import Body


class Percentiles(Body):
    """Three of them, each to within 5 %; None where nothing was measured."""

    p50: float | None
    p95: float | None
    p99: float | None


class Performance(Body):
    """How a model, a connection or a provider answered over a time.

    Cached answers are not counted: they say nothing of the model.
    """

    key: str
    calls: int
    failed: int
    retried: int = Field(description="Tries that failed and were followed by another.")
    error_rate: float
    total_ms: Percentiles
    first_token_ms: Percentiles = Field(description="Of streamed answers.")
    tokens_per_second: Percentiles = Field(description="p95: 95 % of the answers were slower.")
    overhead_ms: Percentiles = Field(description="The gateway's own share.")
    healthy: bool = Field(description="False while a model's circuit is open.")
    breaches: list[str] = Field(description="What an `slo` promises and was not held, in words.")


class PerformanceHour(Body):
    """One hour of one model."""

    hour: datetime
    calls: int
    failed: int
    p50_ms: float | None
    p95_ms: float | None
    first_token_p50_ms: float | None


class PerformanceReport(Body):
    """All of one grouping, the busiest first."""

    since: datetime
    until: datetime
    by: Literal["model", "connection", "provider"]
    rows: list[Performance]


class PerformanceSeries(Body):
    """One model over the hours."""

    model: str
    hours: list[PerformanceHour]
