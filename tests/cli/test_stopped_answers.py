"""What `jupyter mesh ask` says of an answer that a guard stopped."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from .conftest import Run

WHY = "The answer was stopped by a content guard: house (guard: words)."


@pytest.fixture(autouse=True)
def guarded(home: Path) -> None:
    (home / "mesh.yaml").write_text(
        "connections: {echo: {provider: echo}}\n"
        "guards: {words: {guard: word_list, words: {house: [forbidden phrase]}}}\n"
        "moderation: [{guard: words}]\n"
    )


def test_it_ends_as_refused_and_says_why(mesh: Callable[..., Run]) -> None:
    shown = mesh("ask", "echo/echo", "a forbidden phrase")
    assert (shown.code, shown.out) == (3, "")
    assert shown.err.count(WHY) == 1
    assert mesh("ask", "echo/echo", "a kind phrase").code == 0


def test_as_json_it_says_so_too(mesh: Callable[..., Run]) -> None:
    shown = mesh("ask", "echo/echo", "a forbidden phrase", "--json")
    assert shown.code == 3
    assert shown.json["finish_reason"] == "content_filter"
    (notice,) = shown.json["notices"]
    assert notice["message"] == WHY
    assert notice["details"]["findings"][0]["categories"] == ["house"]
