"""Google Vertex AI.

Source: `UsageMetadata` of `google.cloud.aiplatform.v1` and Google's documents on thinking, context
caching, media and grounding.
"""

from __future__ import annotations

from jupyter_mesh.schemas.json import Json, JsonObject

from . import Reported


def counts(
    prompt: int,
    candidates: int,
    *,
    thought: int = 0,
    cached: int = 0,
    tools: int = 0,
    **more: Json,
) -> JsonObject:
    """The counts, with the total that Google adds up; what is 0 is not written."""
    found: JsonObject = {"promptTokenCount": prompt, "candidatesTokenCount": candidates}
    named = {
        "thoughtsTokenCount": thought,
        "cachedContentTokenCount": cached,
        "toolUsePromptTokenCount": tools,
    }
    found |= {name: value for name, value in named.items() if value}
    return {**found, "totalTokenCount": prompt + candidates + thought + tools, **more}


def of(**tokens: int) -> list[Json]:
    """Tokens by modality."""
    return [{"modality": name.upper(), "tokenCount": count} for name, count in tokens.items()]


def _of(what: str, usage: JsonObject, parts: str) -> Reported:
    return Reported("vertex", what, usage, parts)


GOOGLE = [
    _of("documented", counts(4, 14), "4 read + 14 written"),
    _of("on demand", counts(8, 15, trafficType="ON_DEMAND"), "8 read + 15 written"),
    _of(
        "with modalities",
        counts(9, 15, promptTokensDetails=of(text=9), candidatesTokensDetails=of(text=15)),
        "9 read + 15 written",
    ),
    _of("thinking", counts(10, 20, thought=300), "10 read + 20 written + 300 thought"),
    _of("thinking little", counts(10, 21, thought=1), "10 read + 21 written + 1 thought"),
    _of(
        "thinking more than saying", counts(5, 2, thought=4096), "5 read + 2 written + 4096 thought"
    ),
    _of("cached", counts(1100, 8, cached=1024), "76 read + 1024 hit + 8 written"),
    _of("cached, all", counts(1024, 8, cached=1024), "1024 hit + 8 written"),
    _of(
        "cached, with modalities",
        counts(
            2200,
            8,
            cached=2048,
            promptTokensDetails=of(text=2200),
            cacheTokensDetails=of(text=2048),
        ),
        "152 read + 2048 hit + 8 written",
    ),
    _of(
        "cached and thinking",
        counts(1101, 30, cached=1025, thought=200),
        "76 read + 1025 hit + 30 written + 200 thought",
    ),
    _of(
        "picture",
        counts(265, 33, promptTokensDetails=of(text=7, image=258)),
        "7 read + 258 seen + 33 written",
    ),
    _of(
        "pictures",
        counts(2587, 33, promptTokensDetails=of(text=7, image=2580)),
        "7 read + 2580 seen + 33 written",
    ),
    _of(
        "pictures from the cache",
        counts(
            2587,
            34,
            cached=1290,
            promptTokensDetails=of(text=7, image=2580),
            cacheTokensDetails=of(image=1290),
        ),
        "7 read + 1290 seen + 1290 hit + 34 written",
    ),
    _of(
        "sound",
        counts(330, 12, promptTokensDetails=of(text=10, audio=320)),
        "10 read + 320 heard + 12 written",
    ),
    _of(
        "sound and a picture",
        counts(588, 12, promptTokensDetails=of(text=10, audio=320, image=258)),
        "10 read + 320 heard + 258 seen + 12 written",
    ),
    _of(
        "sound from the cache",
        counts(
            1300,
            12,
            cached=1280,
            promptTokensDetails=of(text=20, audio=1280),
            cacheTokensDetails=of(audio=1280),
        ),
        "20 read + 1280 hit + 12 written",
    ),
    _of(
        "spoken",
        counts(
            12, 90, promptTokensDetails=of(text=12), candidatesTokensDetails=of(text=10, audio=80)
        ),
        "12 read + 10 written + 80 spoken",
    ),
    _of(
        "spoken after thought",
        counts(13, 90, thought=20, candidatesTokensDetails=of(audio=90)),
        "13 read + 90 spoken + 20 thought",
    ),
    _of(
        "video",
        counts(3010, 40, promptTokensDetails=of(text=10, video=3000)),
        "3010 read + 40 written",
    ),
    _of(
        "video with its sound",
        counts(3410, 40, promptTokensDetails=of(text=10, video=3000, audio=400)),
        "3010 read + 400 heard + 40 written",
    ),
    _of(
        "document",
        counts(530, 40, promptTokensDetails=of(text=14, document=516)),
        "530 read + 40 written",
    ),
    _of("grounded", counts(40, 60, tools=110), "150 read + 60 written"),
    _of(
        "grounded, thinking",
        counts(41, 60, tools=111, thought=90),
        "152 read + 60 written + 90 thought",
    ),
    _of(
        "code that Google ran",
        counts(22, 400, tools=180, toolUsePromptTokensDetails=of(text=180)),
        "202 read + 400 written",
    ),
    _of(
        "provisioned", counts(50, 51, trafficType="PROVISIONED_THROUGHPUT"), "50 read + 51 written"
    ),
    _of("long", counts(900_000, 8192), "900000 read + 8192 written"),
]
