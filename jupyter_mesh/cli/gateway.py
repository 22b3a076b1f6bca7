"""The gateway that a command asks: one that runs, or this user's mesh, opened for the command."""

from __future__ import annotations

import asyncio
import os
import secrets
from argparse import Namespace
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TypeVar

from ..client import AsyncMesh
from ..client.endpoint import Endpoint, find_endpoint
from .places import chosen

Result = TypeVar("Result")


def ask_gateway(arguments: Namespace, work: Callable[[AsyncMesh], Awaitable[Result]]) -> Result:
    """Run `work` with a client of the gateway.

    Raises:
        MeshError: There is no gateway, or it refused.
    """

    async def run() -> Result:
        async with _endpoint(arguments) as endpoint, AsyncMesh(endpoint) as mesh:
            return await work(mesh)

    return asyncio.run(run())


@asynccontextmanager
async def _endpoint(arguments: Namespace) -> AsyncGenerator[Endpoint]:
    elsewhere = os.environ.get("JUPYTER_MESH_URL") and not (arguments.config or arguments.state)
    if elsewhere:
        yield find_endpoint()
        return
    from jupyter_mesh_server.service import Service

    token = secrets.token_urlsafe(32)
    mine = chosen(arguments)
    service = await Service.start(
        mine.config, mine.state_dir, "127.0.0.1", 0, config_file=mine.config_file, owner_token=token
    )
    try:
        yield Endpoint(service.url, token)
    finally:
        await service.aclose()
