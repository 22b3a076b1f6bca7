"""Counters in Prometheus' text format, written by hand: a few lines need no library."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from ..pipeline.call import Call

_BUCKETS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0)
"""Seconds."""


@dataclass(slots=True)
class _Histogram:
    counts: list[int] = field(default_factory=lambda: [0] * (len(_BUCKETS) + 1))
    total: float = 0.0

    def add(self, seconds: float) -> None:
        self.counts[bisect_left(_BUCKETS, seconds)] += 1
        self.total += seconds


@dataclass(frozen=True, slots=True)
class Gauge:
    """Values now, by the only label; with an empty one there is a single value."""

    name: str
    about: str
    label: str
    values: Mapping[str, float]


class Metrics:
    """What this process has seen since it started. Labels are models of the catalogue, so they are
    bounded.
    """

    def __init__(self) -> None:
        self._calls: dict[tuple[str, str], int] = defaultdict(int)
        self._tokens: dict[tuple[str, str], int] = defaultdict(int)
        self._cost: dict[str, Decimal] = defaultdict(Decimal)
        self._unpriced: dict[str, int] = defaultdict(int)
        self._seconds: dict[str, _Histogram] = defaultdict(_Histogram)
        self._first: dict[str, _Histogram] = defaultdict(_Histogram)
        self._held: dict[str, _Histogram] = defaultdict(_Histogram)
        self._retries: dict[str, int] = defaultdict(int)
        self._cached = 0
        self.running = 0

    def observe(self, call: Call, outcome: str) -> None:
        """Count a finished call."""
        report = call.report
        model = report.model or "none"
        self._calls[model, outcome] += 1
        if report.usage is not None and report.cache != "hit":
            self._tokens[model, "input"] += report.usage.input
            self._tokens[model, "output"] += report.usage.output
            if report.cost is None:
                self._unpriced[model] += 1
            else:
                self._cost[model] += report.cost
        elif report.cache == "hit":
            self._cached += 1
        if report.total_ms is not None:
            self._seconds[model].add(report.total_ms / 1000)
            if call.request.stream and report.first_token_ms is not None:
                self._first[model].add(report.first_token_ms / 1000)
        if report.held_back_ms is not None:
            self._held[model].add(report.held_back_ms / 1000)
        if report.attempts:
            self._retries[model] += len(report.attempts)

    def turned_away(self) -> None:
        """Count a call that was refused before it was read."""
        self._calls["none", "refused"] += 1

    def text(self, gauges: Iterable[Gauge] = ()) -> str:
        """The exposition format, version 0.0.4; with what other parts know now."""
        lines: list[str] = []

        def head(name: str, kind: str, about: str) -> None:
            lines.extend((f"# HELP {name} {about}", f"# TYPE {name} {kind}"))

        head("jupyter_mesh_calls_total", "counter", "Finished calls by model and outcome.")
        for (model, outcome), count in self._calls.items():
            labels = f'model="{_escaped(model)}",outcome="{outcome}"'
            lines.append(f"jupyter_mesh_calls_total{{{labels}}} {count}")
        head("jupyter_mesh_tokens_total", "counter", "Tokens by model and direction.")
        for (model, direction), count in self._tokens.items():
            labels = f'model="{_escaped(model)}",direction="{direction}"'
            lines.append(f"jupyter_mesh_tokens_total{{{labels}}} {count}")
        head("jupyter_mesh_cost_usd_total", "counter", "Known cost by model.")
        for model, cost in self._cost.items():
            lines.append(f'jupyter_mesh_cost_usd_total{{model="{_escaped(model)}"}} {cost:f}')
        head("jupyter_mesh_unpriced_calls_total", "counter", "Calls whose price is unknown.")
        for model, count in self._unpriced.items():
            lines.append(f'jupyter_mesh_unpriced_calls_total{{model="{_escaped(model)}"}} {count}')
        head("jupyter_mesh_call_seconds", "histogram", "Total time of calls.")
        for model, histogram in self._seconds.items():
            lines.extend(_histogram_lines("call_seconds", _escaped(model), histogram))
        head("jupyter_mesh_first_token_seconds", "histogram", "Time to the first token of streams.")
        for model, histogram in self._first.items():
            lines.extend(_histogram_lines("first_token_seconds", _escaped(model), histogram))
        head("jupyter_mesh_held_back_seconds", "histogram", "Longest wait of text to be judged.")
        for model, histogram in self._held.items():
            lines.extend(_histogram_lines("held_back_seconds", _escaped(model), histogram))
        head("jupyter_mesh_failed_tries_total", "counter", "Tries that failed, by what answered.")
        for model, count in self._retries.items():
            lines.append(f'jupyter_mesh_failed_tries_total{{model="{_escaped(model)}"}} {count}')
        head("jupyter_mesh_cached_calls_total", "counter", "Calls answered from the cache.")
        lines.append(f"jupyter_mesh_cached_calls_total {self._cached}")
        for gauge in gauges:
            head(f"jupyter_mesh_{gauge.name}", "gauge", gauge.about)
            for label, value in gauge.values.items():
                labels = f'{{{gauge.label}="{_escaped(label)}"}}' if gauge.label else ""
                lines.append(f"jupyter_mesh_{gauge.name}{labels} {value!r}")
        head("jupyter_mesh_running_calls", "gauge", "Calls in the pipeline now.")
        lines.append(f"jupyter_mesh_running_calls {self.running}")
        return "\n".join(lines) + "\n"


def _histogram_lines(what: str, model: str, histogram: _Histogram) -> list[str]:
    name, lines, sofar = f"jupyter_mesh_{what}", list[str](), 0
    for bound, count in zip((*map(str, _BUCKETS), "+Inf"), histogram.counts, strict=True):
        sofar += count
        lines.append(f'{name}_bucket{{model="{model}",le="{bound}"}} {sofar}')
    lines.append(f'{name}_sum{{model="{model}"}} {histogram.total:.6f}')
    lines.append(f'{name}_count{{model="{model}"}} {sofar}')
    return lines


def _escaped(label: str) -> str:
    return label.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
