"""What a whole answer used whose vendor reports nothing: everything that the model wrote counts."""

from __future__ import annotations

import pytest

from jupyter_mesh.providers.converted import chat_answer
from jupyter_mesh.providers.openai_answer import usage_of
from jupyter_mesh.schemas.json import Json, JsonObject
from jupyter_mesh.schemas.spend import Usage
from jupyter_mesh.schemas.tokens import estimate_all, estimate_tokens
from jupyter_mesh.testing.attempts import attempt

WORDS = "word " * 5_000
CALL: JsonObject = {"id": "a", "type": "function", "function": {"name": "f", "arguments": WORDS}}
TOKENS = estimate_tokens(WORDS)
NAME = estimate_tokens("f")

WRITTEN: list[tuple[str, JsonObject, int]] = [
    ("words", {"content": WORDS}, TOKENS),
    ("a refusal", {"content": None, "refusal": WORDS}, TOKENS),
    ("thoughts", {"content": "", "reasoning_content": WORDS}, TOKENS),
    ("thoughts by their other name", {"reasoning": WORDS}, TOKENS),
    ("the same thoughts by both", {"reasoning": WORDS, "reasoning_content": WORDS}, TOKENS),
    ("a call of a tool", {"tool_calls": [CALL]}, TOKENS + NAME),
    ("two that are alike", {"tool_calls": [CALL, CALL]}, 2 * (TOKENS + NAME)),
    ("a call of the old kind", {"function_call": CALL["function"]}, TOKENS + NAME),
    ("a call after thoughts", {"reasoning": WORDS, "tool_calls": [CALL]}, 2 * TOKENS + NAME),
    ("nothing", {"content": None}, 0),
]


@pytest.mark.parametrize(("name", "message", "tokens"), WRITTEN, ids=[one[0] for one in WRITTEN])
def test_all_that_was_written_counts(name: str, message: JsonObject, tokens: int) -> None:
    one = attempt()
    expected = Usage(input=estimate_all(one.request.texts()), output=tokens, estimated=True)
    assert chat_answer(one, message, "stop", None).usage == expected
    assert usage_of({"choices": [{"message": message}]}, one) == expected


@pytest.mark.parametrize("told", [{}, {"completion_tokens": 0, "total_tokens": 7}])
def test_no_output_is_believed_only_where_there_is_none(told: JsonObject) -> None:
    usage: Json = {"prompt_tokens": 7, **told}
    one = attempt()
    silent: JsonObject = {"choices": [{"message": {"content": ""}}], "usage": usage}
    assert usage_of(silent, one) == Usage(input=7)
    called: JsonObject = {"choices": [{"message": {"tool_calls": [CALL]}}], "usage": usage}
    counted = Usage(input=7, output=TOKENS + NAME, estimated=True)
    assert usage_of(called, one) == counted
    assert chat_answer(one, {"tool_calls": [CALL]}, "stop", Usage(input=7)).usage == counted


def test_the_words_of_a_filter_cost_nothing() -> None:
    usage, message = Usage(input=7), {"content": "", "refusal": WORDS}
    assert chat_answer(attempt(), {**message}, "content_filter", usage).usage == usage
    assert chat_answer(attempt(), {**message}, "content_filter", None).usage.output == 0


def test_what_is_reported_counts_as_it_is() -> None:
    usage: Json = {"prompt_tokens": 7, "completion_tokens": 3}
    answer: JsonObject = {"choices": [{"message": {"content": WORDS}}], "usage": usage}
    assert usage_of(answer, attempt()) == Usage(input=7, output=3)
