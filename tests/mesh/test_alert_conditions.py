"""Each kind of alert, raised by bringing its condition about, and over when that is."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from importlib.metadata import version as version_of
from pathlib import Path

import pytest

from jupyter_mesh.config import key_hash
from jupyter_mesh.guards.patterns import Patterns
from jupyter_mesh.mesh import Mesh
from jupyter_mesh.mesh.alerting import conditions
from jupyter_mesh.outbound import circuit
from jupyter_mesh.prices.genai import GenaiPrices
from jupyter_mesh.schemas.alerts import Alert, AlertKind
from jupyter_mesh.spi.happenings import Happening
from jupyter_mesh.testing.fake_openai import Behaviour, FakeOpenAI
from tests.storage.samples import Store, unreachable

from .world import ADA, BOB, ask, chat, connection, mesh_of, put, until

pytestmark = pytest.mark.usefixtures("both_stores")
UNPRICED = {"m": {}}
EMAIL = "ada.lovelace@example.org"


async def alerts(mesh: Mesh, kind: AlertKind, state: str = "open") -> list[Alert]:
    page = await mesh.alerts.page(state=state, kind=kind)  # pyright: ignore[reportArgumentType]
    return page.alerts


async def one(mesh: Mesh, kind: AlertKind, state: str = "open") -> Alert:
    (alert,) = await alerts(mesh, kind, state)
    return alert


async def look(mesh: Mesh) -> None:
    await mesh._parts.conditions.look()
    await mesh._parts.alerts.flush()


async def test_a_call_that_goes_well_raises_nothing(tmp_path: Path, upstream: FakeOpenAI) -> None:
    async with mesh_of(tmp_path, {"up": connection(upstream)}) as mesh:
        assert (await ask(mesh, chat())).error is None
        await look(mesh)
        assert (await mesh.alerts.page(state="all")).alerts == []


# ── budgets ─────────────────────────────────────────────────────────────────────────────────


BUDGET = {"name": "team", "limit_usd": "0.01", "alert_at": [0.5], "reserve_output_tokens": 1}


async def test_a_threshold_of_a_budget_is_told_once_a_window(
    tmp_path: Path, upstream: FakeOpenAI
) -> None:
    upstream.script(*[Behaviour(usage={"prompt_tokens": 6000, "completion_tokens": 0})] * 2)
    budget = {**BUDGET, "on_limit": "warn"}
    async with mesh_of(tmp_path, {"up": connection(upstream)}, budgets=[budget]) as mesh:
        for text in ("one", "two"):
            assert (await ask(mesh, chat(text, max_tokens=1))).error is None
        alert = await one(mesh, "budget_near")
        assert alert.subject.startswith("team (month from ")
        assert "$0.01" in alert.text
        await look(mesh)
        assert (await one(mesh, "budget_near")).state == "open"


async def test_a_call_larger_than_a_budget_does_not_hide_that_it_is_used_up(
    tmp_path: Path, upstream: FakeOpenAI
) -> None:
    upstream.script(Behaviour(usage={"prompt_tokens": 20_000, "completion_tokens": 0}))
    budget = {**BUDGET, "reserve_output_tokens": 1_000_000}
    async with mesh_of(tmp_path, {"up": connection(upstream)}, budgets=[budget]) as mesh:
        assert (await ask(mesh, chat("all", max_tokens=1_000_000))).error is not None
        alert = await one(mesh, "budget_reached")
        assert (alert.severity, alert.title) == (
            "warning",
            "A call was larger than the whole budget of team",
        )
        assert (await ask(mesh, chat("spend", max_tokens=1))).error is None
        for text in ("one", "two"):
            assert (await ask(mesh, chat(text, max_tokens=1))).error is not None
        (used,) = [found for found in await alerts(mesh, "budget_reached") if found.id != alert.id]
        assert (used.severity, used.count) == ("critical", 2)
        assert used.title == "The budget of team is used up"


async def test_a_budget_that_refuses_is_told_until_it_is_raised(
    mesh: Mesh, upstream: FakeOpenAI
) -> None:
    version = await put(mesh, "budgets", "none", scope={"user": "ada"}, limit_usd="0.000001")
    for text in ("one", "two"):
        assert (await ask(mesh, chat(text))).error is not None
    alert = await one(mesh, "budget_reached")
    assert (alert.severity, alert.count) == ("warning", 2)
    await look(mesh)
    assert await alerts(mesh, "budget_reached", "resolved") == []
    await put(mesh, "budgets", "none", version, scope={"user": "ada"}, limit_usd="5")
    await look(mesh)
    assert (await one(mesh, "budget_reached", "resolved")).id == alert.id


# ── limits ──────────────────────────────────────────────────────────────────────────────────

LIMIT = {"name": "slow", "scope": {"user": "*"}, "requests_per_minute": 1, "wait_seconds": 0}


async def test_a_limit_hit_repeatedly_is_told_and_one_hit_now_and_then_is_not(
    tmp_path: Path, upstream: FakeOpenAI, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with mesh_of(tmp_path, {"up": connection(upstream)}, limits=[LIMIT]) as mesh:
        outcomes = [await ask(mesh, chat(f"{n}"), ADA) for n in range(6)]
        assert [outcome.error is None for outcome in outcomes] == [True, *[False] * 5]
        for n in range(3):
            await ask(mesh, chat(f"{n}"), BOB)
        alert = await one(mesh, "limit")
        assert (alert.subject, alert.count) == ("slow (user=ada)", 5)
        await look(mesh)
        assert await alerts(mesh, "limit", "resolved") == []
        monkeypatch.setitem(conditions._CALM, "limit", timedelta(0))
        await look(mesh)
        assert await alerts(mesh, "limit", "resolved") != []


async def test_a_limit_of_a_model_is_told_too(tmp_path: Path, upstream: FakeOpenAI) -> None:
    limit = {"scope": {"model": "up/m"}, "requests_per_minute": 1, "wait_seconds": 0}
    async with mesh_of(tmp_path, {"up": connection(upstream)}, limits=[limit]) as mesh:
        for n in range(6):
            await ask(mesh, chat(f"{n}"))
        assert (await one(mesh, "limit")).subject == "up/m"


# ── guards ──────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("action", "told"), [("block", 1), ("alert", 1), ("redact", 0)])
async def test_what_screening_blocks_or_alerts_on_is_told_without_a_word_of_it(
    tmp_path: Path, upstream: FakeOpenAI, action: str, told: int
) -> None:
    rule = {"for": {}, "entities": {"EMAIL_ADDRESS": action}}
    async with mesh_of(tmp_path, {"up": connection(upstream)}, screening=[rule]) as mesh:
        await ask(mesh, chat(f"Write to {EMAIL} about the merger"))
        found = await alerts(mesh, "guard")
        assert len(found) == told
        for alert in found:
            assert alert.subject == "patterns: EMAIL_ADDRESS"
            said = alert.model_dump_json()
            assert not any(word in said for word in (EMAIL, "lovelace", "merger", "ada"))


async def test_a_guard_that_fails_closes_its_calls_and_is_told(
    tmp_path: Path, upstream: FakeOpenAI, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_args: object) -> object:
        raise RuntimeError(EMAIL)

    monkeypatch.setattr(Patterns, "find", fail)
    async with mesh_of(tmp_path, {"up": connection(upstream)}) as mesh:
        assert (await ask(mesh, chat())).error is not None
        alert = await one(mesh, "guard")
        assert (alert.severity, alert.subject) == ("critical", "out of order")
        assert EMAIL not in alert.model_dump_json()
        monkeypatch.setattr(conditions, "_REPAIRED", timedelta(0))
        await look(mesh)
        assert await alerts(mesh, "guard", "resolved") != []


async def test_what_a_judge_flags_is_told(tmp_path: Path, upstream: FakeOpenAI) -> None:
    guards = {"topics": {"guard": "deny_list", "terms": ["merger"]}}
    rule = {"guard": "topics", "for": {"direction": "request"}}
    sections = {"guards": guards, "moderation": [rule]}
    async with mesh_of(tmp_path, {"up": connection(upstream)}, **sections) as mesh:
        await ask(mesh, chat("Tell me of the merger"))
        alert = await one(mesh, "moderation")
        assert alert.subject == "topics: request"
        assert "merger" not in alert.model_dump_json()


# ── models ──────────────────────────────────────────────────────────────────────────────────


async def test_an_outage_is_told_and_over_when_the_model_answers_again(
    tmp_path: Path, upstream: FakeOpenAI, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(circuit, "_OPEN_SECONDS", 0.0)
    upstream.script(*[Behaviour(fault="server_error")] * 5)
    async with mesh_of(tmp_path, {"up": connection(upstream)}) as mesh:
        for n in range(4):
            await ask(mesh, chat(f"{n}"))
        assert await alerts(mesh, "outage") == []
        await ask(mesh, chat("the fifth"))
        alert = await one(mesh, "outage")
        assert (alert.subject, alert.severity, alert.count) == ("up/m", "critical", 1)
        assert (await ask(mesh, chat("again"))).error is None
        assert (await one(mesh, "outage", "resolved")).id == alert.id


async def test_an_outage_another_gateway_told_of_is_over_when_the_model_answers_here(
    tmp_path: Path, upstream: FakeOpenAI
) -> None:
    upstream.script(*[Behaviour(fault="server_error")] * 5)
    async with mesh_of(tmp_path, {"up": connection(upstream)}) as mesh:
        for n in range(5):
            await ask(mesh, chat(f"{n}"))
        await one(mesh, "outage")
    async with mesh_of(tmp_path, {"up": connection(upstream)}) as mesh:
        await look(mesh)
        assert len(await alerts(mesh, "outage")) == 1
        assert (await ask(mesh, chat("again"))).error is None
        await look(mesh)
        assert len(await alerts(mesh, "outage", "resolved")) == 1


async def test_a_promise_that_is_not_held_is_told_until_it_is_held(
    mesh: Mesh, upstream: FakeOpenAI
) -> None:
    version = await put(mesh, "slos", "fast", model="up/*", p95_ms=0.001, minimum_calls=2)
    for text in ("one", "two"):
        assert (await ask(mesh, chat(text))).error is None
    await look(mesh)
    alert = await one(mesh, "slo")
    assert alert.subject == "model up/m"
    assert "promised 0.001" in alert.text
    await look(mesh)
    assert (await one(mesh, "slo")).count == 1
    await put(mesh, "slos", "fast", version, model="up/*", p95_ms=60_000, minimum_calls=2)
    await look(mesh)
    assert len(await alerts(mesh, "slo", "resolved")) == 1


async def test_a_model_without_a_price_is_told_until_it_has_one(
    tmp_path: Path, upstream: FakeOpenAI
) -> None:
    async with mesh_of(tmp_path, {}) as mesh:
        body = connection(upstream, models=UNPRICED)
        version = await put(mesh, "connections", "up", **body)
        for text in ("one", "two"):
            assert (await ask(mesh, chat(text))).error is None
        await look(mesh)
        assert (await one(mesh, "unpriced")).count == 2
        await put(mesh, "connections", "up", version, **connection(upstream))
        await look(mesh)
        assert len(await alerts(mesh, "unpriced", "resolved")) == 1


def days_ago(days: int) -> str:
    return (datetime.now(UTC).date() - timedelta(days=days)).isoformat()


async def test_prices_nobody_has_looked_at_are_told_until_somebody_has(
    tmp_path: Path, upstream: FakeOpenAI
) -> None:
    def priced(checked: str | None) -> dict[str, object]:
        price = {"input": 1, "output": 10, **({"checked": checked} if checked else {})}
        return connection(upstream, models={"m": {"price": price}, "n": {"price": price}})

    prices = {"outdated_after": "30d"}
    async with mesh_of(tmp_path, {}, prices=prices) as mesh:
        version = await put(mesh, "connections", "up", **priced(None))
        version = await put(mesh, "connections", "up", version, **priced(days_ago(30)))
        await look(mesh)
        assert await alerts(mesh, "prices") == []
        version = await put(mesh, "connections", "up", version, **priced(days_ago(31)))
        await look(mesh)
        await look(mesh)
        alert = await one(mesh, "prices")
        assert (alert.subject, alert.count) == ("the price table of up", 1)
        assert f"up/m, up/n may be out of date: the price table of up is of {days_ago(31)}" in (
            alert.text
        )
        await put(mesh, "connections", "up", version, **priced(days_ago(0)))
        await look(mesh)
        assert len(await alerts(mesh, "prices", "resolved")) == 1


@pytest.mark.parametrize("after", ["7d", None, "9d"])
async def test_a_price_list_that_is_old_is_told_where_a_model_is_charged_by_it(
    tmp_path: Path, upstream: FakeOpenAI, monkeypatch: pytest.MonkeyPatch, after: str | None
) -> None:
    monkeypatch.setattr(GenaiPrices, "as_of", datetime.now(UTC).date() - timedelta(days=8))
    prices = {"outdated_after": after}
    listed = connection(upstream, price_provider="openai", models={"gpt-4o": {}}, discount="0.1")
    own = connection(upstream)
    async with mesh_of(tmp_path, {"own": own}, prices=prices) as mesh:
        await look(mesh)
        assert await alerts(mesh, "prices") == []
        await put(mesh, "connections", "listed", **listed)
        await look(mesh)
        found = await alerts(mesh, "prices")
        assert [one.subject for one in found] == (
            [f"genai-prices {version_of('genai-prices')}"] if after == "7d" else []
        )
        assert all("pip install --upgrade genai-prices" in one.text for one in found)


# ── the mesh itself ─────────────────────────────────────────────────────────────────────────


async def test_a_key_about_to_end_is_told_and_again_when_it_has(tmp_path: Path) -> None:
    soon = datetime.now(UTC) + timedelta(seconds=1)
    late = datetime.now(UTC) + timedelta(days=60)
    keys = [
        {"name": name, "hash": key_hash(name), "user": name, "application": name, "expires": ends}
        for name, ends in (("soon", soon), ("late", late))
    ]
    async with mesh_of(tmp_path, {"echo": {"provider": "echo"}}, keys=keys) as mesh:
        await look(mesh)
        alert = await one(mesh, "key_expiring")
        assert (alert.subject, alert.severity) == ("soon", "warning")
        await asyncio.sleep(1)
        await look(mesh)
        ended = await one(mesh, "key_expiring")
        assert (ended.id, ended.severity, ended.reopened) == (alert.id, "critical", 1)


async def test_a_store_that_cannot_be_written_is_told_and_so_is_its_end(
    tmp_path: Path, both_stores: Store, upstream: FakeOpenAI
) -> None:
    async with mesh_of(tmp_path, {"up": connection(upstream)}) as mesh:
        with unreachable(both_stores):
            assert (await ask(mesh, chat())).error is not None
            await mesh._parts.conditions.look_at_journal()
            alert = await one(mesh, "audit")  # from memory: there is no store to read
            assert alert.severity == "critical"
            assert (await mesh.alerts.summary()).critical == 1

        async def recovered() -> bool:
            await mesh._parts.conditions.look_at_journal()
            return len(await alerts(mesh, "audit", "resolved")) == 1

        await until(recovered)


async def test_a_guard_that_fails_is_told_until_it_works(
    tmp_path: Path, upstream: FakeOpenAI
) -> None:
    async with mesh_of(tmp_path, {"up": connection(upstream)}) as mesh:
        publish = mesh._parts.happenings.publish
        said = "The list customers could not be read; the last one stays in force."
        publish(Happening(kind="guard_failing", subject="customers", message=said))
        await mesh._parts.alerts.flush()
        alert = await one(mesh, "guard")
        assert (alert.subject, alert.severity, alert.text) == ("customers", "critical", said)
        publish(Happening(kind="guard_working", subject="customers", message="It was read."))
        await mesh._parts.alerts.flush()
        assert await alerts(mesh, "guard") == []
