"""`jupyter mesh secrets`: values come from a prompt or standard input, never from the command line,
where other users of the machine, and the shell's history, would see them.
"""

from __future__ import annotations

import getpass
import sys
from argparse import Namespace
from collections.abc import Iterator
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

    async def work(mesh: AsyncMesh) -> SealedSecretList:
        await mesh.transport.call("PUT", _path(arguments.name), body=body, seconds=None)
        reply = await mesh.transport.call("GET", "api/secrets")
        return SealedSecretList.model_validate(reply.body)

    for line in _sealed(arguments.name, ask_gateway(arguments, work)):
        output.aside(line)
    return 0


def _sealed(name: str, found: SealedSecretList) -> Iterator[str]:
    """What uses it now; of a connection of this name, whose key is another secret, which one."""
    users = [user for one in found.secrets if one.name == name for user in one.used_by]
    if users:
        yield f"Sealed; used by {', '.join(users)}."
        return
    yield f"Sealed. Nothing uses it yet: mesh.yaml may refer to it as store:{name}."
    for one in found.secrets:
        if f"connection {name}" in one.used_by:
            yield f"The connection {name} uses the secret {one.name}, which is as it was."


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
        own = "what the mesh seals for itself included"
        output.line(f"Sealed under the new key: {done.secrets:,} ({own}).")
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
