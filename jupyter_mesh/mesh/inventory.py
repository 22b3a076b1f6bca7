"""Which model is used where, by whom, for what: what was declared beside what was seen."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal

from ..errors import InvalidRequest
from ..pipeline.snapshot import Candidate, Snapshot, covers, opens
from ..schemas.api import UsageRow
from ..schemas.audit import UNSPECIFIED
from ..schemas.catalog import Residency
from ..schemas.files import FileFormat
from ..schemas.guard_rules import Target
from ..schemas.inventory import InventoryReport, UseCase, UsedModel
from ..schemas.json import JsonObject
from ..schemas.policy import GroupRule
from ..schemas.principal import Principal
from ..schemas.use_case import UseCaseRule
from ..spi.guard import Guard
from ..storage.acts import Act
from ..storage.use_cases import Span
from .costs import total
from .duties import missing
from .inventory_file import COLUMNS, rows
from .parts import Parts
from .price_age import notes_on
from .record_files import encoded, encoder_of


@dataclass(slots=True)
class _Seen:
    """What was recorded of one application and purpose."""

    by_model: list[UsageRow] = field(default_factory=list[UsageRow])
    users: set[str] = field(default_factory=set[str])
    groups: set[str] = field(default_factory=set[str])
    span: Span | None = None


class Inventory:
    """Handed out by `Mesh.inventory`; the routes see to it that only auditors get here."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    async def report(self, *, since: datetime, until: datetime) -> InventoryReport:
        """Every use case: calls and cost between two moments, the first and last use over all time.

        Raises:
            InvalidRequest: The moments are the wrong way round.
            StoreUnavailable: The store cannot be read.
        """
        if since >= until:
            raise InvalidRequest("`since` must be before `until`.", param="since")
        seen = await self._seen(since, until)
        declared = self._parts.governance.config.use_cases
        cases = [
            self._case(name, rule, application, purpose, one)
            for (application, purpose), one in seen.items()
            for name, rule in [_declared(declared.items(), application, purpose)]
        ]
        found = {case.name for case in cases}
        cases += [
            self._case(name, rule, rule.application, rule.purpose, _Seen())
            for name, rule in declared.items()
            if name not in found
        ]
        cases.sort(key=lambda one: (one.name is None, -one.spend.cost_usd, -one.spend.calls))
        return InventoryReport(since=since, until=until, use_cases=cases)

    async def file(
        self, principal: Principal, format: FileFormat, *, since: datetime, until: datetime
    ) -> AsyncIterator[bytes]:
        """The pieces of the report as a file, a line for each use case; recorded as an export.

        Raises:
            InvalidRequest: As `report`; or a package is missing.
            StoreUnavailable: The store cannot be read, or the export not be recorded.
        """
        encoder = encoder_of(format, COLUMNS)
        report = await self.report(since=since, until=until)
        asked: JsonObject = {"since": since.isoformat(), "until": until.isoformat()}
        await self._parts.journal.note_act(
            Act(
                at=datetime.now(UTC),
                by=principal.user,
                via=principal.via,
                act="export",
                subject="inventory",
                details={"format": format, **asked},
            )
        )
        return encoded(encoder, rows(report))

    async def _seen(self, since: datetime, until: datetime) -> dict[tuple[str, str], _Seen]:
        history = self._parts.history
        seen = {
            (span.application, span.purpose): _Seen(span=span)
            for span in await history.use_case_spans()
        }
        by = ("application", "purpose", "connection", "model")
        for row in await history.usage(since=since, until=until, by=by, user=None):
            use = (row.key["application"], row.key["purpose"])
            seen.setdefault(use, _Seen()).by_model.append(row)
        for use, people in (await history.people(since=since, until=until)).items():
            one = seen.setdefault(use, _Seen())
            one.users, one.groups = people.users, people.groups - {""}
        everybody = {user for one in seen.values() for user in one.users}
        groups = await history.last_groups(everybody, until)
        for one in seen.values():
            one.groups.update(group for user in one.users for group in groups.get(user, ()))
        return seen

    def _case(
        self,
        name: str | None,
        rule: UseCaseRule | None,
        application: str,
        purpose: str | None,
        seen: _Seen,
    ) -> UseCase:
        snapshot = self._parts.catalogue_keeper.snapshot
        candidates = [
            snapshot.models[row.key["model"]]
            for row in seen.by_model
            if row.key["model"] in snapshot.models
        ]
        prices = self._parts.governance.config.prices
        stopped = any(one.covers(application, purpose or "") for one in snapshot.stopped)
        return UseCase(
            name=name,
            application=application,
            purpose=purpose,
            declared=rule,
            stopped=stopped,
            managed_by=self._managed_by(name),
            version=self._version(name),
            models=_models(snapshot, seen.by_model),
            groups=_groups_of(snapshot, seen),
            users=len(seen.users),
            spend=total(seen.by_model),
            first_use=seen.span.first if seen.span else None,
            last_use=seen.span.last if seen.span else None,
            open_to=_open_to(snapshot, purpose, candidates),
            guards=_screening(snapshot, candidates),
            moderation=_moderation(snapshot, candidates),
            warnings=[
                *missing(rule, snapshot.audit),
                *notes_on({one.id for one in candidates}, candidates, prices),
            ],
        )

    def _managed_by(self, name: str | None) -> Literal["mesh.yaml", "admin", "default"] | None:
        return None if name is None else self._parts.governance.managed_by("use_cases", name)

    def _version(self, name: str | None) -> int | None:
        setting = None if name is None else self._parts.governance.stored("use_cases", name)
        return setting.version if setting else None


def _declared(
    rules: Iterable[tuple[str, UseCaseRule]], application: str, purpose: str
) -> tuple[str, UseCaseRule] | tuple[None, None]:
    """The rule for just this purpose, else the one for all that the application does."""
    covering = [one for one in rules if one[1].covers(application, purpose)]
    covering.sort(key=lambda one: one[1].purpose is None)
    return covering[0] if covering else (None, None)


def _models(snapshot: Snapshot, rows: Iterable[UsageRow]) -> list[UsedModel]:
    used = [_model(snapshot.models.get(row.key["model"]), row) for row in rows if row.key["model"]]
    return sorted(used, key=lambda one: (-one.spend.cost_usd, -one.spend.calls, one.id))


def _model(known: Candidate | None, row: UsageRow) -> UsedModel:
    facts = known.facts if known else None
    return UsedModel(
        id=row.key["model"],
        connection=row.key["connection"],
        provider=facts.provider if facts else None,
        residency=facts.residency.value if facts else None,
        trains_on_requests=facts.trains_on_requests if facts else None,
        retains_requests=facts.retains_requests if facts else None,
        spend=row.spend,
    )


def _groups_of(snapshot: Snapshot, seen: _Seen) -> list[str]:
    """Groups of the policy that name one of the users, and those that the record has of them, which
    the identity source may have given; without those that everybody is in.
    """
    rules = snapshot.groups.items()
    named = {name for name, rule in rules if not seen.users.isdisjoint(rule.members)}
    everybody = {name for name, rule in rules if "*" in rule.members}
    return sorted((named | seen.groups) - everybody)


def _open_to(snapshot: Snapshot, purpose: str | None, candidates: Sequence[Candidate]) -> list[str]:
    """Groups that may declare this purpose and, where models are known to be used for it, use one
    of them for it; everybody where there are no groups.
    """
    if not snapshot.groups:
        return ["*"]
    return sorted(
        name
        for name, rule in snapshot.groups.items()
        if _may_declare(rule, purpose)
        and (not candidates or any(_opens_for(rule, one, purpose) for one in candidates))
    )


def _may_declare(rule: GroupRule, purpose: str | None) -> bool:
    if purpose == UNSPECIFIED:
        return not rule.purpose_required
    return not rule.purposes or purpose is None or purpose in rule.purposes


def _opens_for(rule: GroupRule, candidate: Candidate, purpose: str | None) -> bool:
    purposes = rule.purposes_of(candidate.id)
    return opens(rule, candidate.facts) and (not purposes or purpose is None or purpose in purposes)


def _screening(snapshot: Snapshot, candidates: Iterable[Candidate]) -> list[str]:
    """Detectors whose rules cover one of these models for some caller."""
    found: set[str] = set()
    for one in candidates:
        rules = [rule for rule in snapshot.screening if _may_cover(rule.target, one)]
        default = snapshot.default_screening
        enforced = any(rule.mode == "enforce" for rule in rules)
        if not enforced and default is not None and _may_cover(default.target, one):
            rules.append(default)
        found.update(
            _told(name, snapshot.detectors.get(name), rule.mode)
            for rule in rules
            for name in rule.detectors
        )
    return sorted(found)


def _moderation(snapshot: Snapshot, candidates: Iterable[Candidate]) -> list[str]:
    every: dict[str, Guard] = {**snapshot.detectors, **snapshot.judges}
    return sorted(
        {
            _told(guard, every.get(guard), rule.mode, rule.target.direction)
            for one in candidates
            for rule in snapshot.moderation
            if _may_cover(rule.target, one)
            for guard in rule.guards
        }
    )


def _told(name: str, guard: Guard | None, mode: str, *more: str) -> str:
    """A guard with what matters of it: whether it is on trial, and whether it is a service
    elsewhere.
    """
    facts = [*more, *(["monitor"] if mode == "monitor" else [])]
    if guard is not None and guard.residency is not Residency.LOCAL:
        facts.append(guard.residency.value)
    return f"{name} ({', '.join(facts)})" if facts else name


def _may_cover(target: Target, candidate: Candidate) -> bool:
    """For callers of some group and application at least."""
    groups = frozenset({target.group} if target.group else ())
    return covers(target, candidate, groups, target.application or "")
