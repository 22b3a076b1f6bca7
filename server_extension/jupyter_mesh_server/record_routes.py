"""`/mesh/api/…` for auditors: the inventory of uses."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from jupyter_mesh.schemas.json import Json

from .exchange import HttpRequest, Reply
from .gateway import Gateway
from .moments import moment
from .replies import reply_with

_SHOWN = timedelta(days=30)


async def get_inventory(gateway: Gateway, request: HttpRequest, _body: Json) -> Reply:
    """`GET /api/inventory?since=&until=`; without `since` the figures are of the last 30 days."""
    since, until = _times(request.fields("since", "until"))
    return reply_with(await gateway.mesh.inventory.report(since=since, until=until))


def _times(fields: dict[str, str]) -> tuple[datetime, datetime]:
    until = moment(fields, "until") or datetime.now(UTC)
    return moment(fields, "since") or until - _SHOWN, until
