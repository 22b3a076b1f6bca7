"""What the caller and the record are told of an answer that a rule is against."""

from __future__ import annotations

import pytest

from jupyter_mesh.testing.scripted_provider import Reply

from .test_moderation_actions import KEY, rule, world
from .world import chat


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize(("name", "by"), [(None, "guard: keys"), ("house", "rule: house")])
async def test_the_caller_is_told_what_was_taken_out_of_the_answer(
    name: str | None, by: str, stream: bool
) -> None:
    rules: list[dict[str, object]] = [
        {"detectors": ["keys"], "action": "redact", "hold_back": 40, "name": name}
    ]
    reply = Reply(pieces=["The key is ", KEY])
    outcome = await world(reply, rules=rules).ask(chat(stream=stream))
    (notice,) = outcome.call.report.notices
    assert (notice.code, notice.message) == (
        "answer_redacted",
        f"Taken out of the answer: API_KEY ({by}).",
    )
    assert notice in outcome.events, "before the answer ends"
    finding = {"guard": "keys", "categories": ["API_KEY"], "action": "redact"}
    assert notice.details == {"findings": [finding | ({"rule": name} if name else {})]}
    assert KEY not in str(notice)


@pytest.mark.parametrize("change", [{"mode": "monitor"}, {"threshold": 0.9}])
async def test_nothing_is_said_where_nothing_was_taken_out(change: dict[str, object]) -> None:
    said: dict[str, object] = {"detectors": ["keys"], "action": "redact", "hold_back": 40}
    outcome = await world(Reply(pieces=[KEY]), rules=[said | change]).ask(chat())
    assert outcome.text == KEY
    assert outcome.notices == []


@pytest.mark.parametrize("stream", [True, False])
async def test_who_stopped_an_answer_is_named_with_the_reason(stream: bool) -> None:
    reply = Reply(pieces=["so ", "vile"])
    for name, by in ((None, "guard: words"), ("house", "rule: house")):
        outcome = await world(reply, rules=[rule(name=name)]).ask(chat(stream=stream))
        (notice,) = outcome.call.report.notices
        assert notice.code == "content_filter"
        assert notice.message == f"The answer was stopped by a content guard: hate ({by})."
        assert notice in outcome.events
        assert "vile" not in str(notice)


async def test_a_second_answer_that_is_a_hit_too_is_recorded_as_blocked() -> None:
    outcome = await world(Reply(pieces=["vile"]), rules=[rule(action="retry")]).ask(chat())
    verdicts = outcome.call.report.verdicts
    assert [one["action"] for one in verdicts] == ["retry", "block"]
    assert outcome.call.report.notices[-1].message.endswith("hate (guard: words).")
