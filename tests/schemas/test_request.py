"""How much a request may make a model write."""

from __future__ import annotations

import pytest

from jupyter_mesh.errors import InvalidRequest
from jupyter_mesh.schemas.request import Operation, parse_request

HELLO = [{"role": "user", "content": "Hi"}]


@pytest.mark.parametrize(
    ("fields", "limit"),
    [
        ({}, None),
        ({"max_tokens": 7}, 7),
        ({"max_completion_tokens": 7}, 7),
        ({"max_tokens": 100_000, "max_completion_tokens": 1}, 100_000),
        ({"max_tokens": 1, "max_completion_tokens": 100_000}, 100_000),
        ({"max_tokens": 5, "max_completion_tokens": None}, 5),
    ],
)
def test_of_two_limits_of_an_answer_the_larger_counts(
    fields: dict[str, object], limit: int | None
) -> None:
    request = parse_request(Operation.CHAT, {"model": "m", "messages": HELLO, **fields})
    assert request.max_tokens == limit


@pytest.mark.parametrize(
    ("fields", "answers"),
    [
        ({"prompt": "one"}, 1),
        ({"prompt": "one", "n": 3}, 3),
        ({"prompt": "one", "best_of": 20}, 20),
        ({"prompt": "one", "n": 30, "best_of": 20}, 30),
        ({"prompt": ["one"]}, 1),
        ({"prompt": ["one"] * 100}, 100),
        ({"prompt": ["one"] * 100, "n": 2, "best_of": 20}, 2000),
        ({"prompt": [1, 2, 3], "n": 2}, 2),  # one prompt, as tokens
        ({"prompt": [[1, 2], [3]], "n": 2}, 4),
        ({"prompt": []}, 1),
    ],
)
def test_every_answer_that_is_written_counts(fields: dict[str, object], answers: int) -> None:
    assert parse_request(Operation.COMPLETION, {"model": "m", **fields}).answers == answers


@pytest.mark.parametrize("best_of", ["20", 0, -1, 1.5, True])
def test_a_number_of_answers_that_is_none_is_refused(best_of: object) -> None:
    body = {"model": "m", "prompt": "one", "best_of": best_of}
    with pytest.raises(InvalidRequest, match="best_of"):
        parse_request(Operation.COMPLETION, body)
