"""What admins see of guards: what there is to choose from, what they found, and trying a policy."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import NamedTuple, cast

from ..config import standard_detectors
from ..errors import ConfigError, Conflict, InvalidRequest, NotFound, NotPermitted, Unavailable
from ..pipeline.call import Call
from ..pipeline.snapshot import Candidate, Snapshot
from ..schemas.guard_rules import ModerationRule, ScreeningRule
from ..schemas.guards import (
    DraftObject,
    GuardForms,
    GuardInForce,
    GuardKind,
    GuardRead,
    GuardTrial,
    GuardTrialResult,
    GuardUse,
    PolicyReplay,
    PolicyReplayResult,
)
from ..schemas.json import Json, JsonObject
from ..schemas.principal import Principal, Scope
from ..schemas.request import Operation, Request
from ..spi import GUARD_GROUP
from ..spi.guard import Detector, Guard
from ..storage.acts import Act
from .forms import first_paragraph, form_of
from .guards import check_guards
from .kept_keys import refuse_moved_keys
from .nested import new_call_id
from .parts import Parts
from .policy_replay import Replay, replay
from .rehearsal import rehearse
from .text_stays import reach
from .trial import TypedSecrets
from .trial_words import trial_result
from .typed_keys import refer_to, refuse_plain_keys
from .without_secrets import without_secrets

_READY_SECONDS = 10.0
"""How long a guard that was started for a trial may take until it works."""


class Drafted(NamedTuple):
    """A policy that is in force nowhere; `warming`: as `Rehearsing` has it."""

    snapshot: Snapshot
    warming: frozenset[str]


class GuardDesk:
    """Handed out by `Mesh.guards`; the routes see to it that only admins get here."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._replaying = asyncio.Lock()

    def forms(self) -> GuardForms:
        """What policy is made of."""
        guards = self._parts.guards
        every: dict[str, Guard] = {**guards.detectors, **guards.judges}
        return GuardForms(
            kinds=[self._kind(name) for name in self._parts.plugins.names(GUARD_GROUP)],
            in_force=[self._in_force(name, one) for name, one in sorted(every.items())],
            screening_schema=form_of(ScreeningRule),
            moderation_schema=form_of(ModerationRule),
        )

    def read_again(self, name: str) -> GuardInForce:
        """Have a guard read anew what it reads from elsewhere; what is in force meanwhile.

        Raises:
            NotFound: There is no such guard.
            InvalidRequest: It reads nothing.
        """
        guards = self._parts.guards
        guard = guards.detectors.get(name) or guards.judges.get(name)
        if guard is None:
            raise NotFound(f"There is no guard {name[:80]!r}.")
        if not guard.read_again():
            raise InvalidRequest(f"The guard {name!r} reads nothing from elsewhere.")
        return self._in_force(name, guard)

    def _in_force(self, name: str, guard: Guard) -> GuardInForce:
        config = self._parts.governance.config
        declared = config.guards.get(name)
        known = guard.entities() if isinstance(guard, Detector) else None
        read = guard.read()
        return GuardInForce(
            name=name,
            guard=name if declared is None else declared.guard,
            finds="spans" if isinstance(guard, Detector) else "verdicts",
            entities=None if known is None else sorted(known),
            residency=reach(guard, config, self._parts.plugins).value,
            standard=name in standard_detectors(),
            read=None if read is None else GuardRead(entries=read.entries, at=read.at),
        )

    def _kind(self, name: str) -> GuardKind:
        try:
            guard = self._parts.plugins.guard(name)
        except ConfigError as error:
            return GuardKind(
                name=name, title=name, finds=None, config_schema={}, fault=error.message
            )
        return GuardKind(
            name=name,
            title=first_paragraph(guard).rstrip("."),
            finds="spans" if issubclass(guard, Detector) else "verdicts",
            config_schema=form_of(guard.Config),
        )

    async def use(self, since: datetime, until: datetime) -> GuardUse:
        """What guards found in a time.

        Raises:
            StoreUnavailable: It cannot be read.
        """
        return await self._parts.history.guard_use(since, until)

    async def try_text(self, principal: Principal, trial: GuardTrial) -> GuardTrialResult:
        """What policy, or a draft of it, would do with a text. Nothing of it is kept; guards that
        ask models ask them in the name of `principal`. A draft that holds a guard is recorded
        before that is started.

        Raises:
            ConfigError: The draft does not fit.
            InvalidRequest: There is no such model.
            StoreUnavailable: That a guard is started cannot be recorded.
        """
        async with self._drafted(principal, trial.draft) as (snapshot, warming):
            candidates = _candidates(snapshot, trial.model)
            asks = trial.direction == "request"
            if trial.application is not None:
                principal = replace(principal, application=trial.application)
            patience = time.monotonic() + (_READY_SECONDS if warming else 0.0)
            while True:
                call = self._call(principal, snapshot, trial.text if asks else "", candidates)
                call.groups = frozenset(trial.groups)
                began = time.perf_counter()
                with self._parts.nested.rehearsal(call):
                    done = await rehearse(call, () if asks else (trial.text,))
                    taken = (time.perf_counter() - began) * 1000
                    error = done.error
                    waits = isinstance(error, Unavailable) and error.guard in warming
                    if not waits or time.monotonic() >= patience:
                        return await trial_result(trial, done, taken)
                await asyncio.sleep(0.1)

    async def replay(self, principal: Principal, asked: PolicyReplay) -> PolicyReplayResult:
        """What a draft would have done to the newest calls whose text is kept. That somebody asked
        is recorded first, with the draft; no service is shown the text that is not in force.

        Raises:
            ConfigError: The draft does not fit, or holds a guard that shows texts to a service.
            Conflict: Another one runs.
            NotPermitted: The caller may not read what others said.
            StoreUnavailable: The record cannot be read, or that it is read cannot be recorded.
        """
        if not principal.may(Scope.AUDIT):
            raise NotPermitted(
                "Past calls are for admins who may read them: for the scope `audit`."
            )
        if self._replaying.locked():
            raise Conflict("A policy is being held against past calls just now; wait for its end.")
        async with (
            self._replaying,
            self._drafted(principal, asked.draft, inside=True) as (snapshot, _),
        ):
            return await replay(self._parts, principal, snapshot, Replay.of(asked))

    def _call(
        self,
        principal: Principal,
        snapshot: Snapshot,
        text: str,
        candidates: tuple[Candidate, ...],
    ) -> Call:
        message: dict[str, Json] = {"role": "user", "content": text}
        body: JsonObject = {"model": "", "messages": [message]}
        return Call(
            id=new_call_id(),
            principal=principal,
            snapshot=snapshot,
            request=Request(Operation.CHAT, body),
            candidates=candidates,
        )

    @asynccontextmanager
    async def _drafted(
        self, principal: Principal, draft: Sequence[DraftObject], *, inside: bool = False
    ) -> AsyncGenerator[Drafted]:
        """The policy with a draft laid over it. `inside`: as `Guards.lent` has it."""
        parts = self._parts
        typed: dict[str, str] = {}
        objects: list[tuple[JsonObject | None, DraftObject]] = []
        for one in draft:
            body = cast("JsonObject | None", None if one.body is None else dict(one.body))
            if body is not None and one.kind == "guards":
                refuse_plain_keys(body)
                secrets = refer_to(body, one.name, one.secrets)
                refuse_moved_keys(body, self._guard_as_it_is(one.name), secrets)
                typed |= {f"store:{name}": value for name, value in secrets.items()}
            objects.append((body, one))
        config = parts.governance.drafted([(one.kind, one.name, body) for body, one in objects])
        secret_store = TypedSecrets(parts.secrets, typed)
        if any(one.kind == "guards" and body is not None for body, one in objects):
            check_guards(config, parts.plugins)  # else a key pasted where none belongs is recorded
            await self._note_trial(principal, objects)
        async with parts.guards.lent(config, secret_store, inside=inside) as (every, warming):
            yield Drafted(parts.catalogue_keeper.drafted(config, every), warming)

    async def _note_trial(
        self, principal: Principal, objects: Sequence[tuple[JsonObject | None, DraftObject]]
    ) -> None:
        draft: list[Json] = [
            {
                "kind": one.kind,
                "name": one.name,
                "body": None if body is None else without_secrets(body),
            }
            for body, one in objects
        ]
        await self._parts.journal.note_act(
            Act(
                at=datetime.now(UTC),
                by=principal.user,
                via=principal.via,
                act="try_guard",
                subject="",
                details={"draft": draft},
            )
        )

    def _guard_as_it_is(self, name: str) -> JsonObject | None:
        rule = self._parts.governance.config.guards.get(name)
        return None if rule is None else cast(JsonObject, rule.model_dump(mode="json"))


def _candidates(snapshot: Snapshot, model: str | None) -> tuple[Candidate, ...]:
    if model is None:
        return tuple(one for one in snapshot.models.values() if not one.facts.internal)
    found = snapshot.behind(model)
    if not found:
        raise InvalidRequest(f"There is no model {model[:80]!r}.", param="model")
    return found
