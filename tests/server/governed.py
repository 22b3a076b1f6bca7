"""A real mesh behind the dispatcher, with ada's things in it and callers of any scope."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, urlencode

import orjson
from jupyter_mesh_server.dispatch import Dispatcher
from jupyter_mesh_server.exchange import HttpRequest, JsonReply
from jupyter_mesh_server.gateway import Gateway
from jupyter_mesh_server.route import Route

from jupyter_mesh.config import Config
from jupyter_mesh.mesh import Mesh
from jupyter_mesh.schemas.admin import KeyRequest
from jupyter_mesh.schemas.json import JsonObject
from jupyter_mesh.schemas.principal import Principal, Scope
from jupyter_mesh.testing.fake_openai import FakeOpenAI

from .headers import FewHeaders
from .route_rules import asked

USER = frozenset({Scope.USE, Scope.CONFIGURE, Scope.READ_USAGE})
EVERY = frozenset(Scope)
ABSENT = {
    "call": "call_0000000000000000000000000000",
    "key": "no-such-key",
    "model": "up/no-such-model",
}


@dataclass(frozen=True)
class Seen:
    """A reply as a client sees it."""

    status: int
    headers: dict[str, str]
    body: str

    @property
    def whole(self) -> str:
        return f"{self.status} {self.headers} {self.body}"

    def without(self, names: Iterable[str]) -> tuple[int, str]:
        """Status and body, but for what the client itself named and the request's id."""
        text = self.body.replace(self.headers["X-Mesh-Request-Id"], "(id)")
        for name in names:
            for written in (name, quote(name, safe=""), orjson.dumps(name).decode()[1:-1]):
                text = text.replace(written, "(name)")
        return self.status, text


class World:
    """The dispatcher, and whoever asks next: identity is the host's business, not tested here."""

    def __init__(self, mesh: Mesh, upstream: FakeOpenAI) -> None:
        self.mesh = mesh
        self.upstream = upstream
        self.principal = Principal(user="nobody")
        self.names: dict[str, str] = {}
        self.reads = 0
        self._dispatcher = Dispatcher(Gateway(mesh), self._identity)

    async def _identity(self, request: HttpRequest) -> Principal:
        return self.principal

    async def ask(
        self,
        principal: Principal,
        method: str,
        path: str,
        body: JsonObject | None = None,
        *,
        query: Mapping[str, str] | None = None,
        headers: Iterable[tuple[str, str]] = (),
    ) -> Seen:
        """Send one request as `principal`, and read the reply to its end."""
        self.principal = principal

        async def read() -> bytes:
            self.reads += 1
            return b"" if body is None else orjson.dumps(body)

        reply = await self._dispatcher(
            HttpRequest(
                method=method,
                path=path,
                query=urlencode(query or {}),
                headers=FewHeaders(*headers),
                read=read,
            )
        )
        if isinstance(reply, JsonReply):
            return Seen(reply.status, dict(reply.headers), reply.body.decode())
        try:
            pieces = [piece async for piece in reply.stream]
        finally:
            await reply.stream.aclose()
        return Seen(reply.status, dict(reply.headers), b"".join(pieces).decode())

    async def ask_route(self, route: Route, principal: Principal, **changes: str) -> Seen:
        """The request of the route's rule, with ada's names but for `changes`."""
        one = asked(route, {**self.names, **changes})
        return await self.ask(principal, one.method, one.path, one.body)


def person(name: str, scopes: frozenset[Scope] = USER) -> Principal:
    return Principal(user=name, scopes=scopes, via="browser")


ADA, BOB, ROOT = person("ada"), person("bob"), person("root", EVERY)


@asynccontextmanager
async def world(folder: Path, upstream: FakeOpenAI, **sections: object) -> AsyncIterator[World]:
    """A mesh in which ada has a model, calls, a document, a purpose and a key of her own; bob has
    another model.
    """
    base = {"provider": "openai_compatible", "base_url": upstream.base_url, "retries": 0}
    priced = {"price": {"input": 1, "output": 10}}
    config = {
        "connections": {"up": {**base, "models": {"m": priced, "hers-alone": priced}}},
        "groups": {
            "hers": {"members": ["ada", "root"], "allow": ["*"], "purposes": ["her-purpose"]},
            "his": {"members": ["bob"], "allow": ["up/m"]},
        },
        "offers": False,
        **sections,
    }
    mesh = await Mesh.start(
        Config.model_validate(config),
        state_dir=folder / "state",
        host="standalone",
        config_file=folder / "mesh.yaml",
    )
    try:
        one = World(mesh, upstream)
        await _furnish(one)
        yield one
    finally:
        await mesh.aclose()


async def _furnish(one: World) -> None:
    messages = [{"role": "user", "content": "her-prompt"}]
    made = await one.ask(
        ADA,
        "POST",
        "/v1/chat/completions",
        {"model": "up/hers-alone", "messages": messages},  # type: ignore[dict-item]
        headers=[("X-Mesh-Document", "her-notebook.ipynb"), ("X-Mesh-Purpose", "her-purpose")],
    )
    assert made.status == 200, made.body
    key = KeyRequest(name="her-key", application="her-application")
    await one.mesh.keys.create(ADA, key)
    one.names = {
        "call": made.headers["X-Mesh-Request-Id"],
        "key": "her-key",
        "model": "up/hers-alone",
        "document": "her-notebook.ipynb",
        "purpose": "her-purpose",
        "application": "her-application",
        "word": "a-word",
        "absent": "nothing-here",
        "canary": "value-of-a-secret",
    }


HERS = ("her-prompt", "her-notebook", "her-key", "her-application", "hers-alone", "her-purpose")
"""What bob must never read."""
