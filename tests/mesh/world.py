"""A real mesh over a real store, real providers and fake upstreams on loopback."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from jupyter_mesh.config import Config
from jupyter_mesh.mesh import Call, Mesh
from jupyter_mesh.pipeline.chunks import chunk_text
from jupyter_mesh.schemas.admin import SettingUpdate
from jupyter_mesh.schemas.events import Answer, Chunk, Event, Events
from jupyter_mesh.schemas.principal import Principal
from jupyter_mesh.schemas.request import Operation, Request, parse_request
from jupyter_mesh.testing.fake_openai import FakeOpenAI
from jupyter_mesh.testing.principals import admin, analyst

ADA = analyst("ada")
BOB = analyst("bob")
ROOT = admin("root")
PRICED: dict[str, object] = {"m": {"price": {"input": 1, "output": 10}}}
"""A model at $1 and $10 per million tokens."""


def connection(upstream: FakeOpenAI, **settings: object) -> dict[str, object]:
    """A connection to a fake upstream that asks once, with one priced model."""
    return {
        "provider": "openai_compatible",
        "base_url": upstream.base_url,
        "models": PRICED,
        "retries": 0,
        **settings,
    }


store_url: str | None = None
"""Where a mesh keeps its records; None: in its own folder. Set by the fixture `both_stores`."""


@asynccontextmanager
async def mesh_of(
    folder: Path,
    connections: Mapping[str, object],
    *,
    personal: bool = False,
    **sections: object,
) -> AsyncIterator[Mesh]:
    """A mesh with these sections of `mesh.yaml`; it looks for nothing unless `personal`."""
    offers = {"offers": personal}
    store = {"store": {"url": store_url}} if store_url else {}
    config = Config.model_validate({"connections": connections, **offers, **store, **sections})
    host = "personal" if personal else "standalone"
    mesh = await Mesh.start(
        config, state_dir=folder / "state", host=host, config_file=folder / "mesh.yaml"
    )
    try:
        yield mesh
    finally:
        await mesh.aclose()


@dataclass
class Outcome:
    """What came of a call."""

    call: Call
    events: list[Event] = field(default_factory=list)
    error: Exception | None = None

    @property
    def text(self) -> str:
        """What a client would have read."""
        return "".join(chunk_text(e.data) for e in self.events if isinstance(e, Chunk | Answer))

    @property
    def notices(self) -> list[str]:
        """Codes of the notices."""
        return [notice.code for notice in self.call.report.notices]


def chat(text: str = "Hi", model: str = "up/m", **fields: object) -> Request:
    """A chat of one message."""
    messages = [{"role": "user", "content": text}]
    return parse_request(Operation.CHAT, {"model": model, "messages": messages, **fields})


def embedding(texts: Sequence[str], model: str = "up/e") -> Request:
    """Texts to embed."""
    return parse_request(Operation.EMBEDDING, {"model": model, "input": [*texts]})


async def ask(
    mesh: Mesh, request: Request, principal: Principal = ADA, **options: object
) -> Outcome:
    """Run a call to its end; an error is kept, not raised."""
    call = mesh.call(principal, request, **options)  # pyright: ignore[reportArgumentType]
    return await outcome_of(mesh.run(call), call)


async def outcome_of(events: Events, call: Call) -> Outcome:
    """Everything that comes of `events`."""
    outcome = Outcome(call)
    try:
        async with aclosing(events) as received:
            async for event in received:
                outcome.events.append(event)
    except Exception as error:  # noqa: BLE001 - a test looks at whatever was raised
        outcome.error = error
    return outcome


async def until(condition: Callable[[], Awaitable[bool]], within: float = 20.0) -> None:
    """Wait until something has come about."""
    async with asyncio.timeout(within):
        while not await condition():  # noqa: ASYNC110 nobody announces it
            await asyncio.sleep(0.01)


async def put(
    mesh: Mesh, kind: str, name: str, version: int | None = None, /, **body: object
) -> int:
    """Set one object as an admin; its new version."""
    update = SettingUpdate.model_validate({"body": body, "version": version})
    saved = await mesh.administration.put(ROOT, kind, name, update)
    assert saved.version is not None
    return saved.version
