"""Holding a policy against calls that were made, and what guards found in all of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from jupyter_mesh.schemas.call_search import CallSearch
from jupyter_mesh.schemas.guards import PolicyReplay
from jupyter_mesh.storage.guard_hits import hits_of
from jupyter_mesh.testing.fake_openai import FakeOpenAI

from .test_guard_desk import SCREEN
from .world import ROOT, ask, chat, connection, mesh_of


@pytest.mark.parametrize("kept", ["redacted", "full"])
async def test_a_policy_is_held_against_the_calls_whose_text_is_kept(
    tmp_path: Path, upstream: FakeOpenAI, kept: str
) -> None:
    sections = {"screening": [SCREEN], "audit": {"content": kept}}
    async with mesh_of(tmp_path, {"up": connection(upstream)}, **sections) as mesh:
        for text in ("Hi", "Write to ada@example.org", "Ping 203.0.113.9", "Mail bob@example.org"):
            assert (await ask(mesh, chat(text))).error is None
        sent = len(upstream.requests)
        body = {"entities": {"IP_ADDRESS": "block", "*": "redact"}}
        draft = [{"kind": "screening", "name": "new", "body": body}]
        asked = PolicyReplay.model_validate({"draft": draft, "calls": 50})
        result = await mesh.guards.replay(ROOT, asked)
        assert (result.calls, result.blocked, result.changed, result.passed) == (4, 1, 2, 1)
        assert result.redacted_before == (4 if kept == "redacted" else 0)
        assert result.complete
        by_subject = {(one.subject, one.action): one.calls for one in result.by_subject}
        assert by_subject["IP_ADDRESS", "block"] == 1
        assert by_subject["EMAIL_ADDRESS", "redact"] == 2
        assert {one.outcome for one in result.examples} == {"blocked", "changed"}
        assert len(upstream.requests) == sent
        assert len((await mesh.calls(ROOT)).calls) == 4


async def test_holding_a_policy_against_calls_is_on_record(
    tmp_path: Path, upstream: FakeOpenAI
) -> None:
    async with mesh_of(tmp_path, {"up": connection(upstream)}) as mesh:
        await ask(mesh, chat("Hi"))
        draft = [{"kind": "screening", "name": "new", "body": {"entities": {"*": "block"}}}]
        asked = PolicyReplay.model_validate({"draft": draft, "calls": 1})
        await mesh.guards.replay(ROOT, asked)
        (act,) = (await mesh.acts.page(subject=None, act=None, before=None, limit=9)).acts
        assert (act.act, act.by, act.details["calls"]) == ("replay_policy", "root", 1)
        assert "block" in str(act.details["draft"])


async def test_only_the_newest_calls_are_looked_at(tmp_path: Path, upstream: FakeOpenAI) -> None:
    async with mesh_of(tmp_path, {"up": connection(upstream)}, screening=[SCREEN]) as mesh:
        for text in ("Write to ada@example.org", "Hi", "Ho"):
            await ask(mesh, chat(text))
        result = await mesh.guards.replay(ROOT, PolicyReplay(calls=2))
        assert (result.calls, result.changed, result.passed) == (2, 0, 2)


async def test_what_guards_found_is_the_sum_of_the_record(
    tmp_path: Path, upstream: FakeOpenAI
) -> None:
    async with mesh_of(tmp_path, {"up": connection(upstream)}, screening=[SCREEN]) as mesh:
        texts = ("a@example.org b@example.org", "a@example.org", "DE89370400440532013000", "Hi")
        outcomes = [await ask(mesh, chat(text)) for text in texts]
        began = min(one.call.started_at for one in outcomes)
        ended = max(one.call.started_at for one in outcomes)
        use = await mesh.guards.use(began, ended)
        hits = {(one.guard, one.subject, one.action): (one.calls, one.hits) for one in use.rows}
        assert hits["patterns", "EMAIL_ADDRESS", "redact"] == (2, 3)
        assert hits["patterns", "IBAN_CODE", "block"][0] == 1
        calls = (await mesh.calls(ROOT, CallSearch(has_finding=True))).calls
        details = [await mesh.call_detail(ROOT, one.id) for one in calls]
        counted = sum((hits_of(one.verdicts) for one in details), start=hits_of([]))  # pyright: ignore[reportArgumentType]
        assert sum(counted.values()) == sum(one.hits for one in use.rows)
        assert sum(sum(one.hits.values()) for one in use.hours) == sum(counted.values())
