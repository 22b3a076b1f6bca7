"""The one way in: route, identity, scope, body, handler; every fault becomes one shape of error."""

from __future__ import annotations

import asyncio
import re
import secrets

from jupyter_mesh.errors import InvalidRequest, NotFound, NotPermitted
from jupyter_mesh.schemas.json import Json
from jupyter_mesh.schemas.principal import Scope

from .exchange import SECURITY_HEADERS, HttpRequest, Reply
from .gateway import Gateway
from .identity import Identity
from .json_body import parse_json
from .problems import refusal, unlogged_refusal
from .route import Route, Table
from .routes import ROUTES

_LONG = 1024 * 1024
"""Bodies above this are parsed in a thread, so that others need not wait."""
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


class Dispatcher:
    """Answers every request below `/mesh`; never raises but for cancellation.

    Args:
        gateway: What the handlers need.
        identity: How this host knows its callers.
        routes: The table.
    """

    def __init__(
        self,
        gateway: Gateway,
        identity: Identity,
        routes: tuple[Route, ...] = ROUTES,
    ) -> None:
        self._gateway = gateway
        self._identity = identity
        self._table = Table(routes)

    async def __call__(self, request: HttpRequest) -> Reply:
        try:
            reply = await self._answer(request)
        except Exception as error:  # noqa: BLE001 the edge: nothing may escape to the transport
            request.id = request.id or secrets.token_hex(8)
            reply = refusal(error, request)
        request.id = request.id or secrets.token_hex(8)
        reply.headers = {**SECURITY_HEADERS, **reply.headers}
        reply.headers["X-Mesh-Request-Id"] = request.id
        return reply

    async def _answer(self, request: HttpRequest) -> Reply:
        route = self._route(request)
        if route.scope is not None:
            await self._admit(route.scope, request)
            mesh = self._gateway.mesh  # without one every such route says why, whatever was sent
            if route.asks and (turned := mesh.turned_away(request.principal, route.asks)):
                request.id, refused = turned
                return unlogged_refusal(refused, request)
            # Clients of other vendors' APIs send queries of their own.
            if not route.path.startswith(("/v1/", "/anthropic/")):
                request.fields(*route.query)
            if route.wait is not None:
                await route.wait(self._gateway, request)
                request.has_waited = True
                await self._admit(route.scope, request)  # who has signed out meanwhile is nobody
        return await route.handler(self._gateway, request, await _body(route, request))

    async def _admit(self, scope: Scope, request: HttpRequest) -> None:
        request.principal = await self._identity(request)
        if not request.principal.may(scope):
            raise NotPermitted(f"This needs a credential with the scope `{scope}`.")

    def _route(self, request: HttpRequest) -> Route:
        methods, request.params = self._table.find(request.path)
        if not methods or any(map(_CONTROL.search, request.params.values())):
            raise NotFound("There is nothing here; /mesh/api/openapi.json lists what there is.")
        method = "GET" if request.method == "HEAD" else request.method
        route = methods.get(method)
        if route is None:
            error = InvalidRequest(f"This address takes {', '.join(sorted(methods))} only.")
            error.status = 405
            raise error
        return route


async def _body(route: Route, request: HttpRequest) -> Json:
    """The parsed body of a route that takes one; nothing is read before the caller is known."""
    if route.request is None:
        return None
    raw = await request.read()
    return parse_json(raw) if len(raw) <= _LONG else await asyncio.to_thread(parse_json, raw)
