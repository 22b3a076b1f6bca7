"""`jupyter mesh check`: is everything there, and does it answer?"""

from __future__ import annotations

import asyncio
import os
from argparse import Namespace
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING, Literal

from ..errors import MeshError
from .configuration import faults_in
from .outcome import FAILED, Output
from .places import Chosen, chosen, config_file

if TYPE_CHECKING:
    from ..mesh import Mesh

_MARKS = {"ok": "✓", "note": "–", "fault": "✗"}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at."""

    what: str
    state: Literal["ok", "note", "fault"]
    about: str


def check(arguments: Namespace, output: Output) -> int:
    """Try the configuration, the store, every connection and the gateway in the environment."""
    mine = chosen(arguments)
    findings = [_configuration(arguments), *_settings(mine), *asyncio.run(_mesh(mine))]
    findings += [*_environment(), *asyncio.run(_gateway())]
    faulty = any(finding.state == "fault" for finding in findings)
    if output.as_json:
        output.value({"ok": not faulty, "findings": [asdict(one) for one in findings]})
    else:
        for one in findings:
            output.line(f"{_MARKS[one.state]} {one.what}: {one.about}")
    return FAILED if faulty else 0


def _configuration(arguments: Namespace) -> Finding:
    file = config_file(arguments.config)
    if file is None:
        return Finding(
            "configuration", "note", "no mesh.yaml; what admins have set holds, and the defaults"
        )
    return Finding("configuration", "ok", str(file))


def _settings(mine: Chosen) -> Iterator[Finding]:
    """What `config validate` finds wrong."""
    for fault in faults_in(mine.config):
        yield Finding("configuration", "fault", fault)


async def _mesh(mine: Chosen) -> list[Finding]:
    """The store and every connection, tried by opening them."""
    from jupyter_mesh_server.personal import make_state_dir

    from ..mesh import Mesh

    try:
        make_state_dir(mine.state_dir)
        mesh = await Mesh.start(
            mine.config, state_dir=mine.state_dir, host="personal", config_file=mine.config_file
        )
    except MeshError as error:
        return [Finding("mesh", "fault", error.message)]
    try:
        audit = mesh.health().checks["audit"]
        findings = [Finding("audit", "ok" if audit == "ok" else "fault", audit)]
        for one in mesh.administration.connections().connections:
            findings.append(await _connection(mesh, one.name))
        listed = sorted(mesh.snapshot.models)
        findings.append(
            Finding("models", "ok" if listed else "fault", ", ".join(listed) or "there are none")
        )
        findings += [
            Finding(f"alias {alias}", "fault", f"{target} is not there")
            for alias, rule in mesh.snapshot.aliases.items()
            for target in rule.models
            if target not in mesh.snapshot.models
        ]
    finally:
        await mesh.aclose()
    return findings


async def _connection(mesh: Mesh, name: str) -> Finding:
    """Ask it what it offers, also where mesh.yaml lists its models."""
    tried = await mesh.administration.test(name)
    if tried.fault is not None:
        return Finding(f"connection {name}", "fault", tried.fault)
    configured = {
        card.removeprefix(f"{name}/")
        for card in mesh.snapshot.models
        if card.startswith(f"{name}/")
    }
    if tried.models and (unknown := sorted(configured - set(tried.models))):
        return Finding(f"connection {name}", "note", f"it does not list {', '.join(unknown)}")
    return Finding(f"connection {name}", "ok", f"answers in {tried.latency_ms:.0f} ms")


def _environment() -> Iterator[Finding]:
    """What is optional and makes a difference."""
    for module, use in (("uvloop", "a faster stand-alone gateway"), ("torch", "local models")):
        there = find_spec(module) is not None
        about = "installed" if there else f"not installed; it is for {use}"
        yield Finding(module, "ok" if there else "note", about)


async def _gateway() -> list[Finding]:
    """The gateway that kernels would talk to, where the environment names one."""
    if not os.environ.get("JUPYTER_MESH_URL"):
        return []
    from ..client import AsyncMesh
    from ..client.endpoint import find_endpoint

    try:
        endpoint = find_endpoint()
        async with AsyncMesh(endpoint) as mesh:
            me = await mesh.api.me()
    except MeshError as error:
        return [Finding("gateway", "fault", error.message)]
    return [Finding("gateway", "ok", f"{endpoint.shown} knows you as {me.user}")]
