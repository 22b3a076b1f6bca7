"""Holding a policy against past calls whose text is kept."""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Literal, TypeAlias, cast

from ..errors import Blocked, MeshError, NotFound, Unavailable
from ..pipeline.call import Call
from ..pipeline.screening_report import KEPT_INSIDE
from ..pipeline.snapshot import Candidate, Snapshot
from ..schemas.api import CallDetail
from ..schemas.call_search import ALL_CALLS, EVERYBODY
from ..schemas.guards import PolicyReplay, PolicyReplayResult, ReplayedCall, ReplayedEntity
from ..schemas.json import Json, JsonObject, as_int, as_list, as_object, as_str, dig
from ..schemas.principal import Principal
from ..schemas.request import Operation, Request
from ..storage.acts import Act
from .nested import new_call_id
from .parts import Parts
from .rehearsal import Rehearsed, rehearse
from .without_secrets import without_secrets

_SECONDS = 60.0
"""For all calls together."""
_LOOKED_THROUGH = 20
"""For each call that is asked for, so many of the newest are looked through for kept text."""
_PAGE = 100
_MOST_EXAMPLES = 50
_Hit: TypeAlias = tuple[str, str, bool]
"""What was found, what came of it, and whether that was only watched."""
Fate: TypeAlias = Literal["passed", "changed", "blocked", "alerted", "unavailable"]


@dataclass(frozen=True, slots=True)
class Replay:
    """How many calls, and the draft as it may be recorded."""

    calls: int
    draft: list[Json]

    @classmethod
    def of(cls, asked: PolicyReplay) -> Replay:
        draft: list[Json] = [
            {
                "kind": one.kind,
                "name": one.name,
                "body": None if one.body is None else without_secrets(cast(JsonObject, one.body)),
            }
            for one in asked.draft
        ]
        return cls(asked.calls, draft)


@dataclass(slots=True)
class _Tally:
    calls: int = 0
    looked_at: int = 0
    redacted: int = 0
    gone: int = 0
    fates: Counter[Fate] = field(default_factory=Counter["Fate"])
    hits: Counter[_Hit] = field(default_factory=Counter[_Hit])
    calls_with: Counter[_Hit] = field(default_factory=Counter[_Hit])
    examples: list[ReplayedCall] = field(default_factory=list[ReplayedCall])


async def replay(
    parts: Parts, principal: Principal, snapshot: Snapshot, asked: Replay
) -> PolicyReplayResult:
    """What the policy of `snapshot` does to the newest calls whose text is kept.

    Raises:
        StoreUnavailable: The record cannot be read, or this cannot be recorded.
    """
    await parts.journal.note_act(
        Act(
            at=datetime.now(UTC),
            by=principal.user,
            via=principal.via,
            act="replay_policy",
            subject="",
            details={"calls": asked.calls, "draft": asked.draft},
        )
    )
    tally = _Tally()
    until = time.monotonic() + _SECONDS
    complete = True
    async for detail in _kept(parts, asked.calls * _LOOKED_THROUGH, tally):
        if tally.calls == asked.calls:
            break
        if time.monotonic() >= until:
            complete = False
            break
        await _hold_against(parts, principal, snapshot, detail, tally)
    return _result(tally, complete)


async def _kept(parts: Parts, most: int, tally: _Tally) -> AsyncGenerator[CallDetail]:
    """Calls of people and programs with their text, newest first."""
    before: str | None = None
    while tally.looked_at < most:
        page = await parts.history.calls(ALL_CALLS, whose=EVERYBODY, before=before, limit=_PAGE)
        for summary in page.calls:
            tally.looked_at += 1
            if summary.parent is not None or summary.outcome == "pending":
                continue
            try:
                detail = await parts.history.call(summary.id, whose=EVERYBODY)
            except NotFound:  # policy deletes meanwhile
                continue
            if detail.content in ("redacted", "full") and "withheld" not in _body(detail):
                yield detail
        before = page.next
        if before is None:
            return


def _body(detail: CallDetail) -> JsonObject:
    return as_object(cast(Json, detail.request)) or {"withheld": ""}


async def _hold_against(
    parts: Parts, principal: Principal, snapshot: Snapshot, detail: CallDetail, tally: _Tally
) -> None:
    candidates = _candidates(snapshot, detail)
    if not candidates:
        tally.gone += 1
        return
    call = Call(
        id=new_call_id(),
        principal=replace(principal, application=detail.summary.application),
        snapshot=snapshot,
        request=Request(Operation(detail.summary.operation), _body(detail)),
        groups=frozenset(detail.summary.groups),
        candidates=candidates,
    )
    redacted = _redacted_by(detail) if detail.content == "redacted" else None
    before = call.request
    with parts.nested.rehearsal(call):
        done = await rehearse(call, _answers(detail), redacted)
    _count(tally, detail, done, changed=done.call.request is not before)


def _candidates(snapshot: Snapshot, detail: CallDetail) -> tuple[Candidate, ...]:
    """The models that could answer it then, as far as there are any; else the one that did."""
    names = detail.candidates or [detail.summary.model or ""]
    return tuple(snapshot.models[name] for name in names if name in snapshot.models)


def _redacted_by(detail: CallDetail) -> Mapping[str, frozenset[str]]:
    """Which detectors found what stands there as a placeholder."""
    found: defaultdict[str, set[str]] = defaultdict(set)
    for one in detail.verdicts:
        guard, entity = (
            as_str(dig(cast(Json, one), "guard")),
            as_str(dig(cast(Json, one), "entity")),
        )
        if guard is not None and entity is not None:
            found[entity].add(guard)
    return {entity: frozenset(guards) for entity, guards in found.items()}


def _answers(detail: CallDetail) -> list[str]:
    said = as_object(cast(Json, detail.response)) or {}
    choices = as_list(said.get("choices"))
    texts = [dig(one, "text") for one in choices] if choices else [said.get("text")]
    return [text for one in texts if (text := as_str(one))]


def _count(tally: _Tally, detail: CallDetail, done: Rehearsed, *, changed: bool) -> None:
    fate = _fate(done, changed=changed)
    tally.calls += 1
    tally.redacted += detail.content == "redacted"
    tally.fates[fate] += 1
    found: Counter[_Hit] = Counter()
    for verdict in done.call.report.verdicts:
        subject = as_str(verdict.get("entity")) or as_str(verdict.get("guard")) or ""
        watched = verdict.get("action") == "monitor"
        action = as_str(verdict.get("would" if watched else "action")) or ""
        found[subject, action, watched] += as_int(verdict.get("count")) or 1
    tally.hits.update(found)
    tally.calls_with.update(found.keys())
    if fate == "passed" or len(tally.examples) == _MOST_EXAMPLES:
        return
    summary = detail.summary
    tally.examples.append(
        ReplayedCall(
            id=summary.id,
            started_at=summary.started_at,
            user=summary.user,
            model=summary.model,
            outcome=fate,
            was=summary.outcome,
            found=sorted({subject for subject, *_ in found}),
        )
    )


def _fate(done: Rehearsed, *, changed: bool) -> Fate:
    if isinstance(done.error, Unavailable):
        return "unavailable"
    if isinstance(done.error, Blocked) or done.stopped:
        return "blocked"
    if isinstance(done.error, MeshError):  # such as text that no guard can read
        return "blocked"
    if changed:
        return "changed"
    acted = any(
        one.get("action") not in ("monitor", KEPT_INSIDE) for one in done.call.report.verdicts
    )
    return "alerted" if acted else "passed"


def _result(tally: _Tally, complete: bool) -> PolicyReplayResult:
    fates = tally.fates
    return PolicyReplayResult(
        calls=tally.calls,
        looked_at=tally.looked_at,
        redacted_before=tally.redacted,
        gone=tally.gone,
        blocked=fates["blocked"],
        changed=fates["changed"],
        alerted=fates["alerted"],
        unavailable=fates["unavailable"],
        passed=fates["passed"],
        complete=complete,
        by_subject=[
            ReplayedEntity(
                subject=subject,
                action=action,
                watched=watched,
                calls=tally.calls_with[subject, action, watched],
                hits=hits,
            )
            for (subject, action, watched), hits in sorted(
                tally.hits.items(), key=lambda one: (-one[1], one[0])
            )
        ],
        examples=tally.examples,
    )
