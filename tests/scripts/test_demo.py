"""`make demo` shows what a notebook would show."""

from __future__ import annotations

from typing import Any

import pytest

from scripts.demo import ANSWER, Outputs, answers_in, describe, summary


def message(kind: str, **content: Any) -> dict[str, Any]:
    return {"msg_type": kind, "content": content}


def shown(text: str, display: str | None = None) -> dict[str, Any]:
    return {"data": {"text/plain": text}, "transient": {"display_id": display} if display else {}}


def test_an_update_replaces_its_display_and_no_other() -> None:
    outputs = Outputs()
    outputs.take(message("display_data", **shown("Hel", "a")))
    outputs.take(message("display_data", **shown("other", "b")))
    outputs.take(message("update_display_data", **shown("Hello", "a")))
    assert [bundle["text/plain"] for bundle in outputs.bundles] == ["Hello", "other"]
    assert not outputs.failed


def test_an_error_fails_the_cell_and_is_shown_in_one_line() -> None:
    outputs = Outputs()
    outputs.take(message("error", ename="MeshError", evalue="no such model", traceback=["…"]))
    assert outputs.failed
    assert outputs.bundles == [{"text/plain": "MeshError: no such model"}]


@pytest.mark.parametrize(
    ("answer", "line"),
    [
        ({"model": "a/b", "usage": {"total": 7}, "cost_usd": "0.10"}, "a/b · 7 tokens · $0.10"),
        ({"model": "a/b", "usage": {"total": 0}, "cost_usd": "0"}, "a/b · 0 tokens · $0.00"),
        ({"model": "a/b", "usage": None, "cost_usd": None}, "a/b · tokens unknown · cost unknown"),
    ],
)
def test_an_unknown_cost_is_said_to_be_unknown(answer: dict[str, Any], line: str) -> None:
    assert describe(answer) == line


@pytest.mark.parametrize(
    ("spend", "line"),
    [
        ({"calls": 0, "cost_usd": "0", "unpriced": 0}, "0 calls, $0.00"),
        ({"calls": 1, "cost_usd": "0.0012", "unpriced": 0}, "1 call, $0.0012"),
        ({"calls": 3, "cost_usd": "2", "unpriced": 1},
         "3 calls, $2.00 and 1 call without a known price"),
    ],
)  # fmt: skip
def test_the_last_line_says_what_the_gateway_recorded(spend: dict[str, Any], line: str) -> None:
    assert summary(spend) == line


def test_every_compared_answer_is_described() -> None:
    one = {"model": "a/b"}
    assert answers_in({ANSWER: one}) == [one]
    assert answers_in({ANSWER: {"compare": [one, one]}}) == [one, one]
    assert answers_in({"text/plain": "no answer"}) == []
