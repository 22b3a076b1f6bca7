"""The mesh itself: one object that answers calls and tells what they cost."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Mapping
from contextlib import aclosing
from pathlib import Path
from typing import Literal

from .. import __version__
from ..config import Config, key_hash
from ..errors import LimitExceeded, NotFound, NotPermitted
from ..pipeline.audit import outcome_of
from ..pipeline.call import CacheDirective, Call, NestedPurpose
from ..pipeline.snapshot import Snapshot
from ..pipeline.step import Next
from ..pipeline.trace import Trace
from ..schemas.api import (
    BudgetStatus,
    CallDetail,
    CallPage,
    CostSummary,
    DryRun,
    Health,
    Me,
    Models,
    Offer,
    Preference,
)
from ..schemas.call_search import ALL_CALLS, CallSearch, View
from ..schemas.events import Events
from ..schemas.json import JsonObject
from ..schemas.principal import Principal, Scope
from ..schemas.request import Operation, Request
from .administration import Administration
from .assembly import assemble
from .audit_proof import AuditProof
from .cache_control import CacheControl
from .call_export import CallExport
from .call_records import CallRecords
from .cards import cards, dearness
from .costs import Costs
from .dry_run import dry_run
from .erasure import RecordActs
from .gauges import gauges
from .guard_desk import GuardDesk
from .inventory import Inventory
from .keys import ApiKeys
from .nested import new_call_id
from .offers import Withhold
from .parts import Parts
from .performance_reports import PerformanceReports
from .readiness import health_of
from .record_files import file_formats
from .revisions import Revisions
from .secret_keeping import SecretKeeping
from .signed_in import SignedIn
from .usage_reports import UsageReports

_NO_DIRECTIVE = CacheDirective()
_DRAIN_SECONDS = 5.0
_log = logging.getLogger("jupyter_mesh")
Host = Literal["personal", "hub", "standalone"]


class Mesh:
    """Create one with `Mesh.start`, close it with `aclose`."""

    def __init__(self, host: Host, parts: Parts) -> None:
        self._host: Host = host
        self._parts = parts
        self._pipeline: Next = parts.pipeline
        self._costs = Costs(parts.history)
        self.administration = Administration(parts)
        self.keys = ApiKeys(parts.governance, parts.catalogue_keeper)
        self.performance = PerformanceReports(parts)
        self.alerts = parts.alert_desk
        self.signals = parts.alerts
        self.usage_reports = UsageReports(
            parts.history,
            lambda: self.snapshot,
            parts.hourly_costs,
            lambda: parts.governance.config.prices,
        )
        self.audit = AuditProof(parts.history, parts.secrets)
        self._records = CallRecords(parts)
        self.export = CallExport(parts, self._records)
        self.acts = RecordActs(parts)
        self.guards = GuardDesk(parts)
        self.inventory = Inventory(parts)
        self.secrets = SecretKeeping(parts)
        parts.repeat(600.0, self.secrets.sweep)
        self.signed_in = SignedIn(parts)
        self.sign_outs = parts.sign_outs
        self.cache = CacheControl(parts)
        self._metrics = parts.metrics
        self._tracer = parts.tracer
        self._live = parts.live
        parts.nested.run = self.run
        self._idle = asyncio.Event()
        self._idle.set()
        self._preferences: dict[str, dict[str, str]] = {}

    @classmethod
    async def start(
        cls,
        config: Config,
        *,
        state_dir: Path,
        host: Host,
        config_file: Path | None = None,
        environ: Mapping[str, str] = os.environ,
        withhold: Withhold | None = None,
    ) -> Mesh:
        """Open the store and the connections.

        Args:
            config: What `mesh.yaml` says.
            state_dir: Where the store and the connections' own files live.
            host: Who runs it; a personal mesh looks for what could be connected.
            config_file: Where `config` was read: relative `file:` secrets start there, and it is
                read again when it was edited.
            environ: Where `env:` secrets and keys to offer are looked for.
            withhold: Keeps a key that was taken over from kernels; None: kernels are not this
                process's, and no key is taken over.

        Raises:
            ConfigError: The store or a guard cannot be set up. A connection that cannot is only
                logged.
        """
        return cls(host, await assemble(config, state_dir, host, config_file, environ, withhold))

    @property
    def snapshot(self) -> Snapshot:
        """Policy, catalogue and prices now."""
        return self._parts.catalogue_keeper.snapshot

    @property
    def revisions(self) -> Revisions:
        """Which state of the configuration is in force, and waiting for a later one."""
        return self._parts.governance.revisions

    @property
    def admin_contact(self) -> str | None:
        """Whom people ask for what they may not."""
        return self._parts.governance.config.admin_contact

    # ── calls ────────────────────────────────────────────────────────────────

    def call(
        self,
        principal: Principal,
        request: Request,
        *,
        purpose: str | None = None,
        document: str | None = None,
        thread: str | None = None,
        tags: JsonObject | None = None,
        cache: CacheDirective = _NO_DIRECTIVE,
        idempotency_key: str | None = None,
        traceparent: str | None = None,
    ) -> Call:
        """Prepare a call; nothing happens before `run`."""
        return Call(
            id=new_call_id(),
            principal=principal,
            snapshot=self.snapshot,
            request=request,
            purpose=purpose,
            document=document,
            thread=thread,
            tags=tags or {},
            cache=cache,
            idempotency_key=idempotency_key,
            trace=None if self._tracer is None else Trace.continued(traceparent),
        )

    def turned_away(
        self, principal: Principal, operation: Operation
    ) -> tuple[str, LimitExceeded] | None:
        """Whether a limit would refuse any call of the caller now: then it is counted as refused,
        and need not be read. Asks nobody.

        Returns the id of its record, which it shares with others of that second, and the error.
        """
        return self._parts.turned_away.ask(self.snapshot, principal, operation)

    async def run(self, call: Call) -> Events:
        """The call's events, through every step. Wrap in `contextlib.aclosing`.

        Raises:
            MeshError: Before the first event, or after it when the answer breaks off.
        """
        metrics = self._metrics
        metrics.running += 1
        self._live[call.id] = call
        self._idle.clear()
        failure: BaseException | None = None
        try:
            async with aclosing(await self._pipeline(call)) as events:
                async for event in events:
                    yield event
        except BaseException as error:
            failure = error
            raise
        finally:
            del self._live[call.id]
            if not self._live:
                self._idle.set()
            if self._parts.retired:
                self._parts.close_retired()
            metrics.running -= 1
            outcome = outcome_of(call, failure)
            if failure is not None or call.report.notices or call.report.verdicts:
                self._parts.watcher.note(call, failure)
                self._parts.guard_troubles.note(failure)
            if self._tracer is not None:
                self._tracer.observe(call, outcome, failure)
            metrics.observe(call, outcome)
            self._parts.performance.observe(call, outcome)

    def stream(self, request: Request, *, parent: str, purpose: NestedPurpose) -> Events:
        """A call the mesh makes for the running call `parent` (`spi.Models`).

        Raises:
            NotFound: No such call is running.
        """
        return self._parts.nested.stream(request, parent=parent, purpose=purpose)

    async def dry_run(self, call: Call) -> DryRun:
        """What the call would send and cost; nothing of it is sent or recorded. Guards that ask
        models ask them: those calls are real, and recorded.
        """
        with self._parts.nested.rehearsal(call):
            return await dry_run(call)

    # ── what callers see ─────────────────────────────────────────────────────

    async def me(self, principal: Principal) -> Me:
        """Who the caller is and what is open to them."""
        await self._load_preferences(principal.user)
        groups = self.snapshot.groups_of(principal)
        purposes, required = self.snapshot.purposes(groups)
        return Me(
            user=principal.user,
            groups=sorted(groups),
            scopes=sorted(scope.value for scope in principal.scopes),
            via=principal.via,
            host=self._host,
            version=__version__,
            purposes=list(purposes),
            purpose_required=required,
            default_model=self._default_model(principal),
            admin_contact=self.admin_contact,
            file_formats=list(file_formats()),
        )

    async def models(self, principal: Principal) -> Models:
        """The catalogue as the caller sees it, with what was found and could be connected."""
        await self._load_preferences(principal.user)
        return Models(
            models=cards(self.snapshot, self._parts.health, principal),
            offers=self._open_offers() if principal.may(Scope.CONFIGURE) else [],
            default_model=self._default_model(principal),
        )

    async def costs(self, principal: Principal, document: str | None) -> CostSummary:
        """What the cost part of the sidebar shows."""
        return await self._costs.summary(self.snapshot, principal, document)

    async def budgets(self, principal: Principal) -> list[BudgetStatus]:
        """Budgets that apply to the caller."""
        return await self._costs.budgets(self.snapshot, principal)

    async def calls(
        self,
        principal: Principal,
        search: CallSearch = ALL_CALLS,
        *,
        view: View | None = None,
        before: str | None = None,
        limit: int = 50,
    ) -> CallPage:
        """Recorded calls, newest first. Without a `view` everybody's for auditors, else one's own.

        Raises:
            NotPermitted: The credential may not see so much.
            InvalidRequest: `before` is not the `next` of a page.
        """
        return await self._records.page(principal, search, view=view, before=before, limit=limit)

    async def call_detail(self, principal: Principal, call_id: str) -> CallDetail:
        """Everything recorded of one call.

        Raises:
            NotFound: It does not exist, or the caller may not see it.
        """
        return await self._records.detail(principal, call_id)

    async def accept_offer(self, principal: Principal, offer_id: str) -> Models:
        """Connect something that was found. Its first chat model becomes the default of whoever has
        none.

        Raises:
            NotPermitted: The credential may not configure.
            NotFound: No such offer is open.
        """
        if not principal.may(Scope.CONFIGURE):
            raise NotPermitted("This credential may not connect anything; do it in JupyterLab.")
        await self._parts.accept(offer_id)
        return await self.models(principal)

    async def set_preference(self, principal: Principal, preference: Preference) -> Me:
        """Choose the model that is asked when a cell names none; None goes back to the mesh's
        default.

        Raises:
            NotFound: The model is not open to the caller.
        """
        model = preference.default_model
        if model is not None and model not in self.snapshot.visible(principal):
            raise NotFound(f"No model {model[:80]!r} is open to you.")
        await self._load_preferences(principal.user)
        await self._parts.history.set_preference(principal.user, "default_model", model)
        known = self._preferences[principal.user]
        if model is None:
            known.pop("default_model", None)
        else:
            known["default_model"] = model
        return await self.me(principal)

    def key_principal(self, token: str) -> Principal | None:
        """Whose API key this is; None when nobody's, or when it has expired."""
        return self.signed_in.bearer(key_hash(token))

    # ── operation ────────────────────────────────────────────────────────────

    def health(self) -> Health:
        """Whether calls are taken, and if not, why."""
        return health_of(self._parts)

    async def metrics(self) -> str:
        """Prometheus' text format."""
        ready = self.health().status == "ok"
        return self._metrics.text(await gauges(self._parts, ready=ready))

    async def reload(self) -> None:
        """Take over `mesh.yaml` now, for new calls; what is wrong in it is logged, shown by
        `health`, and nothing of it is taken over.

        Raises:
            StoreUnavailable: The change cannot be recorded, so it is not in force yet; it is tried
                again.
        """
        await self._parts.governance.refresh(reread=True)

    async def aclose(self) -> None:
        """Let running calls end for a few seconds, then close connections and store."""
        self.revisions.end()
        try:
            async with asyncio.timeout(_DRAIN_SECONDS):
                while self._live:
                    self._idle.clear()
                    await self._idle.wait()
        except TimeoutError:
            _log.warning("%d calls were still running when the mesh closed.", len(self._live))
        await self._parts.aclose()

    def _open_offers(self) -> list[Offer]:
        configured = self._parts.governance.config.connections
        return [one for one in self._parts.offers.open() if one.id not in configured]

    async def _load_preferences(self, user: str) -> None:
        if user not in self._preferences:
            self._preferences[user] = await self._parts.history.preferences(user)

    def _default_model(self, principal: Principal) -> str | None:
        """The caller's choice, else the admin's, else the cheapest chat model, a real one before a
        demo.
        """
        names = self.snapshot.visible(principal)
        chosen = self._preferences.get(principal.user, {}).get("default_model")
        for name in (chosen, self._parts.governance.config.default_model):
            if name is not None and name in names:
                return name
        chats = [
            card for card in cards(self.snapshot, self._parts.health, principal)
            if Operation.CHAT.value in card.operations
        ]  # fmt: skip
        chats.sort(key=dearness)
        return chats[0].id if chats else None


__all__ = ["Host", "Mesh"]
