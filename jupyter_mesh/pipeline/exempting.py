"""Candidates that a text is kept from, since their rule prefers the models it does not cover."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..schemas.guard_rules import ScreeningRule
from ..schemas.json import Json
from .call import Call
from .findings import Findings
from .screening_plan import distinct
from .screening_report import KEPT_INSIDE, Tally
from .treatment import is_hit, kind_of, of_mode

Rules = Mapping[str, Sequence[ScreeningRule]]


def keep_inside(call: Call, rules: Rules, found: Findings) -> None:
    """Drop candidates whose `prefer_exempt` rule was hit, if any candidate is left without one.

    Args:
        call: Whose candidates they are.
        rules: Those that hold, by candidate.
        found: What the detectors found in its texts.
    """
    kinds = {kind_of(one) for findings in found.values() for one in findings}
    sparing = {
        one.id: [
            rule
            for rule in of_mode(rules[one.id], "enforce")
            if rule.prefer_exempt and is_hit(rule, kinds)
        ]
        for one in call.candidates
    }
    kept = tuple(one for one in call.candidates if not sparing[one.id])
    if not kept or len(kept) == len(call.candidates):
        return
    dropped = sorted(one.id for one in call.candidates if sparing[one.id])
    call.candidates = kept
    _tell(call, dropped, distinct(sparing.values()), found)


def _tell(
    call: Call, dropped: Sequence[str], rules: Sequence[ScreeningRule], found: Findings
) -> None:
    kinds = {kind_of(one) for findings in found.values() for one in findings}
    hit = {kind: [rule for rule in rules if is_hit(rule, {kind})] for kind in kinds}
    tally = Tally(call.snapshot.screening)
    for place, findings in enumerate(found.values()):
        for finding in findings:
            for rule in hit[kind_of(finding)]:
                tally.spare(place, finding, rule)
    before = len(call.report.verdicts)
    tally.report(call)
    verdicts = call.report.verdicts[before:]
    held = dict.fromkeys(f"{one['entity']} (rule: {one['rule']})" for one in verdicts)
    shown: list[Json] = [
        {key: one[key] for key in ("entity", "action", "count", "rule")} for one in verdicts
    ]
    call.notice(
        KEPT_INSIDE,
        f"Not offered to {', '.join(dropped)}: the text holds {', '.join(held)}.",
        {"findings": shown},
    )
