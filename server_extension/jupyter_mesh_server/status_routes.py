"""Routes about the gateway itself: alive, ready, metrics, its own description."""

from __future__ import annotations

from jupyter_mesh.errors import MeshError
from jupyter_mesh.schemas.api import Health
from jupyter_mesh.schemas.json import Json

from .exchange import HttpRequest, JsonReply, Reply
from .gateway import Gateway
from .replies import json_reply, reply_with

_PROMETHEUS = "text/plain; version=0.0.4; charset=utf-8"

_HUB_ANSWERS = """\
# HELP jupyter_mesh_hub_answers 1 if JupyterHub answers now.
# TYPE jupyter_mesh_hub_answers gauge
jupyter_mesh_hub_answers {}
"""


async def healthz(_gateway: Gateway, _request: HttpRequest, _body: Json) -> Reply:
    """`GET /healthz`: the process answers."""
    return JsonReply(b'{"status":"ok"}')


async def readyz(gateway: Gateway, _request: HttpRequest, _body: Json) -> Reply:
    """`GET /readyz`: 200 while calls are taken, else 503; no reason, since anybody may ask."""
    try:
        status = gateway.mesh.health().status
    except MeshError:
        status = "unavailable"
    return json_reply({"status": status}, 200 if status == "ok" else 503)


async def get_health(gateway: Gateway, request: HttpRequest, _body: Json) -> Reply:
    """`GET /api/health`: the same with every check. A Hub that does not answer is told, and turns
    nothing red: whom it has named before, and API keys, go on.
    """
    request.fields()
    health: Health = gateway.mesh.health()
    if gateway.hub_state is not None:
        checks = {**health.checks, "hub": await gateway.hub_state()}
        health = health.model_copy(update={"checks": checks})
    return reply_with(health, 200 if health.status == "ok" else 503)


async def metrics(gateway: Gateway, _request: HttpRequest, _body: Json) -> Reply:
    """`GET /metrics` for Prometheus."""
    text = await gateway.mesh.metrics()
    if gateway.hub_state is not None:
        answers = int(await gateway.hub_state() == "ok")
        text += _HUB_ANSWERS.format(answers)
    return JsonReply(text.encode(), content_type=_PROMETHEUS)


async def openapi(_gateway: Gateway, _request: HttpRequest, _body: Json) -> Reply:
    """`GET /api/openapi.json`: this API, described."""
    from .openapi import document_bytes

    return JsonReply(document_bytes())
