"""What moderation did to an answer, for the caller: which guard, what kind, never a word of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from ..schemas.events import Notice
from ..schemas.json import JsonObject, as_list
from .call import Call

_SHOWN = ("guard", "categories", "action", "rule")


def taken_out(call: Call) -> Notice | None:
    """Tells what was taken out of the answer; None where nothing was."""
    found = list(_verdicts(call, "redact"))
    if not found:
        return None
    lines = dict.fromkeys(f"{_kinds(one) or 'text'} ({_by(one)})" for one in found)
    said = f"Taken out of the answer: {'; '.join(lines)}."
    return call.notice("answer_redacted", said, {"findings": [_shown(one) for one in found]})


def naming_the_guard(call: Call, notice: Notice) -> Notice:
    """`notice` of an answer that was stopped, with who stopped it and why."""
    stopping = next(_verdicts(call, "block"), None)
    if stopping is None:
        return notice
    kinds = _kinds(stopping)
    said = replace(
        notice,
        message=f"The answer was stopped by a content guard{kinds and ': '}{kinds} "
        f"({_by(stopping)}).",
        details={"findings": [_shown(stopping)]},
    )
    notices = call.report.notices
    notices[notices.index(notice)] = said
    return said


def _verdicts(call: Call, action: str) -> Iterator[JsonObject]:
    for one in call.report.verdicts:
        if one.get("direction") == "response" and one.get("action") == action:
            yield one


def _kinds(verdict: JsonObject) -> str:
    return ", ".join(map(str, as_list(verdict.get("categories")) or ()))


def _by(verdict: JsonObject) -> str:
    rule = verdict.get("rule")
    return f"guard: {verdict['guard']}" if rule is None else f"rule: {rule}"


def _shown(verdict: JsonObject) -> JsonObject:
    return {key: verdict[key] for key in _SHOWN if key in verdict}
