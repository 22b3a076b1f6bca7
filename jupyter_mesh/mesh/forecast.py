"""What will have been spent by the end of a window, with its uncertainty.

The rest of a window is the sum of its days: a level that follows the last weeks, times how much
each weekday differs from it. How far such a sum can be off is not assumed but read off: the same
forecast, made on each of the past days for as many days ahead, is held against what was spent then
(conformal prediction, Vovk and others 2005, over a rolling origin). Their median corrects the bias
that growth leaves in a level, their 10 % and 90 % points are the interval.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean, median

_HALF_LIFE_DAYS = 7.0
_WEEKS_OF_RHYTHM = 8
_LEAST_DAYS = 7
"""Below a week of history there is no rhythm to see: the average day, and no interval."""
_LEAST_ORIGINS = 10
_MOST_ORIGINS = 90
_LOW, _HIGH = 0.1, 0.9


@dataclass(frozen=True, slots=True)
class Forecast:
    """USD at the end of the window; an interval that holds 80 % of the time, None where the past
    is too short to say.
    """

    expected: float
    low: float | None
    high: float | None


def forecast(daily: Sequence[float], spent: float, days_left: float) -> Forecast:
    """The sum at the end of a window.

    Args:
        daily: What was spent on each past day, oldest first, up to yesterday.
        spent: What was spent in the window so far, today included.
        days_left: Days from now to its end; a part of today counts as that part.
    """
    if days_left <= 0:
        return Forecast(spent, spent, spent)
    known = _since_first(daily)
    if len(known) < _LEAST_DAYS:
        rest = fmean(known) * days_left if known else 0.0
        return Forecast(spent + rest, None, None)
    rest = _rest(known, days_left)
    ratios = _past_ratios(known, days_left)
    if len(ratios) < _LEAST_ORIGINS:
        return Forecast(spent + rest, None, None)
    ratios.sort()
    middle = median(ratios)
    # Origins a day apart share most of their days: of so many, few are independent.
    wider = math.sqrt(1 + 2 * max(1.0, days_left) / len(ratios))
    low = max(0.0, middle + (_quantile(ratios, _LOW) - middle) * wider)
    high = middle + (_quantile(ratios, _HIGH) - middle) * wider
    return Forecast(spent + rest * middle, spent + rest * low, spent + rest * high)


def _since_first(daily: Sequence[float]) -> Sequence[float]:
    """From the first day on which anything was spent: before it nobody was there."""
    first = next((place for place, amount in enumerate(daily) if amount > 0), len(daily))
    return daily[first:]


def _rest(daily: Sequence[float], days_left: float) -> float:
    """What the days after `daily` will cost: today's part first, then whole days."""
    level, rhythm = _level(daily), _rhythm(daily)
    today = len(daily) % 7
    part = days_left - math.floor(days_left)
    days = [rhythm[(today + ahead) % 7] for ahead in range(math.ceil(days_left))]
    if part:
        days[0] *= part
    return level * sum(days)


def _level(daily: Sequence[float]) -> float:
    """A mean by weeks, in which a week counts half of the next: no rhythm in it."""
    fade = 0.5 ** (7.0 / _HALF_LIFE_DAYS)
    weight, total, weights = 1.0, 0.0, 0.0
    end = len(daily)
    while end >= 7:
        total += weight * fmean(daily[end - 7 : end])
        weights += weight
        weight *= fade
        end -= 7
    return total / weights


def _rhythm(daily: Sequence[float]) -> list[float]:
    """How each day of the week compares with the mean of its week; by place modulo 7."""
    shares: list[list[float]] = [[] for _ in range(7)]
    end = len(daily)
    for _ in range(min(_WEEKS_OF_RHYTHM, len(daily) // 7)):
        mean = fmean(daily[end - 7 : end])
        for place in range(end - 7, end):
            if mean > 0:
                shares[place % 7].append(daily[place] / mean)
        end -= 7
    found = [fmean(share) if share else 1.0 for share in shares]
    return [one * 7 / sum(found) if sum(found) else 1.0 for one in found]


def _past_ratios(daily: Sequence[float], days_left: float) -> list[float]:
    """Spent over forecast, for every past day from which as many days are known."""
    ahead = max(1, round(days_left))
    ratios: list[float] = []
    newest = len(daily) - ahead
    for origin in range(max(_LEAST_DAYS, newest - _MOST_ORIGINS + 1), newest + 1):
        said = _rest(daily[:origin], float(ahead))
        if said > 0:
            ratios.append(sum(daily[origin : origin + ahead]) / said)
    return ratios


def _quantile(ordered: Sequence[float], share: float) -> float:
    """By the conformal rule, outward: of n values, place (n + 1) times the share."""
    place = share * (len(ordered) + 1) - 1
    rounded = math.floor(place) if share < 0.5 else math.ceil(place)
    return ordered[min(len(ordered) - 1, max(0, rounded))]
