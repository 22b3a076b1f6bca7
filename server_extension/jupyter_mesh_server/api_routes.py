"""`/mesh/api/…`: the mesh's own API, which the sidebar, the magics and the command line use."""

from __future__ import annotations

from typing import TypeVar

from pydantic import BaseModel, ValidationError

from jupyter_mesh.errors import InvalidRequest
from jupyter_mesh.schemas.api import MOST_CALLS, Budgets, DryRunRequest, Me, Preference
from jupyter_mesh.schemas.json import Json
from jupyter_mesh.schemas.request import Operation, parse_request

from .call_options import call_options
from .call_search import SEARCH_FIELDS, search_of, view_of
from .exchange import HttpRequest, Reply
from .gateway import Gateway
from .replies import reply_with
from .routing_headers import refuse_routing_headers

Body = TypeVar("Body", bound=BaseModel)


async def get_me(gateway: Gateway, request: HttpRequest, _body: Json) -> Reply:
    """`GET /api/me`."""
    request.fields()
    me = await gateway.mesh.me(request.principal)
    return reply_with(await _with_site(me, gateway, request))


async def put_preferences(gateway: Gateway, request: HttpRequest, body: Json) -> Reply:
    """`PUT /api/preferences`."""
    preference = parsed(Preference, body)
    me = await gateway.mesh.set_preference(request.principal, preference)
    return reply_with(await _with_site(me, gateway, request))


async def _with_site(me: Me, gateway: Gateway, request: HttpRequest) -> Me:
    return me.model_copy(update={"site": await gateway.site(request)})


async def get_models(gateway: Gateway, request: HttpRequest, _body: Json) -> Reply:
    """`GET /api/models`."""
    request.fields()
    return reply_with(await gateway.mesh.models(request.principal))


async def accept_offer(gateway: Gateway, request: HttpRequest, _body: Json) -> Reply:
    """`POST /api/offers/{id}/accept`."""
    return reply_with(await gateway.mesh.accept_offer(request.principal, request.params["id"]))


async def get_costs(gateway: Gateway, request: HttpRequest, _body: Json) -> Reply:
    """`GET /api/costs?document=`; without `document` the notebook whose kernel asks."""
    document = request.fields("document").get("document")
    if document is None:
        document = await gateway.document(call_options(request.headers))
    return reply_with(await gateway.mesh.costs(request.principal, document))


async def get_budgets(gateway: Gateway, request: HttpRequest, _body: Json) -> Reply:
    """`GET /api/budgets`."""
    request.fields()
    return reply_with(Budgets(budgets=await gateway.mesh.budgets(request.principal)))


async def get_calls(gateway: Gateway, request: HttpRequest, _body: Json) -> Reply:
    """`GET /api/calls?view=&document=&before=&limit=` and more fields, newest first."""
    fields = request.fields("view", *SEARCH_FIELDS, "before", "limit")
    limit = fields.get("limit", "50")
    if not (limit.isascii() and limit.isdigit() and 1 <= int(limit[:9]) <= MOST_CALLS):
        raise InvalidRequest(f"`limit` must be from 1 to {MOST_CALLS}.", param="limit")
    page = await gateway.mesh.calls(
        request.principal,
        search_of(fields),
        view=view_of(fields),
        before=fields.get("before"),
        limit=int(limit),
    )
    return reply_with(page)


async def get_call(gateway: Gateway, request: HttpRequest, _body: Json) -> Reply:
    """`GET /api/calls/{id}`."""
    return reply_with(await gateway.mesh.call_detail(request.principal, request.params["id"]))


async def dry_run(gateway: Gateway, request: HttpRequest, body: Json) -> Reply:
    """`POST /api/dry-run`: what a call would send and cost; nothing is sent."""
    refuse_routing_headers(request.headers)
    asked = parsed(DryRunRequest, body)
    options = call_options(request.headers)
    call = gateway.mesh.call(
        request.principal,
        parse_request(Operation(asked.operation), asked.body),
        purpose=options.purpose,
        document=await gateway.document(options),
        tags=options.tags,
        cache=options.cache,
    )
    return reply_with(await gateway.mesh.dry_run(call))


def parsed(model: type[Body], body: Json) -> Body:
    """`body` as a `model`.

    Raises:
        InvalidRequest: It is not one; `param` names the first field at fault.
    """
    try:
        return model.model_validate(body)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        field = ".".join(str(part) for part in first["loc"])[:80]
        where = f"`{field}`" if field else "The body"
        raise InvalidRequest(f"{where}: {first['msg']}.", param=field or None) from None
