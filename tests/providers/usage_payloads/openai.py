"""OpenAI, and Azure for it.

Source: OpenAI API reference ("Create chat completion", "Create completion", "Create embeddings"),
its guides on prompt caching, reasoning, audio and predicted outputs; Azure OpenAI REST reference.
"""

from __future__ import annotations

from jupyter_mesh.schemas.json import Json, JsonObject
from jupyter_mesh.schemas.request import Operation

from . import Reported


def counted(read: int, written: int, total: int | None = None, **more: Json) -> JsonObject:
    """The three numbers that each has, and more beside them."""
    both = read + written if total is None else total
    counts: JsonObject = {"prompt_tokens": read, "completion_tokens": written}
    return {**counts, "total_tokens": both, **more}


def detailed(
    read: int,
    written: int,
    *,
    cached: int = 0,
    thought: int = 0,
    heard: int = 0,
    spoken: int = 0,
    accepted: int = 0,
    rejected: int = 0,
) -> JsonObject:
    """With all details, as OpenAI sends them today."""
    return counted(
        read,
        written,
        prompt_tokens_details={"cached_tokens": cached, "audio_tokens": heard},
        completion_tokens_details={
            "reasoning_tokens": thought,
            "audio_tokens": spoken,
            "accepted_prediction_tokens": accepted,
            "rejected_prediction_tokens": rejected,
        },
    )


def _chat(what: str, usage: JsonObject, parts: str) -> Reported:
    return Reported("openai", what, usage, parts)


OPENAI = [
    _chat("default example", detailed(19, 10), "19 read + 10 written"),
    _chat("picture", counted(1117, 46), "1117 read + 46 written"),
    _chat("picture, with details", detailed(1118, 36), "1118 read + 36 written"),
    _chat("functions", counted(82, 17), "82 read + 17 written"),
    _chat("functions, with details", detailed(82, 18), "82 read + 18 written"),
    _chat("logprobs", counted(9, 9), "9 read + 9 written"),
    _chat("one word", counted(8, 1), "8 read + 1 written"),
    _chat("cache missed", detailed(2006, 300), "2006 read + 300 written"),
    _chat("cache hit", detailed(2006, 300, cached=1920), "86 read + 1920 hit + 300 written"),
    _chat("smallest hit", detailed(1024, 20, cached=1024), "1024 hit + 20 written"),
    _chat("one block more", detailed(1400, 20, cached=1152), "248 read + 1152 hit + 20 written"),
    _chat(
        "long hit", detailed(128_000, 900, cached=127_872), "128 read + 127872 hit + 900 written"
    ),
    _chat("reasoning", detailed(75, 1186, thought=1024), "75 read + 162 written + 1024 thought"),
    _chat("reasoning only, cut off", detailed(81, 1000, thought=1000), "81 read + 1000 thought"),
    _chat("o1's example", detailed(9, 1843, thought=448), "9 read + 1395 written + 448 thought"),
    _chat("o3-mini's example", detailed(13, 100, thought=64), "13 read + 36 written + 64 thought"),
    _chat("no effort", detailed(26, 44, thought=0), "26 read + 44 written"),
    _chat(
        "reasoning over a cached prompt",
        detailed(5000, 2200, cached=4864, thought=1792),
        "136 read + 4864 hit + 408 written + 1792 thought",
    ),
    _chat("sound in", detailed(50, 31, heard=40), "10 read + 40 heard + 31 written"),
    _chat("sound out", detailed(17, 230, spoken=180), "17 read + 50 written + 180 spoken"),
    _chat(
        "sound both ways",
        detailed(120, 310, heard=100, spoken=250),
        "20 read + 100 heard + 60 written + 250 spoken",
    ),
    _chat(
        "sound after a cached prompt",
        detailed(1300, 40, cached=1152, heard=100),
        "48 read + 1152 hit + 100 heard + 40 written",
    ),
    _chat(
        "prediction accepted in part",
        detailed(204, 56, accepted=18, rejected=10),
        "204 read + 56 written",
    ),
    _chat("prediction refused", detailed(204, 80, rejected=24), "204 read + 80 written"),
    _chat(
        "prediction after a hit",
        detailed(1500, 70, cached=1408, accepted=60),
        "92 read + 1408 hit + 70 written",
    ),
    _chat(
        "image tokens told",
        counted(1200, 30, prompt_tokens_details={"image_tokens": 1100, "text_tokens": 100}),
        "100 read + 1100 seen + 30 written",
    ),
    _chat(
        "details that are null",
        counted(11, 3, prompt_tokens_details=None, completion_tokens_details=None),
        "11 read + 3 written",
    ),
    _chat(
        "details that are empty",
        counted(11, 4, prompt_tokens_details={}, completion_tokens_details={}),
        "11 read + 4 written",
    ),
    _chat(
        "a class that is null",
        counted(12, 4, prompt_tokens_details={"cached_tokens": None}),
        "12 read + 4 written",
    ),
    _chat(
        "in the words of responses",
        {
            "input_tokens": 36,
            "input_tokens_details": {"cached_tokens": 0},
            "output_tokens": 87,
            "output_tokens_details": {"reasoning_tokens": 0},
            "total_tokens": 123,
        },
        "36 read + 87 written",
    ),
    _chat(
        "in the words of responses, with all",
        {
            "input_tokens": 1536,
            "input_tokens_details": {"cached_tokens": 1024, "cache_write_tokens": 256},
            "output_tokens": 400,
            "output_tokens_details": {"reasoning_tokens": 320},
            "total_tokens": 1936,
        },
        "256 read + 1024 hit + 256 kept + 80 written + 320 thought",
    ),
    _chat(
        "written to the cache",
        counted(1700, 12, prompt_tokens_details={"cached_tokens": 0, "cache_write_tokens": 1664}),
        "36 read + 1664 kept + 12 written",
    ),
    Reported("openai", "completion", counted(5, 7), "5 read + 7 written", Operation.COMPLETION),
    Reported(
        "openai",
        "completion, best of many",
        counted(6, 310),
        "6 read + 310 written",
        Operation.COMPLETION,
    ),
    Reported(
        "openai", "vectors", {"prompt_tokens": 8, "total_tokens": 8}, "8 read", Operation.EMBEDDING
    ),
    Reported(
        "openai",
        "vectors of many",
        {"prompt_tokens": 8191, "total_tokens": 8191},
        "8191 read",
        Operation.EMBEDDING,
    ),
]


def _azure(what: str, usage: JsonObject, parts: str) -> Reported:
    return Reported("azure", what, usage, parts)


AZURE = [
    _azure("documented example", counted(33, 557), "33 read + 557 written"),
    _azure("on your data", counted(3779, 105), "3779 read + 105 written"),
    _azure("with details", detailed(59, 38), "59 read + 38 written"),
    _azure("cache hit", detailed(1566, 1518, cached=1408), "158 read + 1408 hit + 1518 written"),
    _azure(
        "o-series, cached",
        detailed(1566, 1518, cached=1280, thought=576),
        "286 read + 1280 hit + 942 written + 576 thought",
    ),
    _azure("o-series", detailed(20, 1843, thought=448), "20 read + 1395 written + 448 thought"),
    _azure("picture", counted(1296, 51), "1296 read + 51 written"),
    _azure("sound in", detailed(77, 20, heard=60), "17 read + 60 heard + 20 written"),
    _azure("sound out", detailed(14, 130, spoken=96), "14 read + 34 written + 96 spoken"),
    _azure("filtered early", counted(70, 1), "70 read + 1 written"),
    _azure("prediction", detailed(311, 90, accepted=40, rejected=3), "311 read + 90 written"),
    Reported(
        "azure", "vectors", {"prompt_tokens": 5, "total_tokens": 5}, "5 read", Operation.EMBEDDING
    ),
]
