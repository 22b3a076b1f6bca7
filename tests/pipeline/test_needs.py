"""What a request needs is read from its body, near misses included."""

from __future__ import annotations

import pytest

from jupyter_mesh.pipeline.needs import needs
from jupyter_mesh.schemas.catalog import Capability
from jupyter_mesh.schemas.json import Json, JsonObject

TOOL: JsonObject = {"type": "function", "function": {"name": "f"}}
TOOLS, VISION, AUDIO = Capability.TOOLS, Capability.VISION, Capability.AUDIO


def said(*parts: Json) -> JsonObject:
    return {"messages": [{"role": "user", "content": [*parts]}]}


IMAGE: JsonObject = {"type": "image_url", "image_url": {"url": "https://example.com/a.png"}}
SOUND: JsonObject = {"type": "input_audio", "input_audio": {"data": "", "format": "wav"}}
WORDS: JsonObject = {"type": "text", "text": "image_url"}


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ({}, set()),
        ({"tools": []}, set()),
        ({"tools": [TOOL]}, {TOOLS}),
        ({"tools": [TOOL], "tool_choice": "none"}, set()),
        ({"functions": [{"name": "f"}]}, {TOOLS}),
        (said(WORDS), set()),
        (said(WORDS, IMAGE), {VISION}),
        (said(SOUND), {AUDIO}),
        ({**said(IMAGE, SOUND), "tools": [TOOL]}, {TOOLS, VISION, AUDIO}),
        ({"messages": [{"role": "user", "content": "image_url"}]}, set()),
        ({"messages": ["x", None, {"content": [7, {"type": 5}]}]}, set()),
    ],
)
def test_needs_are_read_from_the_body(body: JsonObject, found: set[Capability]) -> None:
    assert needs(body) == found
