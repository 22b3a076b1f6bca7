"""Trying a policy before it is saved: on a text, and on calls that were made."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import cast

import pytest

from jupyter_mesh.errors import ConfigError, InvalidRequest
from jupyter_mesh.mesh import Mesh
from jupyter_mesh.schemas.guards import GuardTrial, GuardTrialResult, PolicyReplay
from jupyter_mesh.schemas.json import JsonObject
from jupyter_mesh.testing.fake_openai import Behaviour, FakeOpenAI

from .world import ADA, ROOT, ask, chat, connection, mesh_of, put

SCREEN: dict[str, object] = {
    "name": "strict",
    "entities": {"EMAIL_ADDRESS": "redact", "IBAN_CODE": "block", "*": "alert"},
}
WORDS: dict[str, object] = {"guard": "deny_list", "terms": ["project falcon"]}
STOP: dict[str, object] = {"name": "quiet", "guard": "words", "for": {"direction": "response"}}


async def tried(mesh: Mesh, text: str, **fields: object) -> GuardTrialResult:
    trial = GuardTrial.model_validate({"text": text, **fields})
    return await mesh.guards.try_text(ROOT, trial)


@pytest.mark.parametrize(
    ("text", "outcome", "found"),
    [
        ("Nothing of note.", "passes", []),
        ("Write to ada@example.org", "changed", [("EMAIL_ADDRESS", "redact", "ada@example.org")]),
        (
            "Pay DE89370400440532013000",
            "blocked",
            [("IBAN_CODE", "block", "DE89370400440532013000")],
        ),
        ("Ping 203.0.113.9", "passes", [("IP_ADDRESS", "alert", "203.0.113.9")]),
    ],
)
async def test_a_text_that_is_tried_shows_what_is_found_and_what_comes_of_it(
    tmp_path: Path,
    upstream: FakeOpenAI,
    text: str,
    outcome: str,
    found: list[tuple[str, str, str]],
) -> None:
    async with mesh_of(tmp_path, {"up": connection(upstream)}, screening=[SCREEN]) as mesh:
        result = await tried(mesh, text)
        assert result.outcome == outcome
        shown = [
            (one.entity, one.action, text[one.start : one.end])
            for one in result.findings
            if one.action != "allow"
        ]
        assert shown == found
        assert all(one.rule == "strict" for one in result.findings)
        assert result.screened
        assert (result.result is None) == (outcome == "blocked")
        if outcome == "changed":
            assert result.result == "Write to <EMAIL_ADDRESS_1>"
        assert not upstream.requests


async def test_what_is_tried_is_neither_sent_nor_recorded(
    tmp_path: Path, upstream: FakeOpenAI
) -> None:
    async with mesh_of(tmp_path, {"up": connection(upstream)}, screening=[SCREEN]) as mesh:
        await tried(mesh, "Write to ada@example.org")
        assert (await mesh.calls(ROOT)).calls == []
        assert not upstream.requests


async def test_a_draft_is_tried_and_is_not_in_force(tmp_path: Path, upstream: FakeOpenAI) -> None:
    async with mesh_of(tmp_path, {"up": connection(upstream)}, screening=[SCREEN]) as mesh:
        body = {"entities": {"IP_ADDRESS": "block"}}
        draft = [{"kind": "screening", "name": "no addresses", "body": body}]
        text = "Ping 203.0.113.9"
        assert (await tried(mesh, text, draft=draft)).outcome == "blocked"
        assert (await tried(mesh, text)).outcome == "passes"
        assert (await ask(mesh, chat(text))).error is None


async def test_a_rule_that_only_watches_shows_what_it_would_do(
    tmp_path: Path, upstream: FakeOpenAI
) -> None:
    watching = {**SCREEN, "mode": "monitor", "entities": {"*": "block"}}
    inside = {"up": connection(upstream, residency="region")}  # the default is for what leaves
    async with mesh_of(tmp_path, inside, screening=[watching]) as mesh:
        text = "Write to ada@example.org"
        result = await tried(mesh, text)
        assert (result.outcome, result.result) == ("passes", text)
        (found,) = result.findings
        assert (found.action, found.would, found.rule) == ("allow", "block", None)
        assert (await ask(mesh, chat(text))).error is None
        counted = await mesh.guards.replay(ROOT, PolicyReplay(calls=5))
        assert (counted.calls, counted.blocked, counted.passed) == (1, 0, 1)
        (row,) = counted.by_subject
        assert (row.subject, row.action, row.watched) == ("EMAIL_ADDRESS", "block", True)


async def test_trying_a_policy_raises_no_alert(tmp_path: Path, upstream: FakeOpenAI) -> None:
    async with mesh_of(tmp_path, {"up": connection(upstream)}, screening=[SCREEN]) as mesh:
        await tried(mesh, "Pay DE89370400440532013000")
        await mesh.signals.flush()
        page = await mesh.alerts.page(state="all", kind=None, before=None, limit=9)
        assert page.alerts == []


async def test_a_draft_holds_guards_and_the_rules_that_use_them(
    tmp_path: Path, upstream: FakeOpenAI
) -> None:
    async with mesh_of(tmp_path, {"up": connection(upstream)}, screening=[]) as mesh:
        draft = [
            {"kind": "guards", "name": "words", "body": WORDS},
            {"kind": "moderation", "name": "quiet", "body": {**STOP, "name": "quiet"}},
        ]
        said = "We call it Project Falcon."
        result = await tried(mesh, said, direction="response", draft=draft)
        assert result.outcome == "blocked"
        assert [(one.guard, one.action) for one in result.verdicts] == [("words", "block")]
        asked = await tried(mesh, said, direction="request", draft=draft)
        assert asked.outcome == "passes"
        assert "words" not in mesh.snapshot.judges


async def test_a_draft_goes_before_what_is_saved_under_its_name(
    tmp_path: Path, upstream: FakeOpenAI
) -> None:
    async with mesh_of(tmp_path, {"up": connection(upstream)}, screening=[]) as mesh:
        await put(mesh, "screening", "mine", entities={"EMAIL_ADDRESS": "block"})
        text = "Write to ada@example.org"
        assert (await tried(mesh, text)).outcome == "blocked"
        softer = {"kind": "screening", "name": "mine", "body": {"entities": {"*": "allow"}}}
        assert (await tried(mesh, text, draft=[softer])).outcome == "passes"
        without = {"kind": "screening", "name": "mine", "body": None}
        assert not (await tried(mesh, text, draft=[without])).screened


async def test_a_rule_counts_for_the_models_and_groups_it_names(
    tmp_path: Path, upstream: FakeOpenAI
) -> None:
    rule = {"name": "law", "for": {"group": "legal"}, "entities": {"EMAIL_ADDRESS": "block"}}
    async with mesh_of(tmp_path, {"up": connection(upstream)}, screening=[rule]) as mesh:
        text = "Write to ada@example.org"
        assert (await tried(mesh, text, groups=["legal"])).outcome == "blocked"
        assert (await tried(mesh, text, groups=["sales"])).outcome == "changed"  # the default
        assert (await tried(mesh, text, model="up/m")).outcome == "changed"
        with pytest.raises(InvalidRequest, match="no model"):
            await tried(mesh, text, model="up/none")


async def test_a_rule_for_an_application_counts_for_that_one(
    tmp_path: Path, upstream: FakeOpenAI
) -> None:
    rule = {"name": "desk", "for": {"application": "desk"}, "entities": {"*": "block"}}
    async with mesh_of(tmp_path, {"up": connection(upstream)}, screening=[rule]) as mesh:
        text = "Write to ada@example.org"
        assert (await tried(mesh, text, application="desk")).outcome == "blocked"
        assert (await tried(mesh, text)).outcome == "changed"
        await ask(mesh, chat(text))
        assert (await mesh.guards.replay(ROOT, PolicyReplay(calls=5))).changed == 1


@pytest.mark.parametrize(
    ("draft", "words"),
    [
        ({"kind": "screening", "name": "strict", "body": {}}, "managed by mesh.yaml"),
        ({"kind": "screening", "name": "new", "body": {"detectors": ["none"]}}, "none"),
        ({"kind": "guards", "name": "new", "body": {"guard": "deny_lst"}}, "deny_list"),
    ],
)
async def test_a_draft_that_does_not_fit_is_refused_with_the_reason(
    tmp_path: Path, upstream: FakeOpenAI, draft: dict[str, object], words: str
) -> None:
    async with mesh_of(tmp_path, {"up": connection(upstream)}, screening=[SCREEN]) as mesh:
        with pytest.raises(ConfigError, match=words):
            await tried(mesh, "Hi", draft=[draft])


async def test_a_draft_sends_no_sealed_key_to_another_place(
    tmp_path: Path, upstream: FakeOpenAI
) -> None:
    async with mesh_of(tmp_path, {"up": connection(upstream)}) as mesh:
        body = {"guard": "deny_list", "terms": ["a"], "api_key": "store:up.api_key.1"}
        draft = [{"kind": "guards", "name": "mine", "body": body}]
        with pytest.raises(InvalidRequest, match="Type it again"):
            await tried(mesh, "Hi", draft=draft)


async def test_every_guard_has_a_form_and_every_field_of_a_rule_its_words(
    tmp_path: Path, upstream: FakeOpenAI
) -> None:
    async with mesh_of(tmp_path, {"up": connection(upstream)}) as mesh:
        forms = mesh.guards.forms()
        kinds = {one.name: one for one in forms.kinds}
        assert kinds["patterns"].finds == "spans"
        assert kinds["deny_list"].finds == "verdicts"
        assert all(one.fault is None and one.title for one in forms.kinds)
        assert {one.name for one in forms.in_force} >= {"patterns", "secrets"}
        fields = cast("dict[str, dict[str, str]]", forms.screening_schema["properties"])
        assert fields["reversible"]["description"].startswith("Put the originals back")
        assert "for" in fields


async def test_an_alert_of_a_guard_names_the_call(tmp_path: Path, upstream: FakeOpenAI) -> None:
    async with mesh_of(tmp_path, {"up": connection(upstream)}, screening=[SCREEN]) as mesh:
        outcome = await ask(mesh, chat("Pay DE89370400440532013000"), ADA)
        await mesh.signals.flush()
        page = await mesh.alerts.page(state="open", kind="guard", before=None, limit=9)
        assert {one.call for one in page.alerts} == {outcome.call.id}


async def test_guards_may_ask_models_while_a_policy_is_tried(
    tmp_path: Path, upstream: FakeOpenAI, install: Callable[..., None]
) -> None:
    install(asking="tests.mesh.asking_judge:Asking", group="jupyter_mesh.guard.v1")
    upstream.default = Behaviour(text="yes, it is")
    models = {"m": {}, "small": {"internal": True}}
    guards = {"asks": {"guard": "asking", "model": "up/small"}}
    rules = [{"name": "harm", "guard": "asks", "for": {"direction": "request"}}]
    connections = {"up": connection(upstream, models=models)}
    async with mesh_of(tmp_path, connections, guards=guards, moderation=rules) as mesh:
        result = await tried(mesh, "Is this harmful?")
        assert (result.outcome, result.screened) == ("blocked", True)
        assert [(one.guard, one.score, one.action) for one in result.verdicts] == [
            ("asks", 0.9, "block")
        ]
        dry = await mesh.dry_run(mesh.call(ADA, chat("Is this harmful?")))
        assert dry.blocked
        assert [cast(JsonObject, one)["guard"] for one in dry.findings] == ["asks"]
        assert all(one.json["model"] == "small" for one in upstream.requests)
        assert upstream.requests


async def test_what_stands_in_an_escape_is_marked_where_it_stands(
    tmp_path: Path, upstream: FakeOpenAI
) -> None:
    async with mesh_of(tmp_path, {"up": connection(upstream)}, screening=[SCREEN]) as mesh:
        text = "Write to ada\\u0040example.org today"
        result = await tried(mesh, text)
        assert result.outcome == "changed"
        spans = {text[one.start : one.end] for one in result.findings if one.action == "redact"}
        assert spans == {"ada\\u0040example.org"}


async def test_detectors_over_answers_are_tried_too(tmp_path: Path, upstream: FakeOpenAI) -> None:
    rule = {"name": "leaks", "detectors": ["standard"], "action": "redact"}
    up = {"up": connection(upstream)}
    async with mesh_of(tmp_path, up, screening=[], moderation=[rule]) as mesh:
        result = await tried(mesh, "Ask ada@example.org.", direction="response")
        assert result.outcome == "changed"
        (found,) = [one for one in result.findings if one.entity == "EMAIL_ADDRESS"]
        assert (found.action, found.rule) == ("redact", "leaks")
        assert "ada@example.org" not in str(result.result)


async def test_only_judges_that_were_asked_about_the_text_are_shown(
    tmp_path: Path, upstream: FakeOpenAI
) -> None:
    guards = {"words": WORDS, "others": {**WORDS, "terms": ["project hawk"]}}
    rules = [STOP, {"name": "asked", "guard": "others", "for": {"direction": "request"}}]
    up = {"up": connection(upstream)}
    async with mesh_of(tmp_path, up, guards=guards, moderation=rules) as mesh:
        shown = {
            direction: [
                one.guard for one in (await tried(mesh, "Hi", direction=direction)).verdicts
            ]
            for direction in ("request", "response")
        }
        assert shown == {"request": ["others"], "response": ["words"]}
