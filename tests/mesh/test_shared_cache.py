"""What gateways keep for each other: hits, savings and ledger agree; nothing leaks."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from jupyter_mesh.errors import NotPermitted, StoreUnavailable
from jupyter_mesh.mesh import CacheDirective, Mesh
from jupyter_mesh.schemas.audit_proof import AuditCheck
from jupyter_mesh.schemas.principal import Principal
from jupyter_mesh.testing.fake_openai import Behaviour, FakeOpenAI
from jupyter_mesh.testing.principals import analyst
from jupyter_mesh.testing.redis_server import RedisServer

from .test_replicas import replicas
from .world import ADA, BOB, ROOT, ask, chat, connection, embedding, mesh_of, put

USAGE = Behaviour.model_validate(
    {"usage": {"prompt_tokens": 40, "completion_tokens": 60, "total_tokens": 100}}
)
COST = Decimal("0.00064")
EVERYONE: dict[str, object] = {"exact": {"scope": "everyone"}}


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[RedisServer]:
    folder = tmp_path / "redis"
    folder.mkdir()
    with RedisServer(folder) as server:
        yield server


@pytest.mark.needs("redis")
async def test_a_thousand_calls_with_three_in_ten_repeated_hits_savings_and_ledger_agree(
    tmp_path: Path, redis: RedisServer, upstream: FakeOpenAI, seed: int
) -> None:
    upstream.default = USAGE
    chance = random.Random(seed)
    budgets = [{"limit_usd": 100, "window": "total"}]
    first = [f"question {n}" for n in range(700)]
    repeated = [chance.choice(first) for _ in range(300)]
    async with replicas(tmp_path, redis, upstream, 2, budgets=budgets) as meshes:

        async def hits(questions: list[str]) -> int:
            slots = asyncio.Semaphore(8)

            async def one(number: int, question: str) -> bool:
                async with slots:
                    request = chat(question, stream=chance.random() < 0.5)
                    outcome = await ask(meshes[number % 2], request)
                assert outcome.text == USAGE.text
                assert outcome.call.report.cost == (0 if hit_(outcome.call.report.cache) else COST)
                return hit_(outcome.call.report.cache)

            return sum(await asyncio.gather(*(one(n, q) for n, q in enumerate(questions))))

        assert await hits(first) == 0
        assert await hits(repeated) == 300
        costs = (await meshes[0].costs(ADA, None)).today
        (budget,) = await meshes[1].budgets(ADA)
    assert len(upstream.requests) == 700
    assert (costs.calls, costs.cached_calls) == (1000, 300)
    assert costs.cost_usd == budget.spent_usd == 700 * COST
    assert costs.saved_usd == 300 * COST
    assert budget.held_usd == 0


def hit_(cache: str) -> bool:
    return cache == "hit"


@pytest.mark.needs("redis")
async def test_of_known_and_new_texts_only_the_new_ones_are_billed_in_any_gateway(
    tmp_path: Path, redis: RedisServer, upstream: FakeOpenAI
) -> None:
    texts = [f"text {n}" for n in range(100)]
    async with replicas(tmp_path, redis, upstream, 2) as (one, other):
        await ask(one, embedding(texts[:60]))
        part = await ask(other, embedding(texts))
        assert part.error is None
        assert upstream.requests[1].json["input"] == texts[60:]
        costs = (await one.costs(ADA, None)).today
    assert costs.cost_usd == Decimal(100 * 2) / 1_000_000  # two words each
    assert costs.saved_usd == Decimal(60 * 2) / 1_000_000


@pytest.mark.needs("redis")
async def test_without_redis_the_cache_misses_and_calls_go_on(
    tmp_path: Path, redis: RedisServer, upstream: FakeOpenAI
) -> None:
    async with replicas(tmp_path, redis, upstream, 1) as (mesh,):
        assert (await ask(mesh, chat())).error is None
        redis.stop()
        again = await ask(mesh, chat())
        assert (again.error, again.call.report.cache) == (None, "miss")
        with pytest.raises(StoreUnavailable):
            await mesh.cache.purge(ROOT, model=None, user=None)


@pytest.mark.needs("redis")
async def test_a_retry_in_another_gateway_gets_the_same_answer(
    tmp_path: Path, redis: RedisServer, upstream: FakeOpenAI
) -> None:
    async with replicas(tmp_path, redis, upstream, 2) as (one, other):
        first = await ask(one, chat(), idempotency_key="k")
        again = await ask(other, chat(stream=True), idempotency_key="k")
        assert first.text == again.text
        refused = await ask(other, chat("another"), idempotency_key="k")
        assert refused.error is not None
    assert len(upstream.requests) == 1


async def asked_again(mesh: Mesh, who: Principal, text: str = "Hi") -> bool:
    """Whether the provider is asked for it (again)."""
    outcome = await ask(mesh, chat(text), who)
    assert outcome.error is None
    return outcome.call.report.cache == "miss"


async def test_users_purge_their_own_and_admins_anybodys_and_it_is_on_record(
    tmp_path: Path, upstream: FakeOpenAI
) -> None:
    async with mesh_of(tmp_path, {"up": connection(upstream)}) as mesh:
        for who in (ADA, BOB):
            assert await asked_again(mesh, who)
        with pytest.raises(NotPermitted):
            await mesh.cache.purge(ADA, model=None, user="bob")
        assert (await mesh.cache.purge(ADA, model="up/other", user=None)).forgotten == 0
        assert not await asked_again(mesh, ADA)
        assert (await mesh.cache.purge(ADA, model="up/m", user=None)).forgotten == 1
        assert await asked_again(mesh, ADA)
        assert not await asked_again(mesh, BOB)
        assert (await mesh.cache.purge(ROOT, model=None, user="bob")).forgotten == 1
        assert (await mesh.cache.purge(ROOT, model=None, user=None)).forgotten == 1
        assert await asked_again(mesh, ADA)
        page = await mesh.acts.page(subject=None, act="purge_cache", before=None, limit=50)
        noted = [(one.by, one.subject, one.details["model"]) for one in page.acts]
        assert (await mesh.audit.verify(AuditCheck())).ok
    assert noted == [
        ("root", "", None),
        ("root", "bob", None),
        ("ada", "ada", "up/m"),
        ("ada", "ada", "up/other"),
    ]


async def test_a_new_rule_of_screening_makes_every_old_answer_a_miss(
    tmp_path: Path, upstream: FakeOpenAI
) -> None:
    async with mesh_of(tmp_path, {"up": connection(upstream)}) as mesh:
        assert await asked_again(mesh, ADA)
        await put(mesh, "budgets", "big", limit_usd="100")  # changes no answer
        assert not await asked_again(mesh, ADA)
        version = await put(mesh, "screening", "all", entities={"IP_ADDRESS": "block"})
        assert await asked_again(mesh, ADA)
        await mesh.administration.remove(ROOT, "screening", "all", version)
        assert not await asked_again(mesh, ADA), "what was kept under this policy holds again"


EMAIL = "Write to ada@example.com"


@pytest.mark.parametrize("shared", [False, pytest.param(True, marks=pytest.mark.needs("redis"))])
async def test_nobody_gets_an_answer_that_is_not_theirs(
    tmp_path: Path, upstream: FakeOpenAI, shared: bool, request: pytest.FixtureRequest
) -> None:
    """S17: other rights, other system prompt, other tools, redacted or not: a miss each."""
    redis: RedisServer | None = request.getfixturevalue("redis") if shared else None
    groups = {
        "wide": {"members": ["ada", "eve"], "allow": ["any", "up/*", "plain/*"]},
        "narrow": {"members": ["bob"], "allow": ["any", "plain/*"]},
    }
    connections = {
        "up": connection(upstream),
        "plain": connection(upstream, residency="local"),
    }
    sections: dict[str, object] = {
        "groups": groups,
        "cache": EVERYONE,
        "aliases": {"any": {"models": ["up/m", "plain/m"]}},
        **({"shared": {"url": redis.url}} if redis else {}),
    }
    eve = analyst("eve")
    async with mesh_of(tmp_path, connections, **sections) as mesh:

        async def miss(
            who: Principal, text: str = "Hi", model: str = "any", **more: object
        ) -> bool:
            outcome = await ask(mesh, chat(text, model, **more), who)
            assert outcome.error is None
            return outcome.call.report.cache == "miss"

        assert await miss(ADA)
        assert not await miss(eve), "who has the same rights shares"
        assert await miss(BOB), "who may not use the model that answered does not"
        system = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hi"}]
        assert await miss(ADA, messages=system)
        tools = [{"type": "function", "function": {"name": "f"}}]
        assert await miss(ADA, tools=tools)
        assert await miss(ADA, EMAIL, "up/m")
        assert not await miss(eve, EMAIL, "up/m")
        assert await miss(ADA, "Write to [EMAIL_ADDRESS_1]", "up/m"), "as it was redacted, typed"
        assert await miss(ADA, EMAIL, "plain/m"), "one that was not redacted"


async def test_who_wants_no_store_is_not_purged_for_they_left_nothing(
    tmp_path: Path, upstream: FakeOpenAI
) -> None:
    async with mesh_of(tmp_path, {"up": connection(upstream)}) as mesh:
        await ask(mesh, chat(), cache=CacheDirective(no_store=True))
        assert (await mesh.cache.purge(ROOT, model=None, user=None)).forgotten == 0
