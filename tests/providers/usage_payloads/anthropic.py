"""Anthropic.

Source: Anthropic API reference ("Create a Message"), its documents on prompt caching, extended
thinking, server tools, and service tiers.
"""

from __future__ import annotations

from jupyter_mesh.schemas.json import Json, JsonObject

from . import Reported


def used(read: int, written: int, **more: Json) -> JsonObject:
    """The two numbers that each has, and more beside them."""
    return {"input_tokens": read, "output_tokens": written, **more}


def cached(hit: int = 0, kept: int = 0, hour: int | None = None) -> dict[str, Json]:
    """What the cache has; `hour`: of what is written, that which is kept for an hour."""
    told: dict[str, Json] = {
        "cache_read_input_tokens": hit,
        "cache_creation_input_tokens": kept,
    }
    if hour is not None:
        told["cache_creation"] = {
            "ephemeral_5m_input_tokens": kept - hour,
            "ephemeral_1h_input_tokens": hour,
        }
    return told


def thought(tokens: int) -> dict[str, Json]:
    """Beside the output of which they are part."""
    return {"output_tokens_details": {"thinking_tokens": tokens}}


def _of(what: str, usage: JsonObject, parts: str) -> Reported:
    return Reported("anthropic", what, usage, parts)


ANTHROPIC = [
    _of("documented", used(12, 6), "12 read + 6 written"),
    _of("a conversation", used(30, 309), "30 read + 309 written"),
    _of("a word in its mouth", used(42, 1), "42 read + 1 written"),
    _of("a picture", used(1551, 125), "1551 read + 125 written"),
    _of("a tool", used(472, 65), "472 read + 65 written"),
    _of("the answer to a tool", used(574, 38), "574 read + 38 written"),
    _of("of a tier", used(410, 585, service_tier="priority"), "410 read + 585 written"),
    _of(
        "caching, first",
        used(3, 200, **cached(0, 1200, 0)),
        "3 read + 1200 kept + 200 written",
    ),
    _of("caching, again", used(3, 200, **cached(1200, 0, 0)), "3 read + 1200 hit + 200 written"),
    _of(
        "caching, growing",
        used(4, 210, **cached(1200, 260, 0)),
        "4 read + 1200 hit + 260 kept + 210 written",
    ),
    _of(
        "caching, for an hour",
        used(5, 220, **cached(0, 1500, 1500)),
        "5 read + 1500 hour + 220 written",
    ),
    _of(
        "caching, both",
        used(2048, 503, **cached(1800, 248, 100)),
        "2048 read + 1800 hit + 148 kept + 100 hour + 503 written",
    ),
    _of(
        "caching, without how long",
        used(50, 503, **cached(0, 248)),
        "50 read + 248 kept + 503 written",
    ),
    _of(
        "caching tools",
        used(21, 77, **cached(2000, 13, 0)),
        "21 read + 2000 hit + 13 kept + 77 written",
    ),
    _of(
        "a book from the cache",
        used(21, 393, **cached(187_354, 0)),
        "21 read + 187354 hit + 393 written",
    ),
    _of("thinking", used(43, 2300, **thought(1900)), "43 read + 400 written + 1900 thought"),
    _of("thinking little", used(43, 120, **thought(30)), "43 read + 90 written + 30 thought"),
    _of("thinking nothing", used(43, 121, **thought(0)), "43 read + 121 written"),
    _of("thinking until the end", used(43, 1024, **thought(1024)), "43 read + 1024 thought"),
    _of(
        "thinking after caching",
        used(17, 1370, **cached(1370, 0, 0), **thought(1000)),
        "17 read + 1370 hit + 370 written + 1000 thought",
    ),
    _of(
        "thinking while caching",
        used(17, 700, **cached(0, 1370, 0), **thought(512)),
        "17 read + 1370 kept + 188 written + 512 thought",
    ),
    _of(
        "thinking, hours, hits",
        used(1, 900, **cached(10_000, 3000, 1000), **thought(800)),
        "1 read + 10000 hit + 2000 kept + 1000 hour + 100 written + 800 thought",
    ),
    _of(
        "web search",
        used(105, 6039, **cached(7123, 7345, 0), server_tool_use={"web_search_requests": 1}),
        "105 read + 7123 hit + 7345 kept + 6039 written",
    ),
    _of(
        "web fetch",
        used(25_039, 931, **cached(0, 0), server_tool_use={"web_fetch_requests": 1}),
        "25039 read + 931 written",
    ),
    _of(
        "code execution",
        used(3211, 1200, server_tool_use={"code_execution_requests": 1}),
        "3211 read + 1200 written",
    ),
    _of("where it ran", used(100, 50, inference_geo="us"), "100 read + 50 written"),
    _of("fast", used(100, 51, speed="fast"), "100 read + 51 written"),
    _of(
        "nulls", used(9, 9, cache_read_input_tokens=None, cache_creation=None), "9 read + 9 written"
    ),
    _of("refused", used(14, 1, service_tier="standard"), "14 read + 1 written"),
    _of("a long prompt", used(199_999, 64_000), "199999 read + 64000 written"),
    _of("iterations", used(700, 80, iterations=[]), "700 read + 80 written"),
]
