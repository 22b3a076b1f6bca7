"""API keys on a Hub are worth what whoever made them is still worth there."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from jupyter_mesh_server.hub.hub_api import HubApi
from jupyter_mesh_server.hub.keys import HubKeys
from jupyter_mesh_server.hub.users import HubUsers

from jupyter_mesh.config import Config, key_hash
from jupyter_mesh.errors import IdentityUnavailable
from jupyter_mesh.mesh.key_holders import key_holders
from jupyter_mesh.pipeline.snapshot import Snapshot
from jupyter_mesh.schemas.principal import Principal, Scope
from tests.server.conftest import until

from .conftest import Clock
from .fake_hub import SECRET, FakeHub

GROUPS = {
    "analysts": {"members": ["hub:analysts"], "allow": ["*"]},
    "team": {"members": ["ada", "nightly"], "allow": ["*"]},
    "others": {"members": ["bob"], "allow": ["*"]},
}
ADA = {"user": "ada", "groups": ["analysts"]}
"""Who made it, and where she was then."""
OLGA = {"user": "olga", "groups": ["platform"]}


@asynccontextmanager
async def keys_of(hub: FakeHub, clock: Clock, **key: Any) -> AsyncIterator[HubKeys]:
    """Over a mesh with one key, whose secret is `k`."""
    rule = {"name": "k", "hash": key_hash("k"), "application": "a", **key}
    config = Config.model_validate(
        {"keys": [rule], "groups": GROUPS, "service_accounts": {"nightly": {}}}
    )
    holders = key_holders(config, makers_are_known=False)
    snapshot = Snapshot(groups=config.groups)
    api = HubApi(hub.api_url)
    users = HubUsers(api, SECRET, 30.0, clock)
    try:
        yield HubKeys(
            lambda secret: holders.get(key_hash(secret)),
            users,
            snapshot.groups_of,
            config.service_accounts.__contains__,
        )
    finally:
        await users.aclose()
        await api.aclose()


def what(principal: Principal | None) -> tuple[set[str], bool] | None:
    """Its groups, and whether it administers; None: it is no key."""
    return None if principal is None else (set(principal.groups), principal.may(Scope.ADMIN))


OWN = {"user": "ada", "groups": ["analysts", "team"], "vouched_by": ADA}
OLGAS = {"user": "olga", "groups": ["analysts"], "admin": True, "vouched_by": OLGA}
FOR_BOB = {"user": "bob", "groups": ["analysts", "others"], "admin": True, "vouched_by": OLGA}
NIGHTLY = {"user": "nightly", "groups": ["analysts", "team"], "vouched_by": OLGA}
EVERYBODY: dict[str, tuple[str, ...]] = {
    "ada": ("analysts",),
    "olga": ("platform", "analysts"),
    "bob": (),
}


@pytest.mark.parametrize(
    ("key", "changed", "worth"),
    [
        (OWN, {}, ({"analysts", "team"}, False)),
        (OWN, {"ada": ()}, ({"team"}, False)),
        (OWN, {"ada": ("analystss",)}, ({"team"}, False)),
        (OWN, {"ada": None}, None),
        (OWN, {"olga": None}, ({"analysts", "team"}, False)),
        (OLGAS, {}, ({"analysts"}, True)),
        (OLGAS, {"olga": ("platform",)}, (set(), True)),
        (OLGAS, {"olga": ("analysts",)}, ({"analysts"}, False)),
        (OLGAS, {"olga": None}, None),
        (FOR_BOB, {}, ({"analysts", "others"}, True)),
        (FOR_BOB, {"olga": ("analysts",)}, ({"others"}, False)),
        (FOR_BOB, {"olga": None}, ({"others"}, False)),
        (FOR_BOB, {"bob": None}, None),
        (NIGHTLY, {}, ({"analysts", "team"}, False)),
        (NIGHTLY, {"olga": None}, ({"team"}, False)),
        ({**OWN, "vouched_by": None}, {"ada": None}, ({"analysts", "team"}, False)),
    ],
)
async def test_a_key_is_worth_what_its_maker_is_still_worth_at_the_hub(
    fake_hub: FakeHub,
    clock: Clock,
    key: dict[str, Any],
    changed: dict[str, tuple[str, ...] | None],
    worth: tuple[set[str], bool] | None,
) -> None:
    now = {**EVERYBODY, **changed}
    fake_hub.users = {name: groups for name, groups in now.items() if groups is not None}
    async with keys_of(fake_hub, clock, **key) as keys:
        assert what(await keys("k")) == worth
        assert await keys("another") is None


async def test_who_leaves_a_group_loses_it_through_their_keys_within_the_age(
    fake_hub: FakeHub, clock: Clock
) -> None:
    fake_hub.users = dict(EVERYBODY)
    async with keys_of(fake_hub, clock, **OWN) as keys:
        assert what(await keys("k")) == ({"analysts", "team"}, False)
        fake_hub.users["ada"] = ()
        clock.now += 14
        assert what(await keys("k")) == ({"analysts", "team"}, False)
        assert len(fake_hub.asked) == 1
        clock.now += 16
        assert what(await keys("k")) == ({"team"}, False)
        fake_hub.users["ada"] = ("analysts",)  # and has it again with them
        clock.now += 30
        assert what(await keys("k")) == ({"analysts", "team"}, False)


async def test_many_calls_with_keys_of_one_user_are_one_question(
    fake_hub: FakeHub, clock: Clock
) -> None:
    fake_hub.users = dict(EVERYBODY)
    fake_hub.wait = asyncio.Event()
    async with keys_of(fake_hub, clock, **OWN) as keys:
        calls = [asyncio.create_task(keys("k")) for _ in range(50)]
        await until(lambda: bool(fake_hub.asked))
        fake_hub.wait.set()
        found = await asyncio.gather(*calls)
    assert {one.user for one in found if one} == {"ada"}
    assert fake_hub.asked == ["user ada"]


@pytest.mark.parametrize("may_ask", [True, False])
async def test_while_nobody_says_what_the_maker_is_a_persons_key_is_closed(
    fake_hub: FakeHub, clock: Clock, may_ask: bool
) -> None:
    fake_hub.users = dict(EVERYBODY)
    async with keys_of(fake_hub, clock, **OWN) as keys:
        assert await keys("k") is not None
        fake_hub.service_may_ask = may_ask
        if may_ask:
            await fake_hub.stop()
        clock.now += 20
        assert await keys("k") is not None
        clock.now += 10
        with pytest.raises(IdentityUnavailable) as refused:
            await keys("k")
        assert may_ask or "read:users:groups" in refused.value.message


@pytest.mark.parametrize(("known", "groups"), [(False, {"analysts", "team"}), (True, {"team"})])
async def test_a_programs_key_goes_on_with_what_was_last_known_and_never_governs(
    fake_hub: FakeHub, clock: Clock, known: bool, groups: set[str]
) -> None:
    fake_hub.users = {"olga": ()}
    async with keys_of(fake_hub, clock, **NIGHTLY, admin=True) as keys:
        if known:
            assert what(await keys("k")) == (groups, False)
        await fake_hub.stop()
        clock.now += 30
        assert what(await keys("k")) == (groups, False)
