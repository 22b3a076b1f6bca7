"""Whom a limit has just refused is turned away at the edge: told the same, and nothing is read."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import orjson
import pytest

from jupyter_mesh.errors import LimitExceeded
from jupyter_mesh.schemas.json import JsonObject
from jupyter_mesh.schemas.principal import Principal
from jupyter_mesh.testing.fake_openai import FakeOpenAI
from jupyter_mesh.testing.redis_server import RedisServer

from .calls import chat_body
from .conftest import Host
from .governed import ADA, BOB, ROOT, Seen, World, world

KINDS = ["memory", pytest.param("redis", marks=pytest.mark.needs("redis"))]
CHAT = "/v1/chat/completions"
TIGHT: JsonObject = {"requests_per_minute": 1, "wait_seconds": 0}


@pytest.fixture
def redis(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[RedisServer | None]:
    if request.getfixturevalue("kind") == "memory":
        yield None
        return
    (tmp_path / "redis").mkdir()
    with RedisServer(tmp_path / "redis") as server:
        yield server


@asynccontextmanager
async def opened(
    folder: Path, redis: RedisServer | None, limit: JsonObject | None = TIGHT
) -> AsyncIterator[World]:
    shared = {} if redis is None else {"shared": {"url": redis.url}}
    cache = {"exact": {"enabled": False}}
    with FakeOpenAI() as upstream:
        async with world(folder, upstream, cache=cache, **shared) as one:
            if limit is not None:
                await govern(one, limit)
            yield one


async def govern(one: World, body: JsonObject | None, version: int | None = None) -> int | None:
    """Put or remove the limit; its new version."""
    path = "/api/settings/limits/tight"
    if body is None:
        reply = await one.ask(ROOT, "DELETE", path, query={"version": str(version)})
    else:
        reply = await one.ask(ROOT, "PUT", path, {"body": body, "version": version})
    assert reply.status < 300, reply.body
    return None if body is None else orjson.loads(reply.body)["version"]


async def ask(one: World, who: Principal = ADA) -> Seen:
    body: JsonObject = {"model": "up/m", "messages": [{"role": "user", "content": "Hi"}]}
    return await one.ask(who, "POST", CHAT, body)


async def turned_away(one: World, who: Principal = ADA) -> Seen:
    """A refusal at the door, which is closed once the limit has refused one."""
    for _ in range(20):
        before = one.reads
        seen = await ask(one, who)
        assert seen.status == 429
        if one.reads == before:
            return seen
    raise AssertionError("Every refused call was read.")


def told(seen: Seen) -> tuple[int, str, dict[str, str]]:
    """All that is told, but for the id."""
    headers = {name: value for name, value in seen.headers.items() if name != "X-Mesh-Request-Id"}
    return *seen.without([]), headers


@pytest.mark.parametrize("kind", KINDS)
async def test_who_is_turned_away_is_told_what_the_pipeline_tells(
    tmp_path: Path, redis: RedisServer | None, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with opened(tmp_path, redis) as one:
        assert (await ask(one)).status == 200
        at_the_door: list[tuple[int, str, dict[str, str]]] = [told(await turned_away(one))]
        with monkeypatch.context() as patch:
            patch.setattr(one.mesh, "turned_away", lambda *_: None)
            before = one.reads
            inside = told(await ask(one))
            assert one.reads == before + 1
        at_the_door.append(told(await turned_away(one)))
        assert inside[0] == 429
        assert "Retry-After" in inside[2]
        assert inside in at_the_door  # twice, since the seconds that are told go by


@pytest.mark.parametrize("kind", KINDS)
async def test_other_people_and_other_keys_are_let_in(
    tmp_path: Path, redis: RedisServer | None, kind: str
) -> None:
    limit: JsonObject = {**TIGHT, "scope": {"user": "*", "key": "*"}}
    async with opened(tmp_path, redis, limit) as one:
        hers, other = replace(ADA, key_id="first"), replace(ADA, key_id="second")
        assert (await ask(one, hers)).status == 200
        await turned_away(one, hers)
        assert (await ask(one, other)).status == 200
        assert (await ask(one, replace(BOB, key_id="his"))).status == 200
        assert (await ask(one, ADA)).status == 200  # without a key
        await turned_away(one, hers)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("after", [{"requests_per_minute": 100, "wait_seconds": 0}, None])
async def test_a_limit_that_is_raised_or_taken_away_lets_the_next_call_in(
    tmp_path: Path, redis: RedisServer | None, kind: str, after: JsonObject | None
) -> None:
    async with opened(tmp_path, redis, None) as one:
        version = await govern(one, TIGHT)
        assert (await ask(one)).status == 200
        await turned_away(one)
        await govern(one, after, version)
        assert (await ask(one)).status == 200


@pytest.mark.parametrize("kind", KINDS)
async def test_every_refused_call_is_on_record_and_in_every_sum(
    tmp_path: Path, redis: RedisServer | None, kind: str
) -> None:
    async with opened(tmp_path, redis) as one:
        before = await calls_of(one)
        seen = [await ask(one) for _ in range(50)]
        seen += [await one.ask(ADA, "POST", "/v1/embeddings", {"model": "up/m"}) for _ in range(7)]
        assert [reply.status for reply in seen].count(429) == 56
        assert one.reads < 40
        ids = {reply.headers["X-Mesh-Request-Id"] for reply in seen}
        async with asyncio.timeout(20):
            while await refused(one) != 56:  # noqa: ASYNC110 nobody tells when it is written
                await asyncio.sleep(0.05)
        assert await calls_of(one) - before == 57
        page = (await one.mesh.calls(ROOT, limit=200)).calls
        assert ids <= {call.id for call in page}
        many = next(call for call in page if call.stands_for > 1)
        assert (many.user, many.error_code, many.cost_usd) == ("ada", LimitExceeded.code, 0)
        detail = await one.ask(ADA, "GET", f"/api/calls/{many.id}")
        assert orjson.loads(detail.body)["summary"]["stands_for"] == many.stands_for


async def refused(one: World) -> int:
    page = (await one.mesh.calls(ROOT, limit=200)).calls
    return sum(call.stands_for for call in page if call.outcome == "refused")


async def calls_of(one: World) -> int:
    """As the usage page has it."""
    reply = await one.ask(ROOT, "GET", "/api/usage", query={"by": "user"})
    rows = orjson.loads(reply.body)["rows"]
    return sum(row["spend"]["calls"] for row in rows if row["key"]["user"] == "ada")


@pytest.mark.parametrize("length", [10, 300_000])
async def test_the_connection_of_one_who_was_turned_away_serves_the_next_call(
    standalone: Host, length: int
) -> None:
    target = standalone.target(CHAT)
    reader, writer = await asyncio.open_connection(target.host, target.port)
    standalone.mesh.full = LimitExceeded("Too many.", retry_after=2.2)
    body = orjson.dumps({**chat_body(), "model": "script/answer", "user": "x" * length})
    head = (
        f"POST {target.raw_path} HTTP/1.1\r\nHost: gateway\r\nContent-Type: application/json\r\n"
        f"Authorization: {standalone.user['Authorization']}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    for status in (429, 429, 200):
        if status == 200:
            standalone.mesh.full = None
        writer.write(head.encode() + body)
        await writer.drain()
        answer = await reader.readuntil(b"\r\n\r\n")
        assert answer.startswith(f"HTTP/1.1 {status} ".encode())
        fields = dict(line.split(": ", 1) for line in answer.decode().split("\r\n") if ": " in line)
        said = orjson.loads(await reader.readexactly(int(fields["Content-Length"])))
        if status == 429:
            assert fields["Retry-After"] == "3"
            assert said["error"]["request_id"] == fields["X-Mesh-Request-Id"] == "call_of_many"
    writer.close()
