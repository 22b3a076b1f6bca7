"""What is found of values that a text hides: all of it, or as much as the guide says."""

from __future__ import annotations

import re
from pathlib import Path
from typing import cast

import pytest

from jupyter_mesh.guards.patterns import Patterns, PatternsConfig
from jupyter_mesh.schemas.guard_rules import ScreeningRule
from jupyter_mesh.schemas.json import JsonObject
from jupyter_mesh.schemas.request import Operation, parse_request
from jupyter_mesh.testing.scripted_provider import ScriptedProvider

from .hidden_values import WAYS, values
from .world import Pipeline, candidate, pipeline

GUIDE = Path(__file__).parents[2] / "docs/guards-guide.md"
VALUES = values()


def measured_in_guide() -> dict[str, int]:
    """How many of the values the guide says are caught, by the way they are hidden."""
    rows = re.findall(r"^\| ([^|]+?) \| (\d+) of 50 \|", GUIDE.read_text("utf-8"), re.MULTILINE)
    return {way: int(caught) for way, caught in rows}


def world(provider: ScriptedProvider) -> Pipeline:
    rule = ScreeningRule.model_validate({"detectors": ["patterns"]})
    found = {"patterns": Patterns(PatternsConfig())}
    return pipeline(candidate("a/m", provider), screening=(rule,), detectors=found)


@pytest.mark.parametrize("way", WAYS)
async def test_as_many_are_caught_as_the_guide_says(way: str) -> None:
    provider = ScriptedProvider()
    outside = world(provider)
    caught = 0
    for value in VALUES:
        hidden = WAYS[way](value)
        body = cast(JsonObject, {"model": "a/m", "messages": hidden.messages})
        outcome = await outside.ask(parse_request(Operation.CHAT, body))
        assert outcome.error is None
        left = "\n".join(provider.attempts[-1].request.texts())
        caught += not any(bit in left for bit in hidden.bits)
    print(f"| {way} | {caught} of {len(VALUES)} |")
    assert caught == measured_in_guide()[way]
