from __future__ import annotations

import pytest

from jupyter_mesh.providers.openai_usage import usage_from_openai
from jupyter_mesh.schemas.json import JsonObject
from jupyter_mesh.schemas.spend import Usage

SHAPES: list[tuple[str, JsonObject, Usage | None]] = [
    (
        "plain",
        {"prompt_tokens": 9, "completion_tokens": 4, "total_tokens": 13},
        Usage(input=9, output=4),
    ),
    (
        "cached and reasoning",
        {
            "prompt_tokens": 2006,
            "completion_tokens": 300,
            "total_tokens": 2306,
            "prompt_tokens_details": {"cached_tokens": 1920, "audio_tokens": 0},
            "completion_tokens_details": {
                "reasoning_tokens": 256,
                "audio_tokens": 0,
                "accepted_prediction_tokens": 0,
                "rejected_prediction_tokens": 0,
            },
        },
        Usage(input=2006, output=300, cache_read=1920, reasoning=256),
    ),
    (
        "audio both ways",
        {
            "prompt_tokens": 50,
            "completion_tokens": 80,
            "prompt_tokens_details": {"audio_tokens": 40},
            "completion_tokens_details": {"audio_tokens": 60},
        },
        Usage(input=50, output=80, input_audio=40, output_audio=60),
    ),
    (
        "null details",
        {"prompt_tokens": 5, "completion_tokens": 1, "prompt_tokens_details": None},
        Usage(input=5, output=1),
    ),
    (
        "thinking only in the total",
        {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 115},
        Usage(input=10, output=105),
    ),
    (
        "cache hits beside the counts",
        {
            "prompt_tokens": 100,
            "completion_tokens": 1,
            "total_tokens": 101,
            "prompt_cache_hit_tokens": 64,
            "prompt_cache_miss_tokens": 36,
        },
        Usage(input=100, output=1, cache_read=64),
    ),
    (
        "Responses names",
        {
            "input_tokens": 12,
            "output_tokens": 7,
            "total_tokens": 19,
            "input_tokens_details": {"cached_tokens": 4, "cache_write_tokens": 3},
            "output_tokens_details": {"reasoning_tokens": 2},
        },
        Usage(input=12, output=7, cache_read=4, cache_write=3, reasoning=2),
    ),
    ("embedding", {"prompt_tokens": 8, "total_tokens": 8}, Usage(input=8)),
    ("rerank", {"total_tokens": 56}, Usage(input=56)),
    ("whole floats", {"prompt_tokens": 3.0, "completion_tokens": 2.0}, Usage(input=3, output=2)),
    (
        "classes larger than their parent",
        {
            "prompt_tokens": 10,
            "completion_tokens": 5,
            "prompt_tokens_details": {"cached_tokens": 8, "audio_tokens": 8, "image_tokens": 9},
            "completion_tokens_details": {"reasoning_tokens": 9, "audio_tokens": 9},
        },
        Usage(input=10, output=5, cache_read=8, input_audio=2, reasoning=5),
    ),
    ("nothing", {}, None),
    ("zeros", {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0}, None),
    ("negative", {"prompt_tokens": -5, "completion_tokens": -1}, None),
    ("absurd", {"prompt_tokens": 2**62, "completion_tokens": 3}, Usage(output=3)),
    ("texts", {"prompt_tokens": "9", "completion_tokens": True}, None),
]


@pytest.mark.parametrize(("usage", "expected"), [s[1:] for s in SHAPES], ids=[s[0] for s in SHAPES])
def test_tokens_are_read_by_class(usage: JsonObject, expected: Usage | None) -> None:
    assert usage_from_openai(usage) == expected
