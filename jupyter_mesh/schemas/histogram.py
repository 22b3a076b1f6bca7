"""Counts in buckets that grow by a constant factor: percentiles to within 5 %, and sums of
histograms are histograms.

The idea is that of DDSketch (Masson, Rim and Lee 2019), with fixed bounds.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from itertools import accumulate

_GROWTH = 1.1
_LOG = math.log(_GROWTH)
_SMALLEST = 0.01
"""Values up to this one share a bucket."""
_LAST = 220
"""The last bucket begins at 1.2e7: in milliseconds, more than three hours."""


def bucket_of(value: float) -> int:
    """The number of the bucket that holds `value`; NaN and what is negative count as 0."""
    if not value > _SMALLEST:
        return 0
    return min(_LAST, 1 + int(math.log(value / _SMALLEST) / _LOG))


def middle_of(bucket: int) -> float:
    """What a value of this bucket is taken for: off by at most 5 %."""
    if bucket == 0:
        return _SMALLEST
    return _SMALLEST * _GROWTH ** (bucket - 0.5)


def percentile(counts: Mapping[int, int], share: float) -> float | None:
    """The value below which `share` of the values lie; None of nothing."""
    wanted = max(1, math.ceil(share * sum(counts.values())))
    buckets = sorted(counts)
    seen = accumulate(counts[bucket] for bucket in buckets)
    found = (bucket for bucket, sofar in zip(buckets, seen, strict=True) if sofar >= wanted)
    return next(map(middle_of, found), None)


class Histogram(Counter[int]):
    """Counts by bucket."""

    def add(self, value: float) -> None:
        """Count one value."""
        self[bucket_of(value)] += 1
