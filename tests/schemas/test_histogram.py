"""Percentiles of histograms are those of the values, to within 5 %, however they were added up."""

from __future__ import annotations

import math
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_mesh.schemas.histogram import Histogram, bucket_of, middle_of, percentile

VALUES = st.lists(st.floats(0.02, 1e6), min_size=1, max_size=300)


@given(VALUES, st.sampled_from([0.01, 0.5, 0.95, 0.99, 1.0]))
def test_a_percentile_is_within_five_percent_of_the_value_in_that_place(
    values: list[float], share: float
) -> None:
    counts = Histogram()
    for value in values:
        counts.add(value)
    exact = sorted(values)[max(1, math.ceil(share * len(values))) - 1]
    assert percentile(counts, share) == pytest.approx(exact, rel=0.05)


@given(VALUES, VALUES)
def test_the_sum_of_two_histograms_is_the_histogram_of_both(
    some: list[float], others: list[float]
) -> None:
    def counted(values: list[float]) -> Counter[int]:
        return Counter(map(bucket_of, values))

    assert counted(some) + counted(others) == counted([*some, *others])


def test_of_nothing_there_is_no_percentile() -> None:
    assert percentile({}, 0.5) is None


@pytest.mark.parametrize("value", [0.0, -1.0, float("nan"), 0.01])
def test_what_is_no_duration_counts_as_none(value: float) -> None:
    assert bucket_of(value) == 0


def test_what_takes_longer_than_any_call_is_kept_in_the_last_bucket() -> None:
    assert bucket_of(1e30) == bucket_of(1e12)
    assert middle_of(bucket_of(1e30)) > 1e7
