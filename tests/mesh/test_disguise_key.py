"""The key of hashes and invented values: one for all gateways of a store, and for good."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from jupyter_mesh.testing.fake_openai import FakeOpenAI

from .world import ask, chat, connection, mesh_of

MAIL = "ada@example.org"


@pytest.fixture
def upstream() -> Iterator[FakeOpenAI]:
    with FakeOpenAI() as fake:
        yield fake


@pytest.mark.parametrize("action", ["hash", "pseudonymise"])
async def test_what_stands_for_a_value_outlives_a_restart(
    tmp_path: Path, upstream: FakeOpenAI, action: str
) -> None:
    sections = {"screening": [{"entities": {"*": action}}]}
    sent: list[str] = []
    for folder in ("a", "a", "b"):
        async with mesh_of(tmp_path / folder, {"out": connection(upstream)}, **sections) as mesh:
            assert (await ask(mesh, chat(MAIL, model="out/m"))).error is None
        sent.append(json.loads(upstream.requests[-1].body)["messages"][0]["content"])
    assert MAIL not in sent
    assert sent[0] == sent[1]
    assert sent[0] != sent[2], "another store has another key"
