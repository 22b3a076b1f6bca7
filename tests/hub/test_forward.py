"""A single-user server passes requests on to the mesh service: what goes, what comes back, when."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest
from aiohttp import web
from jupyter_mesh_server.credentials import unauthenticated
from jupyter_mesh_server.exchange import HttpRequest, JsonReply, Reply, StreamReply
from jupyter_mesh_server.forward import Forwarder
from jupyter_mesh_server.hub.discovery import SingleUser
from jupyter_mesh_server.hub.single_user import missing

from tests.server.conftest import until
from tests.server.headers import FewHeaders

HERE = {
    "JUPYTERHUB_API_TOKEN": "t",
    "JUPYTERHUB_USER": "ada",
    "JUPYTERHUB_SERVICE_PREFIX": "/user/ada/",
}


@dataclass
class Service:
    """The mesh service, as it answers here.

    Attributes:
        got: Requests, with their bodies.
        go_on: Lets a stream have its second piece.
        left: Set when the client of a stream has gone.
    """

    got: list[tuple[web.Request, bytes]] = field(default_factory=list[tuple[web.Request, bytes]])
    go_on: asyncio.Event = field(default_factory=asyncio.Event)
    left: asyncio.Event = field(default_factory=asyncio.Event)
    status: int = 200
    url: str = ""

    async def answer(self, request: web.Request) -> web.StreamResponse:
        self.got.append((request, await request.read()))
        if request.path.endswith("/stream"):
            return await self._stream(request)
        if request.path.endswith("/revision"):
            return await self._hold()
        if request.path.endswith("/cut"):
            response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
            await response.prepare(request)
            await response.write(b"data: 1\n\n")
            assert request.transport is not None
            request.transport.abort()
            return response
        headers = {
            "X-Mesh-Request-Id": "r1",
            "Retry-After": "7",
            "Set-Cookie": "evil=1; Path=/",
            "Location": "https://evil.example/",
            "Access-Control-Allow-Origin": "*",
        }
        return web.json_response({"who": "service"}, status=self.status, headers=headers)

    async def _hold(self) -> web.StreamResponse:
        try:
            await self.go_on.wait()
        except asyncio.CancelledError:
            self.left.set()
            raise
        return web.json_response({"revision": "5"})

    async def _stream(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        try:
            await response.write(b"data: 1\n\n")
            await self.go_on.wait()
            await response.write(b"data: 2\n\n")
        except (asyncio.CancelledError, ConnectionError):
            self.left.set()
            raise
        return response


async def let_in(_request: HttpRequest) -> None:
    """Jupyter's own login has let it pass."""


async def keep_out(_request: HttpRequest) -> None:
    raise unauthenticated()


@asynccontextmanager
async def forwarding(service: Service, browser: object = let_in) -> AsyncIterator[Forwarder]:
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", service.answer)
    runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    service.url = f"http://127.0.0.1:{runner.addresses[0][1]}/services/mesh/"
    forwarder = Forwarder(service.url, "hub-token", browser)  # pyright: ignore[reportArgumentType]
    try:
        yield forwarder
    finally:
        await forwarder.aclose()
        await runner.cleanup()


def asked(
    path: str, method: str = "GET", *headers: tuple[str, str], query: str = "", body: bytes = b""
) -> HttpRequest:
    async def read() -> bytes:
        return body

    return HttpRequest(
        method=method, path=path, query=query, headers=FewHeaders(*headers), read=read
    )


async def whole(reply: Reply) -> bytes:
    if isinstance(reply, JsonReply):
        return reply.body
    try:
        return b"".join([piece async for piece in reply.stream])
    finally:
        await reply.stream.aclose()


async def test_a_request_goes_on_as_it_came_with_the_servers_own_token() -> None:
    service = Service()
    async with forwarding(service) as forwarder:
        sent = [
            ("Content-Type", "application/json"),
            ("X-Mesh-Document", "a%20b.ipynb"),
            ("Idempotency-Key", "k"),
            ("Cookie", "_xsrf=1; username=secret"),
            ("Authorization", "token of-jupyter"),
            ("X-XSRFToken", "1"),
            ("X-Mesh-XSRF", "stolen"),
            ("X-Forwarded-For", "10.0.0.1"),
            ("Host", "evil.example"),
        ]
        reply = await forwarder(
            asked("/api/calls/a%2Fb", "POST", *sent, query="x=%2e", body=b'{"a": 1}')
        )
    ((request, body),) = service.got
    assert (reply.status, await whole(reply)) == (200, b'{"who": "service"}')
    assert request.raw_path == "/services/mesh/api/calls/a%2Fb?x=%2e"
    assert body == b'{"a": 1}'
    assert request.headers["Authorization"] == "Bearer hub-token"
    assert request.headers["X-Mesh-Document"] == "a%20b.ipynb"
    assert request.headers["Idempotency-Key"] == "k"
    for name in ("Cookie", "X-XSRFToken", "X-Mesh-XSRF", "X-Forwarded-For"):
        assert name not in request.headers
    assert request.headers["Host"] != "evil.example"


async def test_of_the_reply_only_what_a_client_needs_comes_back() -> None:
    service = Service()
    async with forwarding(service) as forwarder:
        reply = await forwarder(asked("/api/me"))
    assert reply.headers["X-Mesh-Request-Id"] == "r1"
    assert reply.headers["Retry-After"] == "7"
    assert reply.headers["X-Content-Type-Options"] == "nosniff"
    assert not {"Set-Cookie", "Location", "Access-Control-Allow-Origin"} & set(reply.headers)


async def test_nothing_goes_on_before_jupyter_has_let_it_in() -> None:
    service = Service()
    async with forwarding(service, keep_out) as forwarder:
        assert (await forwarder(asked("/api/me"))).status == 401
    assert service.got == []


@pytest.mark.parametrize(
    "path", ["/../x", "/api/%2e%2e/%2e%2e/hub", "/api/..%2f..%2fhub", "/api/..%5cx", "/./x"]
)
async def test_no_path_leads_out_of_the_service(path: str) -> None:
    service = Service()
    async with forwarding(service) as forwarder:
        assert (await forwarder(asked(path))).status == 404
    assert service.got == []


async def test_a_stream_comes_piece_by_piece() -> None:
    service = Service()
    async with forwarding(service) as forwarder:
        reply = await forwarder(asked("/v1/stream", "POST"))
        assert isinstance(reply, StreamReply)
        pieces = aiter(reply.stream)
        assert await anext(pieces) == b"data: 1\n\n"
        service.go_on.set()  # only now is there a second one
        assert await anext(pieces) == b"data: 2\n\n"
        await reply.stream.aclose()


async def test_who_leaves_a_stream_ends_it_at_the_service() -> None:
    service = Service()
    async with forwarding(service) as forwarder:
        reply = await forwarder(asked("/v1/stream", "POST"))
        assert isinstance(reply, StreamReply)
        await anext(aiter(reply.stream))
        await reply.stream.aclose()
        await until(service.left.is_set)


async def test_a_stream_that_breaks_off_breaks_off_for_the_client_too() -> None:
    service = Service()
    hung_up: list[bool] = []
    async with forwarding(service) as forwarder:
        reply = await forwarder(asked("/v1/cut", "POST"))
        assert isinstance(reply, StreamReply)
        reply.stream.hang_up = lambda: hung_up.append(True)
        assert await whole(reply) == b"data: 1\n\n"
    assert hung_up == [True]


@pytest.mark.parametrize(("status", "seen"), [(401, 403), (302, 503), (403, 403), (503, 503)])
async def test_what_the_service_refuses_is_told_so_that_jupyter_understands_it(
    status: int, seen: int
) -> None:
    service = Service(status=status)
    async with forwarding(service) as forwarder:
        assert (await forwarder(asked("/api/me"))).status == seen


async def test_a_service_that_does_not_answer_is_said() -> None:
    service = Service()
    async with forwarding(service) as forwarder:
        pass
    reply = await Forwarder(service.url, "t", let_in)(asked("/api/me"))
    assert (reply.status, reply.headers["Retry-After"]) == (503, "5")
    assert b"does not answer" in await whole(reply)
    await forwarder.aclose()


@pytest.mark.parametrize(
    ("more", "service", "guesses"),
    [
        ({"JUPYTER_MESH_SERVICE_URL": "http://m/services/mesh"}, "http://m/services/mesh/", ()),
        (
            {"JUPYTERHUB_PUBLIC_HUB_URL": "https://h/lab/hub/", "JUPYTERHUB_BASE_URL": "/lab/"},
            None,
            ("https://h/lab/services/mesh/",),
        ),
        (
            {"PROXY_PUBLIC_SERVICE_HOST": "10.0.0.9", "PROXY_PUBLIC_SERVICE_PORT": "80"},
            None,
            ("http://10.0.0.9:80/services/mesh/",),
        ),
        ({}, None, ()),
    ],
)
def test_a_server_knows_or_guesses_where_the_service_is(
    more: dict[str, str], service: str | None, guesses: tuple[str, ...]
) -> None:
    found = SingleUser.read({**HERE, **more})
    assert found is not None
    assert (found.service, found.guesses) == (service, guesses)
    assert "'t'" not in repr(found)


@pytest.mark.parametrize("lacking", [*HERE])
def test_outside_of_a_hub_there_is_no_service_to_look_for(lacking: str) -> None:
    assert SingleUser.read({name: HERE[name] for name in HERE if name != lacking}) is None


async def test_a_guess_counts_only_when_a_mesh_answers_there() -> None:
    service = Service()
    async with forwarding(service):
        assert await SingleUser("t", None, (service.url,)).find() is None
    assert service.got[0][0].headers.get("Authorization") is None


async def test_without_the_service_every_request_is_told_what_is_missing() -> None:
    nothing = missing("ada", "kernel-token", let_in)
    assert not nothing.works
    reply = await nothing.dispatcher(asked("/api/me"))
    body = await whole(reply)
    assert reply.status == 503
    assert b"hub_service_missing" in body
    assert b"add_mesh" in body


async def test_who_waits_for_a_change_waits_at_the_service_and_leaves_it_when_they_leave() -> None:
    service = Service()
    async with forwarding(service) as forwarder:
        waiting, leaving = (
            asyncio.create_task(forwarder(asked("/api/revision", query="after=4"))) for _ in "12"
        )
        await until(lambda: len(service.got) == 2)
        leaving.cancel()  # as the host does it when a page is closed or hidden
        await asyncio.wait_for(service.left.wait(), 15)
        assert not waiting.done()
        service.go_on.set()
        assert await whole(await waiting) == b'{"revision": "5"}'
