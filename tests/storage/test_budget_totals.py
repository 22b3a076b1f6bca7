"""What all shares of a budget have used together, and the groups users were last in."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from jupyter_mesh.storage.budget_totals import Total
from jupyter_mesh.storage.history import SqlHistory

from .samples import MONTH, NOW, Store, completion, hold, intent, journal_at

D = Decimal
EACH = "user=*|month"
HOUR = timedelta(hours=1)
ROLLING = ("user=*|rolling 1h", datetime(1970, 1, 1, tzinfo=UTC) - HOUR)


async def test_shares_are_added_up_in_the_window_that_runs_and_in_no_other(store: Store) -> None:
    def of(user: str, window_start: datetime = MONTH) -> object:
        return hold("0.01", budget=f"{EACH}|user={user}", window_start=window_start)

    async with journal_at(store) as journal:
        others = hold("0.5", budget="user=*|month2|user=ada")
        await journal.open(intent("a"), [of("ada"), others])  # type: ignore[list-item]
        await journal.close(completion("a", "0.004"))
        await journal.open(intent("b"), [of("bob")])  # type: ignore[list-item]
        before = MONTH - timedelta(days=31)
        await journal.open(intent("c"), [of("ada", before)])  # type: ignore[list-item]
        history = SqlHistory(store)
        both = await history.budget_totals([(EACH, MONTH), ("user=*|mont_", MONTH), (EACH, before)])
        assert both == [
            Total(2, D("0.004"), D("0.01"), D("0.01")),
            Total(0, D(0), D(0), D(0)),
            Total(1, D(0), D("0.01"), D("0.01")),
        ]
        await history.aclose()


async def test_what_has_left_a_rolling_window_is_not_counted(store: Store) -> None:
    now = datetime.now(UTC)
    async with journal_at(store) as journal:
        for name, user, at in (("old", "ada", now - 2 * HOUR), ("new", "bob", now)):
            name_of, start = ROLLING
            share = f"{name_of}|user={user}"
            held = hold("0.01", budget=share, window_start=start, window="rolling 1h")
            await journal.open(intent(name, started_at=at, user=user), [held])
            await journal.close(completion(name, "0.004", ended_at=at))
        history = SqlHistory(store)
        (total,) = await history.budget_totals([ROLLING])
        assert (total.spent, total.fullest) == (D("0.004"), D("0.004"))
        await history.aclose()


async def test_the_groups_of_users_are_those_of_their_last_call(store: Store) -> None:
    async with journal_at(store) as journal:
        for number, (user, groups) in enumerate(
            [
                ("ada", ("old",)),
                ("ada", ("physicists", "chemists")),
                ("bob", ()),
                ("ada", ("late",)),
            ]
        ):
            at = NOW + number * HOUR
            asked = intent(f"c{number}", user=user, groups=groups, started_at=at)
            await journal.close(completion(f"c{number}", ended_at=at), asked)
        history = SqlHistory(store)
        users = {"ada", "bob", "nobody", *(f"user{n}" for n in range(900))}
        found = await history.last_groups(users, NOW + 3 * HOUR)
        assert (found["ada"], found["bob"]) == (("physicists", "chemists"), ())
        assert found["nobody"] == found["user899"] == ()
        assert await history.last_groups([], NOW) == {}
        await history.aclose()
