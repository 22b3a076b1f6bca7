"""What is known of budgets' room: of what somebody asks for, and no longer."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import cast

from jupyter_mesh.pipeline.headroom import Headroom
from jupyter_mesh.spi.journal import History

TEN = datetime(2026, 7, 14, 10, tzinfo=UTC)
ELEVEN = TEN + timedelta(hours=1)


class Store:
    """Remembers what it was asked."""

    def __init__(self) -> None:
        self.spends = {("b", TEN): Decimal("0.1"), ("b", ELEVEN): Decimal("9.5")}
        self.asked: list[list[tuple[str, datetime]]] = []

    async def spent(
        self, holds: Sequence[tuple[str, datetime]]
    ) -> dict[tuple[str, datetime], tuple[Decimal, Decimal]]:
        self.asked.append(list(holds))
        return {key: (self.spends[key], Decimal(1)) for key in holds if key in self.spends}


async def test_two_windows_of_a_budget_are_two() -> None:
    headroom = Headroom(cast(History, Store()))
    for _ in range(2):
        assert await headroom.used(("b", ELEVEN)) == Decimal("10.5")
        assert await headroom.used(("b", TEN)) == Decimal("1.1")
        await headroom.refresh()


async def test_the_store_is_read_at_the_first_look_and_then_aside() -> None:
    store = Store()
    headroom = Headroom(cast(History, store))
    for _ in range(3):
        await headroom.used(("b", TEN))
    assert store.asked == [[("b", TEN)]]
    headroom.add(("b", TEN), Decimal(2))
    assert await headroom.used(("b", TEN)) == Decimal("3.1")
    await headroom.refresh()
    assert await headroom.used(("b", TEN)) == Decimal("1.1")


async def test_windows_nobody_asks_for_are_read_no_more_and_then_forgotten() -> None:
    now = 0.0
    store = Store()
    headroom = Headroom(cast(History, store), clock=lambda: now)
    for number in range(200):
        await headroom.used((f"user={number}", TEN))
    for moment, known, read in (
        (0.0, 201, 201),
        (60.0, 201, 201),
        (61.0, 201, 1),
        (3600.0, 201, 1),
        (3601.0, 1, 1),
    ):
        now = moment
        await headroom.used(("b", TEN))
        store.asked.clear()
        await headroom.refresh()
        assert len(headroom) == known
        assert [len(windows) for windows in store.asked] == [read]
    headroom.add(("user=1", TEN), Decimal(1))
    assert len(headroom) == 1, "what is given back late is no reason to remember"
    now = 9000.0
    store.asked.clear()
    await headroom.refresh()
    assert (len(headroom), store.asked) == (0, [])


async def test_a_window_that_was_idle_is_answered_from_memory_and_read_aside() -> None:
    now = 0.0
    store = Store()
    headroom = Headroom(cast(History, store), clock=lambda: now)
    await headroom.used(("b", TEN))
    now = 1000.0
    await headroom.refresh()
    assert await headroom.used(("b", TEN)) == Decimal("1.1")
    assert len(store.asked) == 1
    store.spends["b", TEN] = Decimal(5)
    await headroom.refresh()
    assert await headroom.used(("b", TEN)) == Decimal(6)
