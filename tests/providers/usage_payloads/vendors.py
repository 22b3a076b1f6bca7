"""Vendors of OpenAI's shape that have connections of their own.

Source: Databricks "Foundation model REST API reference", Snowflake "Cortex REST API", AI21 API
reference, NVIDIA NIM API reference, Hugging Face "Inference Providers".
"""

from __future__ import annotations

from jupyter_mesh.schemas.json import Json, JsonObject
from jupyter_mesh.schemas.request import Operation

from . import Reported
from .openai import counted


def _details(cached: int = 0, thought: int = 0) -> dict[str, Json]:
    told: dict[str, Json] = {}
    if cached:
        told["prompt_tokens_details"] = {"cached_tokens": cached}
    if thought:
        told["completion_tokens_details"] = {"reasoning_tokens": thought}
    return told


def _vectors(vendor: str, tokens: int) -> Reported:
    usage: JsonObject = {"prompt_tokens": tokens, "total_tokens": tokens}
    return Reported(vendor, "vectors", usage, f"{tokens} read", Operation.EMBEDDING)


DATABRICKS = [
    Reported("databricks", "documented", counted(7, 17), "7 read + 17 written"),
    Reported("databricks", "with a system prompt", counted(73, 23), "73 read + 23 written"),
    Reported("databricks", "tools", counted(365, 41), "365 read + 41 written"),
    Reported("databricks", "cut off", counted(12, 1), "12 read + 1 written"),
    Reported(
        "databricks",
        "thoughts beside the others",
        counted(40, 900, reasoning_tokens=700),
        "40 read + 200 written + 700 thought",
    ),
    Reported(
        "databricks",
        "thoughts in details",
        counted(41, 900, **_details(thought=640)),
        "41 read + 260 written + 640 thought",
    ),
    Reported(
        "databricks",
        "cached",
        counted(2100, 50, **_details(2048)),
        "52 read + 2048 hit + 50 written",
    ),
    Reported(
        "databricks",
        "cached, as Claude tells it",
        counted(2101, 50, cache_read_input_tokens=2000, cache_creation_input_tokens=0),
        "101 read + 2000 hit + 50 written",
    ),
    Reported(
        "databricks",
        "written to the cache, as Claude tells it",
        counted(2102, 50, cache_read_input_tokens=0, cache_creation_input_tokens=2002),
        "100 read + 2002 kept + 50 written",
    ),
    _vectors("databricks", 8),
]
SNOWFLAKE = [
    Reported("snowflake", "documented", counted(15, 30), "15 read + 30 written"),
    Reported("snowflake", "long", counted(58_000, 1200), "58000 read + 1200 written"),
    Reported("snowflake", "tools", counted(410, 61), "410 read + 61 written"),
    Reported(
        "snowflake",
        "cached",
        counted(5000, 42, **_details(4096)),
        "904 read + 4096 hit + 42 written",
    ),
    Reported(
        "snowflake",
        "written to the cache",
        counted(5001, 42, prompt_tokens_details={"cached_tokens": 0, "cache_write_tokens": 4097}),
        "904 read + 4097 kept + 42 written",
    ),
    Reported(
        "snowflake",
        "thoughts",
        counted(60, 500, **_details(thought=384)),
        "60 read + 116 written + 384 thought",
    ),
    Reported(
        "snowflake", "vectors by their total", {"total_tokens": 11}, "11 read", Operation.EMBEDDING
    ),
]
AI21 = [
    Reported("ai21", "documented", counted(137, 81), "137 read + 81 written"),
    Reported("ai21", "greeting", counted(23, 9), "23 read + 9 written"),
    Reported("ai21", "long", counted(180_000, 2048), "180000 read + 2048 written"),
    Reported("ai21", "tools", counted(420, 33), "420 read + 33 written"),
    Reported("ai21", "several answers", counted(30, 240), "30 read + 240 written"),
]
NIM = [
    Reported("nim", "documented", counted(22, 12), "22 read + 12 written"),
    Reported("nim", "null", counted(22, 13, prompt_tokens_details=None), "22 read + 13 written"),
    Reported("nim", "cached", counted(300, 20, **_details(288)), "12 read + 288 hit + 20 written"),
    Reported(
        "nim",
        "thoughts beside the others",
        counted(48, 333, reasoning_tokens=300),
        "48 read + 33 written + 300 thought",
    ),
    Reported(
        "nim",
        "thoughts in details",
        counted(49, 333, **_details(thought=250)),
        "49 read + 83 written + 250 thought",
    ),
    Reported("nim", "picture", counted(1050, 77), "1050 read + 77 written"),
    _vectors("nim", 6),
    Reported(
        "nim", "ranking", {"prompt_tokens": 130, "total_tokens": 130}, "130 read", Operation.RERANK
    ),
]
HUGGINGFACE = [
    Reported("huggingface", "documented", counted(15, 11), "15 read + 11 written"),
    Reported("huggingface", "by TGI", counted(21, 100), "21 read + 100 written"),
    Reported("huggingface", "by Together", counted(99, 7, cached_tokens=0), "99 read + 7 written"),
    Reported(
        "huggingface",
        "by Groq",
        counted(44, 8, queue_time=0.1, total_time=0.3),
        "44 read + 8 written",
    ),
    Reported(
        "huggingface",
        "by Fireworks",
        counted(128, 9, **_details(64)),
        "64 read + 64 hit + 9 written",
    ),
    Reported(
        "huggingface",
        "by Cerebras, thinking",
        counted(30, 90, **_details(thought=70)),
        "30 read + 20 written + 70 thought",
    ),
    Reported(
        "huggingface",
        "by Novita",
        counted(51, 62, prompt_tokens_details=None),
        "51 read + 62 written",
    ),
]
