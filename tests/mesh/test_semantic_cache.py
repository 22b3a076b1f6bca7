"""The semantic cache as an admin switches it on, alone and over several gateways."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from jupyter_mesh.config import Config
from jupyter_mesh.schemas.json import JsonObject
from jupyter_mesh.testing.fake_openai import FakeOpenAI
from jupyter_mesh.testing.redis_server import RedisServer

from .world import ADA, BOB, ROOT, ask, chat, connection, mesh_of

FIRST = "How many customers did we have in the north last summer, please tell me"
ALIKE = "please tell me: How many customers did we have in the north last summer"
SEMANTIC: dict[str, object] = {"enabled": True, "embedding": "up/e", "scope": "everyone"}
MODELS: dict[str, object] = {
    "m": {"price": {"input": 1, "output": 10}},
    "e": {"price": {"input": 1}, "operations": ["embedding"], "internal": True},
}


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[RedisServer]:
    folder = tmp_path / "redis"
    folder.mkdir()
    with RedisServer(folder) as server:
        yield server


def chats(upstream: FakeOpenAI) -> int:
    return sum("messages" in request.json for request in upstream.requests)


@pytest.mark.parametrize("count", [1, pytest.param(3, marks=pytest.mark.needs("redis"))])
async def test_it_answers_is_recorded_under_the_call_and_purged(
    tmp_path: Path, upstream: FakeOpenAI, count: int, request: pytest.FixtureRequest
) -> None:
    sections: dict[str, object] = {"cache": {"semantic": SEMANTIC}}
    if count > 1:
        redis: RedisServer = request.getfixturevalue("redis")
        sections["shared"] = {"url": redis.url}
    connections = {"up": connection(upstream, models=MODELS)}
    async with AsyncExitStack() as opened:
        meshes = [
            await opened.enter_async_context(mesh_of(tmp_path, connections, **sections))
            for _ in range(count)
        ]
        one, other = meshes[0], meshes[-1]
        assert (await ask(one, chat(FIRST), ADA)).error is None
        again = await ask(other, chat(ALIKE, stream=True), BOB)
        assert (again.error, again.call.report.cache) == (None, "hit")
        assert "similar_answer" in again.notices
        assert chats(upstream) == 1
        detail = await other.call_detail(BOB, again.call.id)
        assert [(child.operation, child.model) for child in detail.children] == [
            ("embedding", "up/e")
        ]
        assert detail.summary.cost_usd == 0
        assert "up/e" not in one.snapshot.visible(ADA)
        assert (await other.cache.purge(ROOT, model=None, user="ada")).forgotten == 2
        assert (await ask(one, chat(ALIKE), BOB)).call.report.cache == "miss"


@pytest.mark.needs("redis")
async def test_without_redis_it_misses_and_says_so(
    tmp_path: Path, upstream: FakeOpenAI, redis: RedisServer
) -> None:
    sections: dict[str, object] = {"cache": {"semantic": SEMANTIC}, "shared": {"url": redis.url}}
    connections = {"up": connection(upstream, models=MODELS)}
    async with mesh_of(tmp_path, connections, **sections) as mesh:
        redis.stop()
        outcome = await ask(mesh, chat(FIRST))
        assert outcome.error is None
        assert "similar_skipped" in outcome.notices


@pytest.mark.parametrize(
    ("semantic", "hint"),
    [
        ({"enabled": True}, "embedding"),
        ({"enabled": True, "embedding": "up/m"}, "internal"),
        ({"enabled": True, "embedding": "up/x"}, "did you mean|lists no model"),
        ({"enabled": True, "embedding": "down/e"}, "needs a connection"),
        ({"enabled": True, "embedding": "up/e", "threshold": 0.2}, "threshold"),
        ({"enabled": True, "embedding": "up/e", "treshold": 0.9}, "xtra inputs"),
    ],
)
def test_what_cannot_work_is_refused(semantic: JsonObject, hint: str) -> None:
    connections = {"up": {"provider": "echo", "models": MODELS}}
    with pytest.raises(ValueError, match=hint):
        Config.model_validate({"connections": connections, "cache": {"semantic": semantic}})


def test_it_needs_the_exact_cache() -> None:
    cache = {"semantic": SEMANTIC, "exact": {"enabled": False}}
    connections = {"up": {"provider": "echo", "models": MODELS}}
    with pytest.raises(ValueError, match="needs `exact`"):
        Config.model_validate({"connections": connections, "cache": cache})
