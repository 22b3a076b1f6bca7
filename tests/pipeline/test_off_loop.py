"""Long requests are gone through beside the event loop."""

from __future__ import annotations

import asyncio
import base64
import threading
from collections.abc import Iterable

import pytest

from jupyter_mesh.guards.patterns import Patterns
from jupyter_mesh.pipeline import findings
from jupyter_mesh.pipeline.off_loop import HUGE, LONG, off_loop, size_of
from jupyter_mesh.schemas import request as requests
from jupyter_mesh.schemas.guard_rules import ScreeningRule
from jupyter_mesh.schemas.json import Json, JsonObject
from jupyter_mesh.schemas.request import Operation, parse_request

from .world import ScriptedProvider, candidate, pipeline

FILE = base64.b64encode(b"a " * LONG).decode()
SHORT: Json = "Hello"
LONG_ONES: list[Json] = [
    "\\n" * (LONG // 2),
    "\uff11 " * LONG,
    [{"type": "text", "text": f"x{n}"} for n in range(LONG // 32)],
    [{"type": "file", "file": {"file_data": f"data:text/plain;base64,{FILE}"}}],
]


@pytest.mark.parametrize(
    "content", [SHORT, *LONG_ONES], ids=["short", "escapes", "wide", "parts", "file"]
)
async def test_long_requests_are_gone_through_in_a_thread(
    content: Json, monkeypatch: pytest.MonkeyPatch
) -> None:
    where: set[str] = set()

    def noted(module: object, name: str) -> None:
        true = getattr(module, name)

        def work(*args: object, **named: object) -> object:
            if name != "readings" or len(str(args[0])) >= LONG:
                where.add("loop" if threading.current_thread() is threading.main_thread() else name)
            return true(*args, **named)

        monkeypatch.setattr(module, name, work)

    noted(requests, "contents")
    noted(requests, "split_texts")
    noted(findings, "readings")
    rule = ScreeningRule.model_validate({"detectors": ["patterns"]})
    world = pipeline(
        candidate("a/m", ScriptedProvider()),
        screening=(rule,),
        detectors={"patterns": Patterns(Patterns.Config())},
    )
    body: JsonObject = {"model": "a/m", "messages": [{"role": "user", "content": content}]}
    outcome = await world.ask(parse_request(Operation.CHAT, body))
    assert outcome.error is None
    assert where == {"loop"} if content is SHORT else "loop" not in where and "contents" in where


async def test_huge_texts_take_turns() -> None:
    running, most = 0, 0

    def work() -> None:
        nonlocal running, most
        running += 1
        most = max(most, running)
        threading.Event().wait(0.01)
        running -= 1

    async def all_of(sizes: Iterable[int]) -> None:
        await asyncio.gather(*(off_loop(size, work) for size in sizes))

    await all_of([HUGE] * 4)
    assert most == 1


@pytest.mark.parametrize(
    ("body", "least", "most"),
    [
        ({}, 0, 100),
        ({"input": "x" * 5_000}, 5_000, 5_200),
        ({"input": ["x"] * 1_000}, 32_000, 100_000),
        ({"input": [[1] * 1_000] * 1_000}, 32_000, 2 * HUGE),
        ({"metadata": {f"k{n}": n for n in range(1_000)}}, 32_000, 100_000),
    ],
)
def test_values_count_as_well_as_letters(body: JsonObject, least: int, most: int) -> None:
    assert least <= size_of(body) <= most
