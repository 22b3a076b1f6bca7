"""T54: whatever calls do, at once and in any order, money and record agree.

Whole calls and streams, left early, failing, cut, nested, retried at another model, without a
price, against budgets of everybody, of groups, users and connections, of calendars and rolling
hours, through all ten steps over a real store.
"""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from contextlib import aclosing
from decimal import Decimal
from typing import Any, cast

import pytest

from jupyter_mesh.errors import MeshError, ProviderUnavailable
from jupyter_mesh.pipeline.call import Call
from jupyter_mesh.schemas.events import Answer, Chunk, Events, Finished, Metered
from jupyter_mesh.schemas.policy import AliasRule, BudgetRule, ExactCacheRule, GroupRule
from jupyter_mesh.schemas.spend import Price, Usage, from_pico
from jupyter_mesh.schemas.tokens import estimate_tokens
from jupyter_mesh.spi.provider import Attempt
from jupyter_mesh.storage.history import SqlHistory
from jupyter_mesh.storage.journal import SqlJournal
from jupyter_mesh.testing.principals import analyst
from jupyter_mesh.testing.scripted_provider import ScriptedProvider, answer, chunk

from ..pipeline.world import Pipeline, candidate, chat, pipeline
from .samples import Store, assert_books_balance, rows

D = Decimal
PRICE = Price(input=D(1), output=D(10), source="list")
SLICE = D("0.0013")
"""A quarter of what an answer of 200 tokens reserves, and the 64 tokens between two meterings."""
SHARED = {"reserve_output_tokens": 200}
RULES: tuple[dict[str, object], ...] = (
    {"name": "all", "limit_usd": "0.05", "window": "quarter"},
    {"name": "hour", "limit_usd": "0.04", "window": "rolling 1h"},
    {"name": "group", "scope": {"group": "*"}, "limit_usd": "0.03", "window": "week"},
    {"name": "user", "scope": {"user": "*"}, "limit_usd": "0.02", "window": "day"},
    {"name": "b", "scope": {"connection": "b"}, "limit_usd": "0.02", "window": "total"},
    {"name": "soft", "scope": {"user": "ada"}, "limit_usd": "0.001", "on_limit": "warn"},
    {"name": "rest", "fallback": True, "limit_usd": "0.001", "window": "month"},
)
BUDGETS = tuple(BudgetRule.model_validate(rule | SHARED) for rule in RULES)
GROUPS = {"one": GroupRule(members=("ada", "bob")), "two": GroupRule(members=("bob",))}


class Books(SqlJournal):
    """A real store that looks at its windows after every commit."""

    def __init__(self, path: Store) -> None:
        super().__init__(path)
        self.path = path
        self.history = SqlHistory(path)
        self.running: set[str] = set()
        self.most_at_once = 0

    async def spent(self, holds: Any) -> Any:
        return await self.history.spent(holds)

    async def open(self, *asked: Any) -> Any:
        over = await super().open(*asked)
        self.running.add(asked[0].id)
        self.most_at_once = max(self.most_at_once, len(self.running))
        self.look()
        return over

    async def top_up(self, *asked: Any) -> Any:
        granted = await super().top_up(*asked)
        self.look()
        return granted

    async def close(self, *asked: Any) -> None:
        await super().close(*asked)
        self.look()
        self.running.discard(asked[0].id)

    def look(self) -> None:
        for budget, used in rows(self.path, "SELECT budget, spent + held FROM budget_windows"):
            scope, window, _ = budget.split("|")
            ((limit, warns),) = {
                (rule.limit_usd, rule.on_limit == "warn")
                for rule in BUDGETS
                if rule.ledger_name == f"{scope}|{window}"
            }
            assert used >= 0
            if not warns:
                over = from_pico(used) - limit
                assert over <= SLICE * self.most_at_once, (budget, over, self.most_at_once)


class Upstream(ScriptedProvider):
    """Writes up to so many words, fails now and then, and may have another model asked."""

    def __init__(self, name: str, chance: random.Random) -> None:
        super().__init__(name)
        self.chance = chance
        self.world: Pipeline | None = None
        self.calls: dict[str, Call] = {}

    async def stream(self, attempt: Attempt) -> Events:
        self.attempts.append(attempt)
        chance = self.chance
        if chance.random() < 0.15:
            raise ProviderUnavailable("down")
        if self.world and attempt.call_id in self.calls and chance.random() < 0.3:
            await self._nested(self.calls[attempt.call_id])
        words = "word " * chance.randrange(1, min(attempt.request.max_tokens or 3000, 3000))
        if attempt.stream:
            for start in range(0, len(words), 100):
                await asyncio.sleep(0)
                yield Chunk(chunk(attempt.model, {"content": words[start : start + 100]}))
                if chance.random() < 0.01:
                    raise ProviderUnavailable("broke off")
            yield Chunk(chunk(attempt.model, {}, "stop"))
        else:
            await asyncio.sleep(0.001)
            yield Answer(answer(attempt.model, words))
        yield Metered(Usage(input=1, output=estimate_tokens(words)))
        yield Finished("stop")

    async def _nested(self, outer: Call) -> None:
        assert self.world is not None
        inner = self.world.call(
            chat(model="a/m", max_tokens=50), outer.principal, parent=outer, nested="rag"
        )
        try:
            async with aclosing(self.world.run(inner)) as events:
                async for _ in events:
                    pass
        except MeshError:
            return


def world_over(books: Books, chance: random.Random) -> tuple[Pipeline, list[Upstream]]:
    upstreams = [Upstream(name, chance) for name in "abc"]
    world = pipeline(
        candidate("a/m", upstreams[0], price=PRICE),
        candidate("b/m", upstreams[1], price=PRICE),
        candidate("c/m", upstreams[2], price=None, max_output=300),
        aliases={"any": AliasRule(models=("b/m", "a/m"))},
        groups=GROUPS,
        budgets=BUDGETS,
        cache=ExactCacheRule(),
        journal=cast(Any, books),
    )
    for upstream in upstreams[1:]:
        upstream.world = world
    return world, upstreams


async def one(world: Pipeline, upstreams: list[Upstream], chance: random.Random) -> None:
    """A call of any kind, which may be left in the middle."""
    model = chance.choice(["a/m", "b/m", "c/m", "any", "nosuch"])
    body: dict[str, object] = {"stream": chance.random() < 0.6}
    if chance.random() < 0.5:
        body["max_tokens"] = chance.choice([50, 400])
    who = analyst(chance.choice(["ada", "bob", "eve"]))
    call = world.call(chat(f"ask {chance.randrange(6)}", model=model, **body), who)
    for upstream in upstreams:
        upstream.calls[call.id] = call
    leave_after = chance.choice([None, None, 1, 3, 20])
    try:
        async with aclosing(world.run(call)) as events:
            seen = 0
            async for _ in events:
                seen += 1
                if seen == leave_after:
                    break
    except MeshError:
        return


@pytest.mark.parametrize("round", range(3))
async def test_whatever_calls_do_money_and_record_agree(
    store: Store, seed: int, round: int
) -> None:
    chance = random.Random(seed + round)
    books = Books(store)
    world, upstreams = world_over(books, chance)

    async def several() -> None:
        for _ in range(8):
            await one(world, upstreams, chance)

    await asyncio.gather(*(several() for _ in range(8)))
    await books.history.aclose()
    await books.aclose()
    assert_books_balance(books.path)
    assert_windows_are_what_their_calls_cost(books.path)
    recorded = {call_id for (call_id,) in rows(books.path, "SELECT id FROM calls")}
    attempts = [attempt.call_id for upstream in upstreams for attempt in upstream.attempts]
    assert set(attempts) <= recorded
    entries = rows(books.path, "SELECT subject, kind FROM audit_chain")
    assert Counter(entries) == Counter(
        (call_id, kind) for call_id in recorded for kind in ("open", "close")
    )
    refused = rows(books.path, "SELECT id FROM calls WHERE outcome IN ('refused', 'blocked')")
    assert not {call_id for (call_id,) in refused} & set(attempts)
    outcomes = {outcome for (outcome,) in rows(books.path, "SELECT DISTINCT outcome FROM calls")}
    assert outcomes >= {"answered", "refused", "aborted"}


def assert_windows_are_what_their_calls_cost(store: Store) -> None:
    """Of calls whose price is known; the others are charged what they reserved, never nothing."""
    calls = "SELECT sum(cost) FROM calls WHERE cost IS NOT NULL"
    for condition, budget in (
        ("username = 'ada'", "user=*|day|user=ada"),
        ("username = 'bob'", "user=*|day|user=bob"),
        ("connection = 'b'", "connection=b|total|"),
        ("""groups LIKE '%"two"%'""", "group=*|week|group=two"),
        ("1 = 1", "everyone|quarter|"),
        ("1 = 1", "everyone|rolling 1h|"),
    ):
        ((known,),) = rows(store, f"{calls} AND {condition}")
        unpriced = rows(
            store,
            f"SELECT 1 FROM calls WHERE cost IS NULL AND {condition} AND connection IS NOT NULL",
        )
        found = rows(store, "SELECT sum(spent) FROM budget_windows WHERE budget = ?", budget)
        spent = found[0][0] or 0
        assert spent > (known or 0) if unpriced else spent == (known or 0), budget
