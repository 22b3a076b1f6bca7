"""`/mesh/api/…` for admins: settings, connections, who changed what; and everybody's API keys."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from jupyter_mesh.errors import ConfigError, InvalidRequest
from jupyter_mesh.schemas.admin import ConnectionTrial, KeyRequest, Keys, SettingUpdate
from jupyter_mesh.schemas.audit_proof import AuditCheck
from jupyter_mesh.schemas.json import Json
from jupyter_mesh.schemas.performance import Grouping

from .api_routes import parsed
from .exchange import HttpRequest, Reply
from .gateway import Gateway
from .moments import moment
from .replies import json_reply, reply_with

_MOST_CHANGES = 200


@contextmanager
def answerable() -> Generator[None]:
    """A wrong setting is the mistake of whoever sent it: refused, and no failure of the gateway."""
    try:
        yield
    except ConfigError as error:
        error.status, error.kind = InvalidRequest.status, InvalidRequest.kind
        raise


async def get_settings(gateway: Gateway, request: HttpRequest, _body: Json) -> Reply:
    """`GET /api/settings/{kind}`."""
    request.fields()
    return reply_with(gateway.mesh.administration.settings(request.params["kind"]))


async def put_setting(gateway: Gateway, request: HttpRequest, body: Json) -> Reply:
    """`PUT /api/settings/{kind}/{name}`."""
    update = parsed(SettingUpdate, body)
    kind, name = request.params["kind"], request.params["name"]
    with answerable():
        saved = await gateway.mesh.administration.put(request.principal, kind, name, update)
    return reply_with(saved)


async def delete_setting(gateway: Gateway, request: HttpRequest, _body: Json) -> Reply:
    """`DELETE /api/settings/{kind}/{name}?version=`."""
    version = number(request.fields("version"), "version")
    kind, name = request.params["kind"], request.params["name"]
    with answerable():
        await gateway.mesh.administration.remove(request.principal, kind, name, version)
    return json_reply({})


async def get_budget_use(gateway: Gateway, request: HttpRequest, _body: Json) -> Reply:
    """`GET /api/budgets/use`."""
    request.fields()
    return reply_with(await gateway.mesh.administration.budget_use())


async def get_changes(gateway: Gateway, request: HttpRequest, _body: Json) -> Reply:
    """`GET /api/changes?kind=&name=&before=&limit=`, newest first."""
    fields = request.fields("kind", "name", "before", "limit")
    limit = number(fields, "limit") or 50
    if not 1 <= limit <= _MOST_CHANGES:
        raise InvalidRequest(f"`limit` must be from 1 to {_MOST_CHANGES}.", param="limit")
    changes = await gateway.mesh.administration.changes(
        kind=fields.get("kind"),
        name=fields.get("name"),
        before=number(fields, "before"),
        limit=limit,
    )
    return reply_with(changes)


async def get_providers(gateway: Gateway, request: HttpRequest, _body: Json) -> Reply:
    """`GET /api/providers`."""
    request.fields()
    return reply_with(gateway.mesh.administration.providers())


async def get_connections(gateway: Gateway, request: HttpRequest, _body: Json) -> Reply:
    """`GET /api/connections`."""
    request.fields()
    return reply_with(gateway.mesh.administration.connections())


async def test_connection(gateway: Gateway, request: HttpRequest, body: Json) -> Reply:
    """`POST /api/connections/{name}/test`."""
    trial = parsed(ConnectionTrial, body)
    name = request.params["name"]
    with answerable():
        return reply_with(await gateway.mesh.administration.test(name, trial))


async def get_keys(gateway: Gateway, request: HttpRequest, _body: Json) -> Reply:
    """`GET /api/keys`."""
    request.fields()
    return reply_with(Keys(keys=gateway.mesh.keys.listed(request.principal)))


async def create_key(gateway: Gateway, request: HttpRequest, body: Json) -> Reply:
    """`POST /api/keys`."""
    asked = parsed(KeyRequest, body)
    return reply_with(await gateway.mesh.keys.create(request.principal, asked), 201)


async def revoke_key(gateway: Gateway, request: HttpRequest, _body: Json) -> Reply:
    """`DELETE /api/keys/{name}`."""
    request.fields()
    await gateway.mesh.keys.revoke(request.principal, request.params["name"])
    return json_reply({})


async def purge_cache(gateway: Gateway, request: HttpRequest, _body: Json) -> Reply:
    """`DELETE /api/cache?model=&user=`: one's own answers; anybody's for admins."""
    fields = request.fields("model", "user")
    purge = gateway.mesh.cache.purge
    model, user = fields.get("model"), fields.get("user")
    return reply_with(await purge(request.principal, model=model, user=user))


async def verify_audit(gateway: Gateway, _request: HttpRequest, body: Json) -> Reply:
    """`POST /api/audit/verify`."""
    return reply_with(await gateway.mesh.audit.verify(parsed(AuditCheck, body)))


async def get_checkpoint(gateway: Gateway, request: HttpRequest, _body: Json) -> Reply:
    """`GET /api/audit/checkpoint`."""
    request.fields()
    return reply_with(await gateway.mesh.audit.checkpoint())


async def get_performance(gateway: Gateway, request: HttpRequest, _body: Json) -> Reply:
    """`GET /api/performance?since=&until=&by=model`; without `since` of the last 24 hours."""
    fields = request.fields("since", "until", "by")
    since, until = _times(fields)
    report = gateway.mesh.performance.report
    by = _grouping(fields)
    return reply_with(await report(request.principal, since=since, until=until, by=by))


async def get_performance_series(gateway: Gateway, request: HttpRequest, _body: Json) -> Reply:
    """`GET /api/performance/{key}?since=&until=&by=model&step=hour`."""
    fields = request.fields("since", "until", "by", "step")
    since, until = _times(fields)
    step = fields.get("step", "hour")
    if step not in ("hour", "day", "week"):
        raise InvalidRequest("`step` is hour, day or week.", param="step")
    series = await gateway.mesh.performance.series(
        request.principal,
        request.params["key"],
        since=since,
        until=until,
        by=_grouping(fields),
        step=step,
    )
    return reply_with(series)


def _grouping(fields: dict[str, str]) -> Grouping:
    by = fields.get("by", "model")
    if by not in ("model", "connection", "provider"):
        raise InvalidRequest("`by` is model, connection or provider.", param="by")
    return by


def _times(fields: dict[str, str]) -> tuple[datetime, datetime]:
    until = moment(fields, "until") or datetime.now(UTC)
    return moment(fields, "since") or until - timedelta(days=1), until


def number(fields: dict[str, str], name: str) -> int | None:
    """A field that is a whole number; None where it was not given.

    Raises:
        InvalidRequest: It is none.
    """
    value = fields.get(name)
    if value is None:
        return None
    if not (value.isascii() and value.isdigit() and len(value) < 19):
        raise InvalidRequest(f"`{name}` must be a number.", param=name)
    return int(value)
