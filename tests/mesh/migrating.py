"""A personal mesh with something of every kind, and taking it over."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from hashlib import sha256
from pathlib import Path

from jupyter_mesh.config import Config
from jupyter_mesh.mesh import Mesh
from jupyter_mesh.mesh.migration import Choices, Hub, Plan, make_plan, read_personal
from jupyter_mesh.schemas.admin import KeyRequest, SettingUpdate
from jupyter_mesh.schemas.principal import Principal
from jupyter_mesh.storage.location import Location

from .world import PRICED, ROOT, put

Store = Path | str
KEY = "sk-canary-of-the-personal-mesh"
OTHER_KEY = "sk-canary-of-the-hub"
SLACK = "https://chat.example.com/hooks/canary"
BY = Principal(user="olga", via="migration")
ALL = Choices()


async def connect(mesh: Mesh, base_url: str, name: str = "acme", key: str = KEY) -> None:
    """Make a connection whose key is typed, and sealed."""
    body = {"provider": "openai_compatible", "base_url": base_url, "models": PRICED}
    update = SettingUpdate.model_validate({"body": body, "secrets": {"api_key": key}})
    await mesh.administration.put(ROOT, "connections", name, update)


async def fill(mesh: Mesh, base_url: str) -> str:
    """Set something of every kind; the secret of an API key."""
    await connect(mesh, base_url)
    await put(mesh, "guards", "names", guard="deny_list_detector", terms=["Mallory"])
    await put(mesh, "guards", "judge", guard="deny_list", terms=["Mallory"])
    await put(mesh, "moderation", "judged", guard="judge", **{"for": {"model": "acme/m"}})
    await put(mesh, "aliases", "fast", models=["acme/m"])
    await put(
        mesh, "groups", "team", members=["ada", "bob"], leads=["ada"], allow=["acme/*", "fast"]
    )
    slack = SettingUpdate.model_validate(
        {"body": {"channel": "slack", "url": "store:x"}, "secrets": {"url": SLACK}}
    )
    await mesh.administration.put(ROOT, "alerts", "chat", slack)
    await put(mesh, "use_cases", "letters", application="letters", owner="ada")
    await put(mesh, "service_accounts", "robot", owner="ada")
    await put(mesh, "budgets", "mine", scope={"user": "ada"}, limit_usd="5")
    await put(mesh, "limits", "calm", requests_per_minute=60)
    await put(mesh, "screening", "no names", detectors=["names"], **{"for": {"connection": "acme"}})
    await put(mesh, "slos", "soon", connection="acme", p95_ms=2000)
    await mesh.secrets.set(ROOT, "spare", "canary-spare", test=False)
    made = await mesh.keys.create(ROOT, KeyRequest(name="reports", user="ada", application="x"))
    return made.secret


EVERYTHING = {
    *(("connections", "acme"), ("guards", "names"), ("aliases", "fast"), ("groups", "team")),
    *(("alerts", "chat"), ("use_cases", "letters"), ("service_accounts", "robot")),
    *(("budgets", "mine"), ("limits", "calm"), ("screening", "no names"), ("slos", "soon")),
    *(("secrets", "spare"), ("keys", "reports"), ("guards", "judge"), ("moderation", "judged")),
}


@asynccontextmanager
async def personal_mesh(folder: Path) -> AsyncIterator[Mesh]:
    """A mesh in `folder / "state"` with a sealing key of its own, whatever the hub's is."""
    config = Config.model_validate({"offers": False})
    mesh = await Mesh.start(config, state_dir=folder / "state", host="standalone", environ={})
    try:
        yield mesh
    finally:
        await mesh.aclose()


async def personal_at(folder: Path, base_url: str) -> str:
    """The whole of it, in `folder / "state"`; the secret of its API key."""
    async with personal_mesh(folder) as mesh:
        return await fill(mesh, base_url)


def hub_at(store: Store, environ: Mapping[str, str] = os.environ, **sections: object) -> Hub:
    """The hub's mesh, with these sections of `mesh.yaml`."""
    config = Config.model_validate({"offers": False, **sections})
    return Hub(config, Location.of(store), environ, None)


async def planned(
    source: Path | None,
    hub: Hub,
    choices: Choices = ALL,
    *,
    config: Path | None = None,
    key: Path | None = None,
) -> Plan:
    """What would become of a personal mesh."""
    personal = read_personal(source, config, key)
    return make_plan(personal, await hub.policy(sealing=bool(personal.secrets)), choices)


async def carried_out(hub: Hub, plan: Plan) -> dict[tuple[str, str], str | None]:
    """Set what is planned; by kind and name, why it could not be."""
    hub.prepare()
    done: dict[tuple[str, str], str | None] = {}
    async for one, failure in hub.carry_out(plan, BY):
        done[one.kind, one.name] = failure
    return done


async def migrated(
    source: Path | None, hub: Hub, choices: Choices = ALL, *, config: Path | None = None
) -> Plan:
    """Plan and set; all of it can be set."""
    plan = await planned(source, hub, choices, config=config)
    done = await carried_out(hub, plan)
    assert done == {(one.kind, one.name): None for one in plan.to_set}
    return plan


def verdicts(plan: Plan) -> dict[tuple[str, str], str]:
    """By kind and name."""
    return {(one.kind, one.name): one.verdict for one in plan.objects}


def reason(plan: Plan, kind: str, name: str) -> str:
    """Why something is not set."""
    return next(one.reason for one in plan.objects if (one.kind, one.name) == (kind, name))


def files_of(folder: Path) -> dict[str, str]:
    """Every file below a folder: its digest, its mode and when it was changed."""
    return {
        str(path.relative_to(folder)): (
            f"{sha256(path.read_bytes()).hexdigest()} {path.stat().st_mode} "
            f"{path.stat().st_mtime_ns}"
        )
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.name.endswith("-shm")  # readers of SQLite note locks there
    }
