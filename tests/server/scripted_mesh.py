"""A mesh without a pipeline, for tests of what carries requests and replies.

A chat to the model `script/<name>` plays that script; everything else answers with fixed values.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import aclosing
from dataclasses import asdict
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, cast

import orjson

from jupyter_mesh.errors import (
    BudgetExceeded,
    LimitExceeded,
    NotFound,
    ProviderUnavailable,
)
from jupyter_mesh.mesh.revisions import Revisions
from jupyter_mesh.mesh.sums import NOTHING
from jupyter_mesh.mesh.usage_reports import UsageReports
from jupyter_mesh.pipeline.call import CacheDirective, Call
from jupyter_mesh.pipeline.snapshot import Snapshot
from jupyter_mesh.schemas import api
from jupyter_mesh.schemas.call_search import ALL_CALLS, CallSearch, View
from jupyter_mesh.schemas.events import Answer, Events, Finished, Metered
from jupyter_mesh.schemas.json import Json, JsonObject
from jupyter_mesh.schemas.principal import Principal, Scope
from jupyter_mesh.schemas.request import Operation, Request
from jupyter_mesh.schemas.spend import Usage
from jupyter_mesh.spi.journal import History
from jupyter_mesh.storage.usage import usage_query

from .calls import USAGE, chunk, data_of, report_a_cost, usage_chunk

APP_KEY = "mesh-application-key"
ADMIN_KEY = "mesh-admin-key"
SECRET = "sk-canary-upstream-key"

Script = Callable[[Call], Events]


async def answer(call: Call) -> Events:
    """Two tokens."""
    if call.request.stream:
        yield chunk("a")
        yield chunk("b")
        yield usage_chunk()
    elif call.request.operation is Operation.CHAT:
        choices: list[Json] = [{"index": 0, "message": {"role": "assistant", "content": "ab"}}]
        data: JsonObject = {**data_of(""), "object": "chat.completion", "choices": choices}
        yield Answer(data, orjson.dumps({**data, "usage": USAGE}))
    else:
        vectors: list[Json] = [{"object": "embedding", "index": 0, "embedding": [0.5]}]
        yield Answer({"object": "list", "data": vectors, "model": "y", "usage": USAGE})
    report_a_cost(call)
    yield Metered(Usage(input=3, output=2), "x/y", Decimal("0.0012"))
    yield Finished()


async def refuse(_call: Call) -> Events:
    """Fails before the first event."""
    raise BudgetExceeded("The budget of ada is used up.")
    yield Finished()


async def wait_a_while(_call: Call) -> Events:
    """Says when to come back."""
    raise LimitExceeded("Too many.", retry_after=2.2)
    yield Finished()


async def crash(_call: Call) -> Events:
    """Fails in a way nobody foresaw."""
    raise RuntimeError(f"secret\nforged log line {SECRET}")
    yield Finished()


async def break_off(_call: Call) -> Events:
    """Fails after the first event."""
    yield chunk("a")
    await asyncio.sleep(0.01)
    raise ProviderUnavailable("The connection broke.")


async def crash_late(_call: Call) -> Events:
    """Fails after the first event in a way nobody foresaw."""
    yield chunk("a")
    await asyncio.sleep(0.01)
    raise RuntimeError(f"secret {SECRET}")


class NoCalls:
    """A history in which nothing was spent."""

    async def usage(
        self, *, since: datetime, until: datetime, by: Sequence[str], **narrowed: Any
    ) -> list[api.UsageRow]:
        usage_query(since=since, until=until, by=by, **narrowed)
        return []


class NothingThere:
    """A part of the mesh in which nothing is ever found."""

    def __getattr__(self, _name: str) -> Callable[..., object]:
        def refuse_all(*_positional: object, **_named: object) -> object:
            raise NotFound("There is nothing here.")

        return refuse_all


class ScriptedMesh:
    """Has the methods of `Mesh` that the routes use."""

    def __init__(self) -> None:
        self.administration = NothingThere()
        self.cache = NothingThere()
        self.keys = NothingThere()
        self.performance = NothingThere()
        self.alerts = NothingThere()
        self.guards = NothingThere()
        self.audit = NothingThere()
        self.inventory = NothingThere()
        self.export = NothingThere()
        self.acts = NothingThere()
        self.secrets = NothingThere()
        self.revisions = Revisions()
        self.scripts: dict[str, Script] = {
            "answer": answer,
            "refuse": refuse,
            "wait": wait_a_while,
            "crash": crash,
            "break": break_off,
            "crash_late": crash_late,
        }
        self.calls_made: list[Call] = []
        self.full: LimitExceeded | None = None
        self.running = 0

    def call(
        self,
        principal: Principal,
        request: Request,
        *,
        purpose: str | None = None,
        document: str | None = None,
        tags: JsonObject | None = None,
        cache: CacheDirective = CacheDirective(),  # noqa: B008 frozen
        idempotency_key: str | None = None,
        traceparent: str | None = None,
        thread: str | None = None,
    ) -> Call:
        call = Call(
            id=f"call_{len(self.calls_made)}",
            principal=principal,
            snapshot=Snapshot(),
            request=request,
            purpose=purpose,
            document=document,
            tags=tags or {},
            cache=cache,
            idempotency_key=idempotency_key,
            thread=thread,
        )
        self.calls_made.append(call)
        return call

    def turned_away(
        self, principal: Principal, operation: Operation
    ) -> tuple[str, LimitExceeded] | None:
        return None if self.full is None else ("call_of_many", self.full)

    async def run(self, call: Call) -> Events:
        script = self.scripts.get(call.request.model.partition("/")[2], answer)
        self.running += 1
        try:
            async with aclosing(script(call)) as events:
                async for event in events:
                    yield event
        finally:
            self.running -= 1

    usage_reports = UsageReports(cast(History, NoCalls()), Snapshot)

    async def me(self, principal: Principal) -> api.Me:
        return api.Me(
            user=principal.user,
            groups=sorted(principal.groups),
            scopes=sorted(principal.scopes),
            via=principal.via,
            host="personal",
            version="0",
            purposes=[],
            purpose_required=False,
            default_model=None,
        )

    async def models(self, _principal: Principal) -> api.Models:
        card = api.ModelCard(
            id="x/org/y",
            kind="model",
            provider="x",
            connection="x",
            targets=[],
            operations=["chat"],
            capabilities=[],
            context_window=None,
            max_output=None,
            price=None,
            residency="local",
            trains_on_requests=None,
            retains_requests=None,
            offline_demo=True,
            description="",
            speed=None,
            healthy=True,
        )
        return api.Models(models=[card], offers=[], default_model=None)

    async def dry_run(self, call: Call) -> api.DryRun:
        return api.DryRun(
            model="x/y",
            candidates=["x/y"],
            prompt=call.request.body,
            findings=[],
            blocked=False,
            input_tokens=3,
            max_output_tokens=10,
            estimated_cost_usd=None,
            max_cost_usd=None,
        )

    async def costs(self, _principal: Principal, document: str | None) -> api.CostSummary:
        return api.CostSummary(
            document=document,
            notebook=None,
            notebook_series=[],
            today=NOTHING,
            month=NOTHING,
            month_by_model=[],
            month_by_application=[],
            budgets=[],
        )

    async def budgets(self, _principal: Principal) -> list[api.BudgetStatus]:
        return []

    async def calls(
        self,
        _principal: Principal,
        search: CallSearch = ALL_CALLS,
        *,
        view: View | None = None,
        before: str | None = None,
        limit: int = 50,
    ) -> api.CallPage:
        shown = {name: value for name, value in asdict(search).items() if value is not None}
        return api.CallPage(calls=[], next=f"{shown}|{view}|{before}|{limit}")

    async def call_detail(self, _principal: Principal, call_id: str) -> api.CallDetail:
        raise NotFound(f"No call {call_id!r}.")

    async def accept_offer(self, principal: Principal, offer_id: str) -> api.Models:
        if offer_id != "found":
            raise NotFound(f"No offer {offer_id!r}.")
        return await self.models(principal)

    async def set_preference(self, principal: Principal, _preference: api.Preference) -> api.Me:
        return await self.me(principal)

    def key_principal(self, token: str) -> Principal | None:
        scopes = {APP_KEY: frozenset({Scope.USE}), ADMIN_KEY: frozenset(Scope)}.get(token)
        if scopes is None:
            return None
        return Principal(user="app", scopes=scopes, via="key", application="app", key_id="k")

    def health(self) -> api.Health:
        return api.Health(status="ok", checks={"store": "ok"}, version="0")

    async def metrics(self) -> str:
        return "mesh_calls_total 1\n"

    async def aclose(self) -> None:
        return None


NOW = datetime(2026, 1, 1, tzinfo=UTC)
