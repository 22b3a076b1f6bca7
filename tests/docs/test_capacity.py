"""The page about capacity calculates right: what its formulae give is what it says."""

from __future__ import annotations

import math
import re
from pathlib import Path

PAGE = (Path(__file__).parents[2] / "docs" / "capacity.md").read_text("utf-8")


def column(heading: str, place: int) -> dict[str, str]:
    """The last column but `place` of a section's table, by the name in its first."""
    section = PAGE.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| (.+?) \|$", section, re.M)
    cells = [row.split(" | ") for row in rows if not row.startswith("---")]
    return {row[0].strip("*"): row[place] for row in cells}


def number(text: str) -> float:
    """The last number of a cell's first part."""
    return float(re.findall(r"[\d.,]*\d", text.split(";")[0].split(":")[0])[-1].replace(",", ""))


def test_the_sums_are_those_of_the_formulae() -> None:
    call = column("What a call costs", -1)
    people = column("From people to calls", -1)
    said = column("The formulae, and 5,000 users", -1)
    c, s, p, q, r, x, b, w, m = (number(call[name]) for name in "cspqrxbwm")
    users, rate, share, length = (number(people[name].split("(")[0]) for name in "URfL")
    assert rate == users * number(people["k"])
    daily = users * number(people["D"])
    cores = rate * (share * s + (1 - share) * c) / 1000
    assert number(said["busy cores of gateways"]) == round(cores, 1)
    processes = math.ceil(cores / 0.6) + 1
    assert number(said["processes"]) == processes
    assert said["memory of gateways"].startswith(f"{processes * m / 1024:.1f} GiB")
    streams = rate * share * length
    assert number(said["open streams"]) == streams
    assert number(said["descriptors of a process"]) == round(2 * streams / (processes - 1) + 100)
    assert number(said["cores of PostgreSQL"]) == round(rate * p / 600)
    assert number(said["synced commits a second"]) == rate * q
    assert number(said["commands of Redis a second"]) == rate * r
    assert number(said["cores of Redis"]) == round(rate * x / 1000, 2)
    assert number(said["rows of calls a day"]) == daily
    assert number(said["the store grows a day by"]) == round(daily * b / 1e6, 1)
    assert number(said["WAL a day"]) == round(daily * w / 1e6, 1)
    kept = (daily * 400 * 0.9 / 1e6, daily * 30 * (b - 0.9) / 1e6)
    (after,) = [text for name, text in said.items() if name.startswith("the store after")]
    assert after.endswith(f"{kept[0]:.0f} + {kept[1]:.0f} GB")
