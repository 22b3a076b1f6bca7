"""Bodies of `/mesh/api/performance`."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import Field

from .api import Body

Grouping = Literal["model", "connection", "provider"]
Step = Literal["hour", "day", "week"]
"""Days and weeks (from Monday) of UTC."""
CircuitState = Literal["closed", "half_open", "open"]


class Percentiles(Body):
    """Three of them, each to within 5 %; None where nothing was measured."""

    p50: float | None
    p95: float | None
    p99: float | None


class Promised(Body):
    """The tightest limit of every `slo` that holds here; None where nothing is promised."""

    p95_ms: float | None = None
    first_token_p95_ms: float | None = None
    error_rate: float | None = None


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
    healthy: bool = Field(description="False while the circuit of one of its models is not closed.")
    circuit: CircuitState = Field(
        description="The worst among its models, in the process that answers. `open`: calls are "
        "kept away; `half_open`: the next call is the trial."
    )
    resting: list[str] = Field(description="Its models whose circuit is not closed.")
    promised: Promised
    breaches: list[str] = Field(description="What an `slo` promises and was not held, in words.")


class PerformancePoint(Body):
    """One hour, day or week."""

    start: datetime
    calls: int
    failed: int
    retried: int
    total_ms: Percentiles
    first_token_ms: Percentiles
    tokens_per_second: Percentiles
    overhead_ms: Percentiles


class PerformanceReport(Body):
    """All of one grouping, the busiest first."""

    since: datetime
    until: datetime
    by: Grouping
    rows: list[Performance]


class PerformanceSeries(Body):
    """A model, connection or provider over time; times without a call are left out."""

    key: str
    by: Grouping
    since: datetime
    until: datetime
    step: Step
    promised: Promised
    points: list[PerformancePoint]
