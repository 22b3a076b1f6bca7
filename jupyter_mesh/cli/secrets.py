"""`jupyter mesh secrets`: values come from a prompt or standard input, never from the command line,
where other users of the machine, and the shell's history, would see them.
"""

from __future__ import annotations

import getpass
import sys
from argparse import Namespace
from urllib.parse import quote

from ..client import AsyncMesh
from ..errors import InvalidRequest
from ..schemas.json import JsonObject
from ..schemas.secrets import SealedSecretList, SecretRotation
from .gateway import ask_gateway
from .outcome import FAILED, Output


def listed(arguments: Namespace, output: Output) -> int:
    """Names of sealed secrets, and what uses them."""

    async def work(mesh: AsyncMesh) -> SealedSecretList:
        reply = await mesh.transport.call("GET", "api/secrets")
        return SealedSecretList.model_validate(reply.body)

    found = ask_gateway(arguments, work)
    if output.as_json:
        output.value(found.model_dump(mode="json"))
        return 0
    output.table(
        ["NAME", "STORED", "USED BY", "KEY"],
        [
            [one.name, f"{one.stored_at:%Y-%m-%d %H:%M} UTC", ", ".join(one.used_by), one.key]
            for one in found.secrets
        ],
    )
    return 0


def put(arguments: Namespace, output: Output) -> int:
    """Seal a value as `store:NAME`; connections that use it are tried with it first."""
    body: JsonObject = {"value": _value(arguments.name), "test": not arguments.no_test}

    async def work(mesh: AsyncMesh) -> None:
        await mesh.transport.call("PUT", _path(arguments.name), body=body, seconds=None)

    ask_gateway(arguments, work)
    output.aside(f"Sealed; mesh.yaml may refer to it as store:{arguments.name}.")
    return 0


def delete(arguments: Namespace, output: Output) -> int:
    """Delete a secret that nothing uses."""

    async def work(mesh: AsyncMesh) -> None:
        await mesh.transport.call("DELETE", _path(arguments.name))

    ask_gateway(arguments, work)
    output.aside(f"{arguments.name} is deleted.")
    return 0


def rotate(arguments: Namespace, output: Output) -> int:
    """Seal every secret under a new key; gateways that run go on."""

    async def work(mesh: AsyncMesh) -> SecretRotation:
        reply = await mesh.transport.call("POST", "api/master-key/rotate", seconds=None)
        return SecretRotation.model_validate(reply.body)

    done = ask_gateway(arguments, work)
    if output.as_json:
        output.value(done.model_dump(mode="json"))
    else:
        output.line(f"{done.secrets} secrets are sealed under the new key.")
        for name in done.unopened:
            output.line(f"{name} is opened by no key there is; set it again.")
    return FAILED if done.unopened else 0


def _path(name: str) -> str:
    return f"api/secrets/{quote(name, safe='')}"


def _value(name: str) -> str:
    if sys.stdin.isatty():
        value = getpass.getpass(f"Value of {name} (not shown): ")
    else:
        value = sys.stdin.read().rstrip("\r\n")
    if not value:
        raise InvalidRequest("There is no value: type it, or send it through standard input.")
    return value
