"""Texts kept from models outside because a rule prefers the models it does not cover."""

from __future__ import annotations

from jupyter_mesh.schemas.catalog import Residency
from jupyter_mesh.schemas.policy import AliasRule
from jupyter_mesh.spi.guard import GuardConfig
from jupyter_mesh.testing.scripted_provider import ScriptedProvider

from .test_screen import Words, rule
from .world import Outcome, candidate, chat, pipeline


async def outcome_of(text: str, **fields: object) -> Outcome:
    world = pipeline(
        candidate("local/m", ScriptedProvider(), residency=Residency.LOCAL),
        candidate("out/m", ScriptedProvider()),
        aliases={"fast": AliasRule(models=("local/m", "out/m"))},
        screening=(rule(**{"for": {"residency": "external"}}, prefer_exempt=True, **fields),),
        detectors={"words": Words(GuardConfig())},
    )
    return await world.ask(chat(text, model="fast"))


async def test_the_caller_and_the_record_are_told_what_kept_it_inside() -> None:
    outcome = await outcome_of("Ada and Ada", name="house", entities={"CODE": "alert"})
    (notice,) = outcome.call.report.notices
    assert notice.code == "kept_inside"
    assert notice.message == "Not offered to out/m: the text holds NAME (rule: house)."
    finding = {"entity": "NAME", "action": "kept_inside", "count": 2, "rule": "house"}
    assert notice.details == {"findings": [finding]}
    (verdict,) = outcome.call.report.verdicts
    assert verdict == finding | {"guard": "words", "positions": [[0, 0, 3], [0, 8, 11]]}


async def test_only_what_would_have_been_changed_keeps_it_inside() -> None:
    outcome = await outcome_of("Ada 1234", entities={"CODE": "alert"})
    assert [one["entity"] for one in outcome.call.report.verdicts] == ["NAME"]
    harmless = await outcome_of("1234", entities={"CODE": "allow"})
    assert harmless.call.report.verdicts == []
    assert harmless.notices == []
