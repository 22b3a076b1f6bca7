"""Results are kept for a while, within a bound, and no text with them."""

from __future__ import annotations

import pytest

from jupyter_mesh.guards import recent_results
from jupyter_mesh.guards.recent_results import RecentResults


def test_a_result_is_there_until_its_time_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr("jupyter_mesh.guards.recent_results.time.monotonic", lambda: now)
    recent = RecentResults[int](60)
    recent.keep("a", 1)
    recent.keep("half a pair \ud800", 2)
    now = 159.9
    assert [recent.get(text) for text in ("a", "half a pair \ud800", "A")] == [1, 2, None]
    now = 160.1
    assert recent.get("a") is None


def test_the_oldest_go_where_there_is_too_much(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recent_results, "_MOST", 10)
    recent = RecentResults[str](60)
    recent.keep("a", "a", 3)
    recent.keep("b", "b", 4)
    recent.keep("a", "again", 3)
    recent.keep("c", "c", 1)
    assert [recent.get(text) for text in "abc"] == ["again", None, "c"]
    recent.keep("huge", "huge", 10)
    assert recent.get("huge") is None
    assert recent.get("c") == "c"
    for number in range(100):
        recent.keep(f"{number}", "x", 4)
    assert [recent.get(f"{number}") for number in range(96, 100)] == [None, None, "x", "x"]


def test_no_text_is_kept_and_its_hash_is_another_one_for_each_guard() -> None:
    text = "ada@example.org"
    first, second = RecentResults[int](60), RecentResults[int](60)
    first.keep(text, 1)
    second.keep(text, 1)
    assert text not in repr(vars(first))
    assert vars(first)["_kept"].keys() != vars(second)["_kept"].keys()


def test_nothing_is_kept_where_that_is_not_wanted() -> None:
    recent = RecentResults[int](0)
    recent.keep("a", 1)
    assert recent.get("a") is None
