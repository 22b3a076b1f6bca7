"""Asking the Hub whose token something is: how often, and what holds when it does not answer."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from jupyter_mesh_server.hub import answers as module
from jupyter_mesh_server.hub.hub_api import HubApi
from jupyter_mesh_server.hub.tokens import HubTokens

from jupyter_mesh.errors import ConfigError, IdentityUnavailable
from tests.server.conftest import until

from .conftest import Clock
from .fake_hub import FakeHub, user


@asynccontextmanager
async def asking(hub: FakeHub, clock: Clock) -> AsyncIterator[HubTokens]:
    api = HubApi(hub.api_url)
    tokens = HubTokens(api, 30.0, clock)
    try:
        yield tokens
    finally:
        await tokens.aclose()
        await api.aclose()


async def test_the_hub_says_whose_a_token_is(fake_hub: FakeHub, clock: Clock) -> None:
    fake_hub.tokens["t"] = user("ada", groups=("analysts",))
    async with asking(fake_hub, clock) as tokens:
        found = await tokens.owner("t")
        assert found is not None
        assert (found.name, found.kind, found.groups) == ("ada", "user", {"analysts"})
        assert await tokens.owner("other") is None


async def test_many_who_ask_at_once_are_one_question(fake_hub: FakeHub, clock: Clock) -> None:
    fake_hub.tokens["t"] = user("ada")
    fake_hub.wait = asyncio.Event()
    async with asking(fake_hub, clock) as tokens:
        callers = [asyncio.create_task(tokens.owner("t")) for _ in range(50)]
        await until(lambda: bool(fake_hub.asked))
        callers[0].cancel()  # who leaves takes the answer from nobody else
        await asyncio.wait(callers[:1])
        fake_hub.wait.set()
        found = await asyncio.gather(*callers[1:])
    assert {one.name for one in found if one} == {"ada"}
    assert fake_hub.asked == ["t"]


async def test_an_answer_serves_for_its_age_and_is_renewed_meanwhile(
    fake_hub: FakeHub, clock: Clock
) -> None:
    fake_hub.tokens["t"] = user("ada", groups=("a",))
    async with asking(fake_hub, clock) as tokens:
        await tokens.owner("t")
        clock.now += 14
        await tokens.owner("t")
        assert len(fake_hub.asked) == 1
        fake_hub.tokens["t"] = user("ada", groups=("b",))
        clock.now += 2
        old = await tokens.owner("t")  # does not wait, and has the answer renewed
        await until(lambda: len(fake_hub.asked) == 2)
        while (new := await tokens.owner("t")) == old:  # noqa: ASYNC110 nobody announces it
            await asyncio.sleep(0.01)
    assert old is not None
    assert new is not None
    assert (old.groups, new.groups) == ({"a"}, {"b"})


async def test_a_token_that_was_taken_back_is_good_no_longer_than_the_age(
    fake_hub: FakeHub, clock: Clock
) -> None:
    fake_hub.tokens["t"] = user("ada")
    async with asking(fake_hub, clock) as tokens:
        assert await tokens.owner("t") is not None
        del fake_hub.tokens["t"]
        clock.now += 30
        assert await tokens.owner("t") is None


async def test_a_token_the_hub_does_not_know_is_asked_about_again_after_a_while(
    fake_hub: FakeHub, clock: Clock
) -> None:
    async with asking(fake_hub, clock) as tokens:
        assert await tokens.owner("t") is None
        fake_hub.tokens["t"] = user("ada")
        clock.now += module.NEGATIVE_SECONDS - 1
        assert await tokens.owner("t") is None
        assert fake_hub.asked == ["t"]
        clock.now += 1
        assert await tokens.owner("t") is not None


async def test_while_the_hub_is_down_an_answer_serves_until_its_age_and_then_nobody_is_known(
    fake_hub: FakeHub, clock: Clock
) -> None:
    fake_hub.tokens["t"] = user("ada")
    async with asking(fake_hub, clock) as tokens:
        await tokens.owner("t")
        await fake_hub.stop()
        clock.now += 29.9
        assert await tokens.owner("t") is not None
        clock.now += 0.1
        with pytest.raises(IdentityUnavailable) as failure:
            await tokens.owner("t")
        assert failure.value.retry_after
        await fake_hub.start()
        assert await tokens.owner("t") is not None  # by itself


@pytest.mark.parametrize("status", [301, 429, 500, 502, 503])
async def test_what_is_no_answer_makes_nobody_known_and_nobody_unknown(
    fake_hub: FakeHub, clock: Clock, status: int
) -> None:
    fake_hub.status = status
    async with asking(fake_hub, clock) as tokens:
        with pytest.raises(IdentityUnavailable):
            await tokens.owner("t")
        fake_hub.status = None
        fake_hub.tokens["t"] = user("ada")
        assert await tokens.owner("t") is not None


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"[]",
        b"{}",
        b'{"name": "ada", "kind": "user", "groups": []}',
        b'{"name": "", "kind": "user", "groups": [], "scopes": []}',
        b'{"name": "ada", "kind": "group", "groups": [], "scopes": []}',
        b'{"name": "ada", "kind": "user", "groups": [1], "scopes": []}',
        b'{"name": "ada", "kind": "user", "groups": [], "scopes": "custom:mesh:admin"}',
        b'{"name": "ada", "kind": "user", "groups": [], "scopes": []' + b" " * (1 << 20) + b"}",
    ],
    ids=lambda body: repr(body[:30]),
)
async def test_an_answer_that_is_not_one_is_not_guessed_at(
    fake_hub: FakeHub, clock: Clock, body: bytes
) -> None:
    fake_hub.body = body
    async with asking(fake_hub, clock) as tokens:
        with pytest.raises(IdentityUnavailable):
            await tokens.owner("t")


@pytest.mark.parametrize("version", [None, "5.1.0"])
async def test_a_hub_that_became_too_old_or_something_else_is_not_believed(
    fake_hub: FakeHub, clock: Clock, version: str | None
) -> None:
    fake_hub.tokens["t"] = user("ada")
    async with asking(fake_hub, clock) as tokens:
        await tokens.owner("t")
        fake_hub.version = version
        with pytest.raises(IdentityUnavailable):
            await tokens.owner("u")


async def test_a_start_is_refused_below_a_hub_that_is_too_old_and_not_by_one_that_is_down(
    fake_hub: FakeHub, caplog: pytest.LogCaptureFixture
) -> None:
    fake_hub.version = "5.1.0"
    with pytest.raises(ConfigError, match=r"5\.2\.0"):
        await HubApi(fake_hub.api_url).check()
    fake_hub.version = "5.4.0"
    await HubApi(fake_hub.api_url).check()
    assert "5.5.1" in caplog.text
    await fake_hub.stop()
    await HubApi(fake_hub.api_url).check()
    assert "does not answer" in caplog.text


async def test_what_is_remembered_is_bounded(
    fake_hub: FakeHub, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST_REMEMBERED", 3)
    async with asking(fake_hub, clock) as tokens:
        for number in range(5):
            await tokens.owner(f"t{number}")
        await tokens.owner("t4")
        assert len(fake_hub.asked) == 5
        await tokens.owner("t0")
        assert len(fake_hub.asked) == 6


async def test_a_flood_of_made_up_tokens_keeps_nobody_out_who_is_known(
    fake_hub: FakeHub, clock: Clock
) -> None:
    fake_hub.tokens["t"] = user("ada")
    async with asking(fake_hub, clock) as tokens:
        await tokens.owner("t")
        fake_hub.wait = asyncio.Event()  # the Hub is busy with strangers
        flood = [asyncio.create_task(tokens.owner(f"made up {n}")) for n in range(2000)]
        await until(lambda: len(fake_hub.asked) > 1)
        clock.now += 16
        await tokens.owner("t")
        await until(lambda: fake_hub.asked.count("t") == 2)
        fake_hub.wait.set()
        answers = await asyncio.gather(*flood, return_exceptions=True)
    refused = [one for one in answers if isinstance(one, IdentityUnavailable)]
    assert len(refused) > 1000  # at once: what waits for the Hub is bounded
    assert answers.count(None) + len(refused) == 2000
