"""The mesh's own API (`/mesh/api/…`), with its bodies as they are declared in `schemas.api`."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import quote

from ..schemas.json import as_list
from .caller import caller_headers, current_notebook
from .errors import MeshClientError
from .transport import Transport

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pydantic import BaseModel

    from ..schemas.api import BudgetStatus, CallPage, CostSummary, DryRun, Me, Models
    from ..schemas.json import Json, JsonObject
    from .call import ChatCall

    BodyT = TypeVar("BodyT", bound=BaseModel)


class Api:
    """One method per route that notebooks use. Errors are `MeshClientError`."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def me(self) -> Me:
        """Who the caller is to the gateway."""
        return _read("Me", await self._get("api/me"))

    async def models(self, *, seconds: float = 30.0) -> Models:
        """Models open to the caller, offers, and the default model."""
        return _read("Models", await self._get("api/models", seconds=seconds))

    async def costs(self, document: str | None = None) -> CostSummary:
        """Cost of a notebook (by default the one that is running), of today and of the month."""
        document = document or current_notebook().document
        params = {"document": document} if document else None
        return _read("CostSummary", await self._get("api/costs", params))

    async def budgets(self) -> list[BudgetStatus]:
        """Budgets that apply to the caller."""
        body = await self._get("api/budgets")
        return [_read("BudgetStatus", item) for item in as_list(body.get("budgets")) or ()]

    async def calls(self, document: str | None = None, *, limit: int = 20) -> CallPage:
        """The caller's latest calls, newest first."""
        params = {"limit": str(limit)} | ({"document": document} if document else {})
        return _read("CallPage", await self._get("api/calls", params))

    async def accept_offer(self, offer_id: str) -> Models:
        """Switch on something the mesh found; from then on it may cost money."""
        path = f"api/offers/{quote(offer_id, safe='')}/accept"
        reply = await self._transport.call("POST", path, body={}, headers=caller_headers())
        return _read("Models", reply.body)

    async def dry_run(self, call: ChatCall) -> DryRun:
        """What a call would send and cost; nothing is sent."""
        body: JsonObject = {"operation": "chat", "body": call.body(stream=False)}
        reply = await self._transport.call("POST", "api/dry-run", body=body, headers=call.headers())
        return _read("DryRun", reply.body)

    async def _get(
        self, path: str, params: Mapping[str, str] | None = None, seconds: float = 30.0
    ) -> JsonObject:
        reply = await self._transport.call(
            "GET", path, params=params, headers=caller_headers(), seconds=seconds
        )
        return reply.body


def _read(name: str, body: Json) -> Any:
    """`body` as the class of that name; pydantic is imported with the first one."""
    from pydantic import ValidationError

    schemas = import_module("jupyter_mesh.schemas.api")
    declared: type[BaseModel] = getattr(schemas, name)
    try:
        return declared.model_validate(body)
    except ValidationError as failure:
        raise MeshClientError(
            f"The gateway's {name} has another form than this client knows: "
            "install the same version of jupyter-mesh here and there.",
            code="protocol_error",
        ) from failure
