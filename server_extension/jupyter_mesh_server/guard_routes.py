"""`/mesh/api/guards…`: the forms of policy, trying it, and what guards found."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from jupyter_mesh.schemas.guards import GuardTrial, PolicyReplay
from jupyter_mesh.schemas.json import Json

from .admin_routes import answerable
from .api_routes import parsed
from .exchange import HttpRequest, Reply
from .gateway import Gateway
from .moments import moment
from .replies import reply_with


async def get_guards(gateway: Gateway, request: HttpRequest, _body: Json) -> Reply:
    """`GET /api/guards`."""
    request.fields()
    return reply_with(gateway.mesh.guards.forms())


async def get_guard_use(gateway: Gateway, request: HttpRequest, _body: Json) -> Reply:
    """`GET /api/guards/use?since=&until=`; without `since` of the last seven days."""
    fields = request.fields("since", "until")
    until = moment(fields, "until") or datetime.now(UTC)
    since = moment(fields, "since") or until - timedelta(days=7)
    return reply_with(await gateway.mesh.guards.use(since, until))


async def try_guards(gateway: Gateway, request: HttpRequest, body: Json) -> Reply:
    """`POST /api/guards/try`: what comes of a text; nothing is sent."""
    trial = parsed(GuardTrial, body)
    with answerable():
        return reply_with(await gateway.mesh.guards.try_text(request.principal, trial))


async def replay_policy(gateway: Gateway, request: HttpRequest, body: Json) -> Reply:
    """`POST /api/guards/replay`: what a policy would have done to past calls."""
    asked = parsed(PolicyReplay, body)
    with answerable():
        return reply_with(await gateway.mesh.guards.replay(request.principal, asked))


async def read_guard(gateway: Gateway, request: HttpRequest, _body: Json) -> Reply:
    """`POST /api/guards/{name}/read`: at once, not only when its time has come."""
    request.fields()
    return reply_with(gateway.mesh.guards.read_again(request.params["name"]))
