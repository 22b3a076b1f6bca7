"""`/mesh/api/alerts`: what somebody should look at, and whether channels work."""

from __future__ import annotations

from typing import cast

from jupyter_mesh.errors import InvalidRequest
from jupyter_mesh.schemas.alerts import ALERT_KINDS, LISTED, MOST_ALERTS, AlertKind, Listed
from jupyter_mesh.schemas.json import Json

from .exchange import HttpRequest, Reply
from .gateway import Gateway
from .replies import reply_with


async def get_alerts(gateway: Gateway, request: HttpRequest, _body: Json) -> Reply:
    """`GET /api/alerts?state=open&kind=&before=&limit=`."""
    fields = request.fields("state", "kind", "before", "limit")
    state = _one_of(fields, "state", LISTED) or "open"
    kind = _one_of(fields, "kind", ALERT_KINDS)
    limit = fields.get("limit", "50")
    if not (limit.isascii() and limit.isdigit() and 1 <= int(limit[:9]) <= MOST_ALERTS):
        raise InvalidRequest(f"`limit` must be from 1 to {MOST_ALERTS}.", param="limit")
    page = await gateway.mesh.alerts.page(
        state=cast(Listed, state),
        kind=cast("AlertKind | None", kind),
        before=fields.get("before"),
        limit=int(limit),
    )
    return reply_with(page)


async def get_alert_summary(gateway: Gateway, request: HttpRequest, _body: Json) -> Reply:
    """`GET /api/alerts/summary`."""
    request.fields()
    return reply_with(await gateway.mesh.alerts.summary())


async def acknowledge_alert(gateway: Gateway, request: HttpRequest, _body: Json) -> Reply:
    """`POST /api/alerts/{id}/acknowledge`."""
    request.fields()
    return reply_with(
        await gateway.mesh.alerts.acknowledge(request.principal, request.params["id"])
    )


async def get_channel_kinds(gateway: Gateway, request: HttpRequest, _body: Json) -> Reply:
    """`GET /api/alerts/channels`."""
    request.fields()
    return reply_with(gateway.mesh.alerts.kinds())


async def try_channel(gateway: Gateway, request: HttpRequest, _body: Json) -> Reply:
    """`POST /api/alerts/channels/{name}/test`: really sends one."""
    request.fields()
    return reply_with(await gateway.mesh.alerts.test(request.params["name"]))


def _one_of(fields: dict[str, str], name: str, known: tuple[str, ...]) -> str | None:
    value = fields.get(name)
    if value is not None and value not in known:
        raise InvalidRequest(f"`{name}` is one of {', '.join(known)}.", param=name)
    return value
