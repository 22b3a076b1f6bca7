"""A folded stream is the answer that a non-streamed call would have given."""

from __future__ import annotations

from jupyter_mesh.pipeline.fold import Fold, unfold
from jupyter_mesh.schemas.json import JsonObject, dig
from jupyter_mesh.schemas.request import Operation

ANSWER: JsonObject = {
    "id": "x",
    "object": "chat.completion",
    "created": 1,
    "model": "m",
    "system_fingerprint": "fp",
    "choices": [
        {
            "index": 0,
            "message": {
                "role": "assistant",
                "content": "Hello",
                "reasoning_content": "hm",
                "tool_calls": [
                    {"id": "1", "type": "function", "function": {"name": "f", "arguments": "{}"}},
                    {
                        "id": "2",
                        "type": "function",
                        "function": {"name": "g", "arguments": '{"a":1}'},
                    },
                ],
            },
            "logprobs": {"content": [{"token": "Hello", "logprob": -0.1}]},
            "finish_reason": "tool_calls",
        },
        {"index": 1, "message": {"role": "assistant", "content": "Hi"}, "finish_reason": "stop"},
    ],
    "usage": {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3},
}


def test_unfolding_and_folding_gives_the_answer_back() -> None:
    fold = Fold()
    for chunk in unfold(ANSWER, Operation.CHAT):
        fold.add(chunk.data)
    folded = fold.answer()
    assert folded == ANSWER


def test_tool_call_arguments_and_logprobs_grow_piece_by_piece() -> None:
    fold = Fold()
    for name, arguments, token in (("f", '{"a"', "x"), ("", ":1}", "y")):
        fold.add(
            {
                "object": "chat.completion.chunk",
                "choices": [
                    {
                        "index": 0,
                        "delta": {
                            "tool_calls": [
                                {"index": 0, "function": {"name": name, "arguments": arguments}}
                            ]
                        },
                        "logprobs": {"content": [{"token": token}]},
                        "finish_reason": None,
                    }
                ],
            }
        )
    choice = fold.answer()["choices"][0]  # pyright: ignore[reportIndexIssue]
    assert choice["message"]["tool_calls"][0]["function"] == {"name": "f", "arguments": '{"a":1}'}
    assert [one["token"] for one in choice["logprobs"]["content"]] == ["x", "y"]


def test_a_name_that_is_null_in_a_later_piece_stays() -> None:
    fold = Fold()
    for name, arguments in (("weather", ""), (None, '{"city":'), (None, ' "Oslo"}')):
        call: JsonObject = {"index": 0, "function": {"name": name, "arguments": arguments}}
        fold.add({"choices": [{"index": 0, "delta": {"tool_calls": [call]}}]})
    function = dig(fold.answer(), "choices", 0, "message", "tool_calls", 0, "function")
    assert function == {"name": "weather", "arguments": '{"city": "Oslo"}'}


def test_plain_completions_fold_their_text() -> None:
    fold = Fold()
    for text in ("a", "b"):
        fold.add({"object": "text_completion", "choices": [{"index": 0, "text": text}]})
    assert fold.answer()["choices"][0]["text"] == "ab"  # pyright: ignore[reportIndexIssue]


def test_an_impossible_tool_call_number_is_passed_over() -> None:
    fold = Fold()
    for index in (-1, 10**9, 0):
        call = {"index": index, "function": {"name": "f", "arguments": "{}"}}
        fold.add({"choices": [{"index": 0, "delta": {"tool_calls": [call]}}]})  # pyright: ignore[reportArgumentType]
    calls = fold.answer()["choices"][0]["message"]["tool_calls"]  # pyright: ignore[reportIndexIssue]
    assert len(calls) == 1
