"""AWS Bedrock.

Source: `TokenUsage` in botocore's service model, and the Bedrock User Guide on prompt caching.
"""

from __future__ import annotations

from jupyter_mesh.schemas.json import Json, JsonObject

from . import Reported


def used(
    read: int, written: int, hit: int | None = None, kept: int | None = None, **more: Json
) -> JsonObject:
    """A `usage` of Converse; what the cache holds stands beside `inputTokens`."""
    found: JsonObject = {"inputTokens": read, "outputTokens": written}
    found["totalTokens"] = read + written + (hit or 0) + (kept or 0)
    if hit is not None:
        found["cacheReadInputTokens"] = hit
    if kept is not None:
        found["cacheWriteInputTokens"] = kept
    return {**found, **more}


def lasting(hour: int, minutes: int = 0) -> list[Json]:
    """`cacheDetails`: how long what was written is kept."""
    return [{"ttl": "1h", "inputTokens": hour}, {"ttl": "5m", "inputTokens": minutes}]


def _of(what: str, usage: JsonObject, parts: str) -> Reported:
    return Reported("bedrock", what, usage, parts)


AMAZON = [
    _of("documented", used(30, 628), "30 read + 628 written"),
    _of("a greeting", used(11, 25), "11 read + 25 written"),
    _of("a tool", used(433, 61), "433 read + 61 written"),
    _of("a picture", used(1610, 90), "1610 read + 90 written"),
    _of("a document", used(3004, 120), "3004 read + 120 written"),
    _of("zeros of the cache", used(12, 25, 0, 0), "12 read + 25 written"),
    _of("written to the cache", used(13, 20, 0, 1500), "13 read + 1500 kept + 20 written"),
    _of("read from the cache", used(13, 21, 1500, 0), "13 read + 1500 hit + 21 written"),
    _of("both", used(14, 22, 1500, 90), "14 read + 1500 hit + 90 kept + 22 written"),
    _of("all of it read", used(0, 22, 1600, 0), "1600 hit + 22 written"),
    _of("read only is told", used(15, 22, 1024), "15 read + 1024 hit + 22 written"),
    _of("written only is told", used(15, 23, None, 1024), "15 read + 1024 kept + 23 written"),
    _of(
        "for an hour",
        used(16, 23, 0, 1200, cacheDetails=lasting(1200)),
        "16 read + 1200 hour + 23 written",
    ),
    _of(
        "for an hour and for minutes",
        used(16, 24, 300, 1200, cacheDetails=lasting(700, 500)),
        "16 read + 300 hit + 500 kept + 700 hour + 24 written",
    ),
    _of(
        "for minutes",
        used(16, 25, 0, 1200, cacheDetails=[{"ttl": "5m", "inputTokens": 1200}]),
        "16 read + 1200 kept + 25 written",
    ),
    _of("details that are empty", used(17, 25, 0, 0, cacheDetails=[]), "17 read + 25 written"),
    _of("long", used(150_000, 4096), "150000 read + 4096 written"),
    _of("by a guardrail", used(18, 4), "18 read + 4 written"),
]
