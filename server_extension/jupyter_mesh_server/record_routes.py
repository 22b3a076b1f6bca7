"""`/mesh/api/…` of the record: its export, what was done with it, the inventory of uses."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from jupyter_mesh.errors import InvalidRequest
from jupyter_mesh.schemas.audit_acts import Erasure
from jupyter_mesh.schemas.files import FILE_FORMATS, FileFormat
from jupyter_mesh.schemas.json import Json

from .admin_routes import number
from .api_routes import parsed
from .call_search import SEARCH_FIELDS, flag, search_of, view_of
from .exchange import HttpRequest, Reply
from .file_stream import file_reply
from .gateway import Gateway
from .moments import moment
from .replies import reply_with

_SHOWN = timedelta(days=30)
_MOST_ACTS = 200


async def get_inventory(gateway: Gateway, request: HttpRequest, _body: Json) -> Reply:
    """`GET /api/inventory?since=&until=`; without `since` the figures are of the last 30 days."""
    since, until = _times(request.fields("since", "until"))
    return reply_with(await gateway.mesh.inventory.report(since=since, until=until))


def _times(fields: dict[str, str]) -> tuple[datetime, datetime]:
    until = moment(fields, "until") or datetime.now(UTC)
    return moment(fields, "since") or until - _SHOWN, until


async def export_calls(gateway: Gateway, request: HttpRequest, _body: Json) -> Reply:
    """`GET /api/audit/export?format=&content=&view=` and the fields of a search."""
    fields = request.fields("format", "content", "view", *SEARCH_FIELDS)
    format = _format(fields)
    pieces = await gateway.mesh.export.file(
        request.principal,
        search_of(fields),
        format,
        view=view_of(fields),
        content=flag(fields, "content") or False,
    )
    return await file_reply(pieces, format, "calls")


async def export_inventory(gateway: Gateway, request: HttpRequest, _body: Json) -> Reply:
    """`GET /api/inventory/export?format=&since=&until=`."""
    fields = request.fields("format", "since", "until")
    format = _format(fields)
    since, until = _times(fields)
    pieces = await gateway.mesh.inventory.file(request.principal, format, since=since, until=until)
    return await file_reply(pieces, format, "inventory")


async def get_acts(gateway: Gateway, request: HttpRequest, _body: Json) -> Reply:
    """`GET /api/audit/acts?subject=&act=&before=&limit=`, newest first."""
    fields = request.fields("subject", "act", "before", "limit")
    limit = number(fields, "limit") or 50
    if not 1 <= limit <= _MOST_ACTS:
        raise InvalidRequest(f"`limit` must be from 1 to {_MOST_ACTS}.", param="limit")
    acts = await gateway.mesh.acts.page(
        subject=fields.get("subject"),
        act=fields.get("act"),
        before=number(fields, "before"),
        limit=limit,
    )
    return reply_with(acts)


async def erase_content(gateway: Gateway, request: HttpRequest, body: Json) -> Reply:
    """`POST /api/audit/erase`."""
    erasure = parsed(Erasure, body)
    return reply_with(await gateway.mesh.acts.erase(request.principal, erasure))


def _format(fields: dict[str, str]) -> FileFormat:
    asked = fields.get("format", "jsonl")
    for format in FILE_FORMATS:
        if asked == format:
            return format
    raise InvalidRequest(f"`format` is one of {', '.join(FILE_FORMATS)}.", param="format")
