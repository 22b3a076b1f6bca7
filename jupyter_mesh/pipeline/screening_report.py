"""What screening found and did, for the record, the caller and the admins: never a word of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias

from ..errors import Blocked
from ..schemas.events import Notice
from ..schemas.guard_rules import Action, ScreeningRule
from ..schemas.json import Json, JsonObject, as_str
from ..spi.guard import Finding
from ..spi.happenings import Happening, Happenings
from .call import Call
from .treatment import CHANGES, Treatment, title

KEPT_INSIDE: Final = "kept_inside"
"""The text was kept from some candidates, for what was found in it."""
Outcome: TypeAlias = Action | Literal["kept_inside"]
_MOST_POSITIONS = 20
_DONE: dict[object, str] = {
    "redact": "Redacted before sending",
    "pseudonymise": "Replaced by invented values before sending",
    "mask": "Masked before sending",
    "hash": "Replaced by codes before sending",
}


@dataclass(slots=True)
class _Count:
    count: int = 0
    positions: list[Json] = field(default_factory=list[Json])


class Tally:
    """Counts by detector, entity, action and rule, with the first positions.

    Args:
        rules: All of the policy, for their names.
    """

    def __init__(self, rules: Sequence[ScreeningRule]) -> None:
        self._rules = rules
        self._counts: dict[tuple[str, str, Outcome, str, bool], _Count] = {}

    def add(self, place: int, finding: Finding, done: Treatment, *, monitor: bool = False) -> None:
        """`finding` in the text at `place` was treated so, or would have been."""
        self._count(place, finding, done.action, done.rule, monitor=monitor)

    def spare(self, place: int, finding: Finding, rule: ScreeningRule) -> None:
        """For `finding` in the text at `place` the models of `rule` do not get it."""
        self._count(place, finding, KEPT_INSIDE, rule, monitor=False)

    def _count(
        self,
        place: int,
        finding: Finding,
        action: Outcome,
        rule: ScreeningRule | None,
        *,
        monitor: bool,
    ) -> None:
        key = (finding.detector, finding.entity, action, title(rule, self._rules), monitor)
        one = self._counts.setdefault(key, _Count())
        one.count += 1
        if len(one.positions) < _MOST_POSITIONS:
            one.positions.append([place, finding.start, finding.end])

    def report(self, call: Call) -> None:
        """Note it in the record.

        Raises:
            Blocked: A rule forbids what was found.
        """
        blocked: dict[str, set[str]] = {}
        for (guard, entity, action, rule, monitor), one in self._counts.items():
            said: JsonObject = {"guard": guard, "entity": entity}
            said |= {"action": "monitor", "would": action} if monitor else {"action": action}
            said |= {"count": one.count, "rule": rule, "positions": one.positions}
            call.report.verdicts.append(said)
            if action == "block" and not monitor:
                blocked.setdefault(entity, set()).add(rule)
        if blocked:
            rules = sorted({rule for some in blocked.values() for rule in some})
            raise Blocked(
                f"The request holds {', '.join(sorted(blocked))}, which policy "
                f"({', '.join(rules)}) does not let out. Nothing was sent; remove it and try again."
            )


def notices_of(call: Call) -> Iterator[Notice]:
    """What the caller should know of what was done to the text."""
    said: dict[str, dict[str, set[str]]] = {}
    changed: list[Json] = []
    for verdict in call.report.verdicts:
        if verdict.get("would") == "fail":
            yield call.notice(
                "not_screened",
                f"The detector {verdict['guard']!r} failed; its rule only monitors, so the text "
                "was sent without it.",
            )
        if (action := verdict.get("action")) in _DONE:
            entity, rule = str(verdict["entity"]), str(verdict["rule"])
            said.setdefault(str(action), {}).setdefault(rule, set()).add(entity)
            changed.append({key: verdict[key] for key in ("entity", "action", "count", "rule")})
    if said:
        lines = [f"{_DONE[action]}: {_listed(by_rule)}." for action, by_rule in said.items()]
        yield call.notice("redacted", " ".join(lines), {"findings": changed})


def _listed(by_rule: dict[str, set[str]]) -> str:
    """`EMAIL_ADDRESS, PERSON (rule customers); IBAN_CODE (rule accounts)`."""
    return "; ".join(
        f"{', '.join(sorted(entities))} (rule: {rule})" for rule, entities in by_rule.items()
    )


def changes(verdict: JsonObject) -> bool:
    """Whether a verdict says that text was changed."""
    return verdict.get("action") in CHANGES


def tell(call: Call, happenings: Happenings) -> None:
    """Publish what an admin wants to hear of: what was blocked or alerted, and what failed."""
    for verdict in call.report.verdicts:
        guard, entity = as_str(verdict.get("guard")), as_str(verdict.get("entity"))
        details: JsonObject = {**verdict, "call": call.id}
        if verdict.get("would") == "fail":
            said = f"The detector {guard!r} failed; its rule only monitors, so calls go on."
            happenings.publish(
                Happening(
                    kind="screening_failed", subject=f"{guard}", message=said, details=details
                )
            )
        elif verdict.get("action") in ("block", "alert"):
            did = "blocked" if verdict["action"] == "block" else "saw"
            said = f"Screening {did} {entity} on its way to a model"
            happenings.publish(
                Happening(
                    kind="screening_hit",
                    subject=f"{guard}: {entity}",
                    message=said,
                    details=details,
                )
            )
