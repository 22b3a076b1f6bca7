"""T42: whatever clocks do, every moment is in one window and money is not spent twice."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from jupyter_mesh.pipeline.windows import window_of
from jupyter_mesh.schemas.policy import BudgetRule

ZONES = (
    *("UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Asia/Kathmandu"),
    *("Australia/Lord_Howe", "Pacific/Apia", "Pacific/Kiritimati", "America/St_Johns"),
)
"""Whole hours, halves, quarters; clocks that change by an hour and by half of one."""
WINDOWS = ("hour", "day", "week", "month", "quarter")


def rule(window: str, zone: str) -> BudgetRule:
    return BudgetRule.model_validate({"limit_usd": 1, "window": window, "timezone": zone})


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("window", WINDOWS)
def test_windows_follow_each_other_without_gap_or_overlap_for_a_year(
    window: str, zone: str
) -> None:
    budget = rule(window, zone)
    start, end = window_of(budget, datetime(2025, 12, 30, 12, 10, tzinfo=UTC))
    last = datetime(2027, 1, 5, tzinfo=UTC)
    while start < last:
        assert end is not None
        assert start < end
        for moment in (start, start + (end - start) / 2, end - timedelta(microseconds=1)):
            assert window_of(budget, moment) == (start, end)
        begins, start = start, end
        start, end = window_of(budget, start)
        assert start > begins


@pytest.mark.parametrize(
    ("zone", "before", "after"),
    [
        ("UTC", "2026-06-30T23:59:59.999999+00:00", "2026-07-01T00:00:00+00:00"),
        ("Europe/Berlin", "2026-06-30T21:59:59.999999+00:00", "2026-06-30T22:00:00+00:00"),
        ("Asia/Kolkata", "2026-06-30T18:29:59.999999+00:00", "2026-06-30T18:30:00+00:00"),
        ("Asia/Kathmandu", "2026-06-30T18:14:59.999999+00:00", "2026-06-30T18:15:00+00:00"),
        ("America/New_York", "2026-07-01T03:59:59.999999+00:00", "2026-07-01T04:00:00+00:00"),
    ],
)
def test_a_month_begins_at_midnight_of_its_zone(zone: str, before: str, after: str) -> None:
    budget = rule("month", zone)
    june, july = (window_of(budget, datetime.fromisoformat(one))[0] for one in (before, after))
    local = [one.astimezone(ZoneInfo(zone)) for one in (june, july)]
    assert [(one.month, one.day, one.hour, one.minute) for one in local] == [
        (6, 1, 0, 0),
        (7, 1, 0, 0),
    ]


@pytest.mark.parametrize("window", WINDOWS)
def test_a_clock_that_steps_back_leads_to_the_window_that_was_and_not_to_a_new_one(
    window: str,
) -> None:
    """What was spent in it is still spent: the ledger knows windows by their beginning."""
    budget = rule(window, "Europe/Berlin")
    now = datetime(2026, 10, 25, 1, 30, tzinfo=UTC)  # 2:30 for the second time
    seen = [window_of(budget, now - timedelta(minutes=minutes))[0] for minutes in range(0, 181, 15)]
    again = [
        window_of(budget, now - timedelta(minutes=minutes))[0] for minutes in range(0, 181, 15)
    ]
    assert seen == again
    assert len(set(seen)) == (4 if window == "hour" else 1)


def test_a_leap_second_is_no_window_of_its_own() -> None:
    budget = rule("day", "UTC")
    last = datetime(2016, 12, 31, 23, 59, 59, 999999, tzinfo=UTC)
    assert window_of(budget, last)[1] == window_of(budget, last + timedelta(microseconds=1))[0]
