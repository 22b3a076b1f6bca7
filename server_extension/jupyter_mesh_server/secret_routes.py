"""`/mesh/api/secrets` and `/mesh/api/master-key`: for admins; no reply holds a value."""

from __future__ import annotations

from jupyter_mesh.schemas.json import Json
from jupyter_mesh.schemas.secrets import SecretValue

from .api_routes import parsed
from .exchange import HttpRequest, Reply
from .gateway import Gateway
from .replies import json_reply, reply_with


async def get_secrets(gateway: Gateway, request: HttpRequest, _body: Json) -> Reply:
    """`GET /api/secrets`."""
    request.fields()
    return reply_with(await gateway.mesh.secrets.listed())


async def put_secret(gateway: Gateway, request: HttpRequest, body: Json) -> Reply:
    """`PUT /api/secrets/{name}`."""
    wanted = parsed(SecretValue, body)
    name = request.params["name"]
    await gateway.mesh.secrets.set(request.principal, name, wanted.value, test=wanted.test)
    return json_reply({})


async def delete_secret(gateway: Gateway, request: HttpRequest, _body: Json) -> Reply:
    """`DELETE /api/secrets/{name}`."""
    request.fields()
    await gateway.mesh.secrets.remove(request.principal, request.params["name"])
    return json_reply({})


async def rotate_master_key(gateway: Gateway, request: HttpRequest, _body: Json) -> Reply:
    """`POST /api/master-key/rotate`."""
    request.fields()
    return reply_with(await gateway.mesh.secrets.rotate(request.principal))
