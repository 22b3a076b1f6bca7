"""Calls that were turned away unread are counted, every one, and recorded together."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from pathlib import Path

import pytest

from jupyter_mesh.errors import AuditUnavailable
from jupyter_mesh.mesh import Mesh
from jupyter_mesh.mesh.metrics import Metrics
from jupyter_mesh.mesh.turned_away import TurnedAway
from jupyter_mesh.pipeline.door import Door
from jupyter_mesh.pipeline.snapshot import Snapshot
from jupyter_mesh.schemas.audit import Completion, Intent
from jupyter_mesh.schemas.policy import LimitRule
from jupyter_mesh.schemas.principal import Principal
from jupyter_mesh.schemas.request import Operation
from jupyter_mesh.spi.limits import Share
from jupyter_mesh.storage.memory_limits import MemoryLimits
from jupyter_mesh.testing.fake_openai import FakeOpenAI

from .world import ADA, BOB, ROOT, ask, chat, connection, mesh_of, put

RULE = LimitRule(requests_per_minute=1, wait_seconds=0)
SNAPSHOT = Snapshot(limits=(RULE,))


class Book:
    """A journal that may fail, and an alert's watcher that counts."""

    def __init__(self) -> None:
        self.healthy = True
        self.fails = False
        self.written: list[tuple[str, int]] = []
        self.intents: list[Intent] = []
        self.watched = 0

    async def close(self, completion: Completion, intent: Intent) -> None:
        self.written.append((completion.id, completion.stands_for))
        await asyncio.sleep(0)
        if self.fails:
            raise AuditUnavailable("The disk is full.")
        assert (completion.outcome, completion.cost) == ("refused", Decimal(0))
        self.intents.append(intent)

    def refused(self, failure: object) -> None:
        self.watched += 1


async def full(*principals: Principal) -> tuple[TurnedAway, Book, Metrics]:
    """A door that is closed for each of them."""
    limits, book, metrics = MemoryLimits(), Book(), Metrics()
    for one in principals:
        await limits.take([Share(f"{RULE.share_name}|user={one.user}", RULE)], 1)
    return TurnedAway(Door(limits), book, book, metrics), book, metrics  # type: ignore[arg-type]


def turn(away: TurnedAway, principal: Principal, operation: Operation = Operation.CHAT) -> str:
    turned = away.ask(SNAPSHOT, principal, operation)
    assert turned is not None
    return turned[0]


async def test_calls_of_one_caller_for_one_operation_share_a_record() -> None:
    away, book, metrics = await full(ADA, BOB)
    hers = {turn(away, ADA) for _ in range(5)}
    vectors = turn(away, ADA, Operation.EMBEDDING)
    his = turn(away, BOB)
    assert len({*hers, vectors, his}) == 3
    await away.flush()
    assert dict(book.written) == {hers.pop(): 5, vectors: 1, his: 1}
    assert {(one.user, one.operation) for one in book.intents} == {
        (ADA.user, "chat"),
        (ADA.user, "embedding"),
        (BOB.user, "chat"),
    }
    assert book.watched == 7
    assert 'jupyter_mesh_calls_total{model="none",outcome="refused"} 7' in metrics.text()
    later = turn(away, ADA)
    await away.flush()
    assert book.written[-1] == (later, 1)


async def test_what_cannot_be_written_is_written_later_with_the_same_number() -> None:
    """It may have been recorded although that failed: then it must not change."""
    away, book, _ = await full(ADA)
    (first,) = {turn(away, ADA) for _ in range(3)}
    book.fails = True
    with pytest.raises(AuditUnavailable):
        await away.flush()
    (second,) = {turn(away, ADA) for _ in range(2)}
    book.fails = False
    await away.flush()
    assert book.written == [(first, 3), (first, 3), (second, 2)]
    await away.flush()
    assert len(book.written) == 3


async def test_a_write_that_is_cancelled_is_not_forgotten() -> None:
    away, book, _ = await full(ADA)
    first = turn(away, ADA)
    writing = asyncio.create_task(away.flush())
    await asyncio.sleep(0)
    writing.cancel()
    await asyncio.gather(writing, return_exceptions=True)
    await away.flush()
    assert set(book.written) == {(first, 1)}
    assert len(book.intents) == 1


async def test_nobody_is_turned_away_while_nothing_can_be_recorded() -> None:
    away, book, _ = await full(ADA)
    book.healthy = False
    assert away.ask(SNAPSHOT, ADA, Operation.CHAT) is None


async def test_whom_no_limit_refuses_is_let_in() -> None:
    away, _, _ = await full(ADA)
    assert away.ask(SNAPSHOT, BOB, Operation.CHAT) is None
    assert away.ask(Snapshot(), ADA, Operation.CHAT) is None
    other = Snapshot(limits=(LimitRule(requests_per_minute=2, wait_seconds=0),))
    assert away.ask(other, ADA, Operation.CHAT) is None


async def refused(mesh: Mesh) -> int:
    page = await mesh.calls(ROOT)
    return sum(call.stands_for for call in page.calls if call.outcome == "refused")


async def test_a_mesh_that_closes_writes_what_it_has_counted(
    tmp_path: Path, upstream: FakeOpenAI
) -> None:
    limits = [{"requests_per_minute": 1, "wait_seconds": 0}]
    connections = {"up": connection(upstream)}
    async with mesh_of(tmp_path, connections, limits=limits) as mesh:
        assert (await ask(mesh, chat())).error is None
        for _ in range(9):
            assert mesh.turned_away(ADA, Operation.CHAT) is not None
    async with mesh_of(tmp_path, connections, limits=limits) as mesh:
        assert await refused(mesh) == 9


@pytest.mark.parametrize("named", [True, False])
async def test_a_limit_that_is_raised_lets_the_next_call_in(
    tmp_path: Path, upstream: FakeOpenAI, named: bool
) -> None:
    rule = {"scope": {"user": "*"}, "requests_per_minute": 1, "wait_seconds": 0}
    rule |= {"name": "everyone"} if named else {}
    async with mesh_of(tmp_path, {"up": connection(upstream)}) as mesh:
        version = await put(mesh, "limits", "all", **rule)
        assert (await ask(mesh, chat("1"))).error is None
        assert mesh.turned_away(ADA, Operation.CHAT) is not None
        await put(mesh, "limits", "all", version, **{**rule, "requests_per_minute": 60_000})
        assert mesh.turned_away(ADA, Operation.CHAT) is None
        assert (await ask(mesh, chat("2"))).error is None
