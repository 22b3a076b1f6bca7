"""Servers and vendors that speak OpenAI's format, each with words of its own beside it.

Source: the API references of DeepSeek, Groq, Mistral, xAI, OpenRouter, Together, Fireworks,
Cerebras, Perplexity, Moonshot, Alibaba Model Studio, Z.ai; documents of vLLM, TGI, Ollama,
llama.cpp, LM Studio, SGLang and LiteLLM.
"""

from __future__ import annotations

from jupyter_mesh.schemas.json import Json, JsonObject
from jupyter_mesh.schemas.request import Operation

from . import Reported
from .openai import counted, detailed


def _of(what: str, usage: JsonObject, parts: str) -> Reported:
    return Reported("openai", what, usage, parts)


def _hits(hit: int, missed: int) -> JsonObject:
    return {"prompt_cache_hit_tokens": hit, "prompt_cache_miss_tokens": missed}


def _cached(tokens: int, **more: Json) -> JsonObject:
    return {"prompt_tokens_details": {"cached_tokens": tokens, **more}}


def _thought(tokens: int) -> JsonObject:
    return {"completion_tokens_details": {"reasoning_tokens": tokens}}


_TIMES: JsonObject = {
    "queue_time": 0.037, "prompt_time": 0.0007, "completion_time": 0.463, "total_time": 0.4647
}  # fmt: skip

COMPATIBLE = [
    _of("DeepSeek: nothing cached", counted(16, 10, **_hits(0, 16)), "16 read + 10 written"),
    _of("DeepSeek: hits", counted(130, 24, **_hits(64, 66)), "66 read + 64 hit + 24 written"),
    _of("DeepSeek: all hit", counted(192, 9, **_hits(192, 0)), "192 hit + 9 written"),
    _of(
        "DeepSeek: hits told twice",
        counted(448, 11, **_hits(384, 64), **_cached(384)),
        "64 read + 384 hit + 11 written",
    ),
    _of(
        "DeepSeek: reasoner",
        counted(20, 700, **_hits(0, 20), **_thought(560)),
        "20 read + 140 written + 560 thought",
    ),
    _of(
        "DeepSeek: reasoner, cached",
        counted(1000, 300, **_hits(960, 40), **_thought(256)),
        "40 read + 960 hit + 44 written + 256 thought",
    ),
    _of("Groq: with times", counted(18, 556, **_TIMES), "18 read + 556 written"),
    _of(
        "Groq: cached",
        counted(4641, 1817, **_TIMES, **_cached(4608)),
        "33 read + 4608 hit + 1817 written",
    ),
    _of(
        "Groq: reasoning",
        counted(90, 240, **_TIMES, **_thought(180)),
        "90 read + 60 written + 180 thought",
    ),
    _of("Mistral", counted(16, 34), "16 read + 34 written"),
    _of("Mistral: long", counted(31_002, 512), "31002 read + 512 written"),
    _of(
        "Mistral: sound by its seconds",
        counted(635, 106, prompt_audio_seconds=40),
        "635 read + 106 written",
    ),
    _of(
        "xAI: cached",
        {
            **detailed(125, 48, cached=98),
            "prompt_tokens_details": {
                "text_tokens": 125,
                "audio_tokens": 0,
                "image_tokens": 0,
                "cached_tokens": 98,
            },
        },
        "27 read + 98 hit + 48 written",
    ),
    _of(
        "xAI: thoughts beside the answer",
        counted(32, 9, 135, num_sources_used=0, **_thought(94)),
        "32 read + 9 written + 94 thought",
    ),
    _of(
        "xAI: thoughts beside a cached prompt",
        counted(307, 2, 615, **_cached(256), **_thought(306)),
        "51 read + 256 hit + 2 written + 306 thought",
    ),
    _of(
        "OpenRouter: with its cost",
        counted(194, 2, cost=0.95, is_byok=False),
        "194 read + 2 written",
    ),
    _of(
        "OpenRouter: all details",
        counted(10_339, 60, **_cached(10_318, cache_write_tokens=0), **_thought(0)),
        "21 read + 10318 hit + 60 written",
    ),
    _of(
        "OpenRouter: written to a cache",
        counted(10_339, 60, **_cached(0, cache_write_tokens=10_318)),
        "21 read + 10318 kept + 60 written",
    ),
    _of(
        "OpenRouter: pictures and sound",
        counted(900, 5, **_cached(0, audio_tokens=300, image_tokens=500)),
        "100 read + 300 heard + 500 seen + 5 written",
    ),
    _of("Together", counted(31, 20), "31 read + 20 written"),
    _of(
        "Together: cached beside",
        counted(700, 3, cached_tokens=640),
        "60 read + 640 hit + 3 written",
    ),
    _of("Fireworks", counted(24, 12, **_cached(16)), "8 read + 16 hit + 12 written"),
    _of("Fireworks: null", counted(25, 12, prompt_tokens_details=None), "25 read + 12 written"),
    _of("Cerebras", counted(40, 13, **_cached(0)), "40 read + 13 written"),
    _of("Cerebras: cached", counted(640, 13, **_cached(512)), "128 read + 512 hit + 13 written"),
    _of(
        "Perplexity: with its search",
        counted(8, 439, search_context_size="low", cost={"total_cost": 0.006}),
        "8 read + 439 written",
    ),
    _of(
        "Perplexity: deep research",
        counted(33, 7163, citation_tokens=20_016, num_search_queries=18, reasoning_tokens=1000),
        "33 read + 6163 written + 1000 thought",
    ),
    _of("Moonshot", counted(19, 21), "19 read + 21 written"),
    _of(
        "Moonshot: cached beside", counted(19, 22, cached_tokens=10), "9 read + 10 hit + 22 written"
    ),
    _of(
        "Alibaba: cached", counted(3019, 104, **_cached(2048)), "971 read + 2048 hit + 104 written"
    ),
    _of(
        "Alibaba: thoughts",
        counted(10, 360, **_thought(340)),
        "10 read + 20 written + 340 thought",
    ),
    _of("Z.ai: cached", counted(1200, 300, **_cached(800)), "400 read + 800 hit + 300 written"),
    _of("vLLM", counted(7, 6, prompt_tokens_details=None), "7 read + 6 written"),
    _of("vLLM: prefix cached", counted(96, 16, **_cached(80)), "16 read + 80 hit + 16 written"),
    _of(
        "SGLang",
        counted(30, 64, prompt_tokens_details=None, reasoning_tokens=0),
        "30 read + 64 written",
    ),
    _of(
        "SGLang: thoughts beside",
        counted(30, 65, reasoning_tokens=50),
        "30 read + 15 written + 50 thought",
    ),
    _of("TGI", counted(32, 100), "32 read + 100 written"),
    _of("Ollama", counted(26, 299), "26 read + 299 written"),
    _of("llama.cpp", counted(14, 48), "14 read + 48 written"),
    _of("llama.cpp: cached", counted(236, 35, **_cached(230)), "6 read + 230 hit + 35 written"),
    _of("LM Studio", counted(24, 6), "24 read + 6 written"),
    _of(
        "LM Studio: thoughts",
        counted(24, 60, **_thought(41)),
        "24 read + 19 written + 41 thought",
    ),
    _of("LiteLLM", counted(13, 7), "13 read + 7 written"),
    _of(
        "LiteLLM: Claude, written to its cache, beside the prompt",
        counted(31, 467, **_cached(0), cache_creation_input_tokens=1253, cache_read_input_tokens=0),
        "31 read + 1253 kept + 467 written",
    ),
    _of(
        "LiteLLM: Claude, written to its cache, within the prompt",
        counted(
            1284, 467, **_cached(0), cache_creation_input_tokens=1253, cache_read_input_tokens=0
        ),
        "31 read + 1253 kept + 467 written",
    ),
    _of(
        "LiteLLM: Claude, read from its cache",
        counted(
            1284, 400, **_cached(1253), cache_creation_input_tokens=0, cache_read_input_tokens=1253
        ),
        "31 read + 1253 hit + 400 written",
    ),
    _of(
        "LiteLLM: Claude, read from its cache, not in details",
        counted(1285, 1, cache_creation_input_tokens=0, cache_read_input_tokens=1253),
        "32 read + 1253 hit + 1 written",
    ),
    _of("whole numbers as floats", counted(3, 2) | {"prompt_tokens": 3.0}, "3 read + 2 written"),
    Reported("openai", "vLLM: ranking", {"total_tokens": 56}, "56 read", Operation.RERANK),
    Reported(
        "openai",
        "Infinity: ranking",
        {"prompt_tokens": 73, "total_tokens": 73},
        "73 read",
        Operation.RERANK,
    ),
    Reported(
        "openai",
        "Voyage: vectors by their total",
        {"total_tokens": 10},
        "10 read",
        Operation.EMBEDDING,
    ),
    Reported(
        "openai",
        "vLLM: vectors",
        {
            "prompt_tokens": 21,
            "total_tokens": 21,
            "completion_tokens": 0,
            "prompt_tokens_details": None,
        },
        "21 read",
        Operation.EMBEDDING,
    ),
    Reported(
        "openai",
        "vLLM: classes",
        {"prompt_tokens": 10, "total_tokens": 10, "completion_tokens": 0},
        "10 read",
        Operation.CLASSIFY,
    ),
    Reported(
        "openai",
        "vLLM: completion",
        counted(4, 16, prompt_tokens_details=None),
        "4 read + 16 written",
        Operation.COMPLETION,
    ),
]
