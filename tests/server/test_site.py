"""The gateway's own site: its files, signing in with a key, and what a session may do."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any, cast

import pytest
from aiohttp import web
from jupyter_mesh_server.aiohttp_host import Server
from jupyter_mesh_server.browser_sessions import IDLE, LONGEST
from jupyter_mesh_server.dispatch import Dispatcher
from jupyter_mesh_server.gateway import Gateway
from jupyter_mesh_server.pages import Pages
from jupyter_mesh_server.routes import ROUTES
from jupyter_mesh_server.sessions import COOKIE, Sessions, SiteIdentity
from jupyter_mesh_server.site import Site

from jupyter_mesh.schemas.principal import Principal

from .conftest import Host, Reply, bearer, new_session, until
from .noted_sign_outs import NotedSignOuts
from .scripted_mesh import ADMIN_KEY, APP_KEY, ScriptedMesh

SEND = {"X-Mesh-XSRF": "any"}


@dataclass
class Holders:
    """Keys as the mesh knows them; those in `revoked` are good no more."""

    mesh: ScriptedMesh
    revoked: set[str] = field(default_factory=set[str])

    def key_hash(self, secret: str) -> str | None:
        hashed = f"hash of {secret}"
        return hashed if self.principal(hashed) is not None else None

    def principal(self, hashed: str) -> Principal | None:
        secret = hashed.removeprefix("hash of ")
        return None if secret in self.revoked else self.mesh.key_principal(secret)

    def sealing_key(self) -> bytes:
        return b"k" * 32


@dataclass
class Clock:
    now: float = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def holders(mesh: ScriptedMesh) -> Holders:
    return Holders(mesh)


@pytest.fixture
def pages(tmp_path: Path) -> Path:
    (tmp_path / "assets").mkdir()
    (tmp_path / "index.html").write_text("<!doctype html><title>Jupyter Mesh</title>")
    (tmp_path / "assets" / "index-abc.js").write_text("start()")
    return tmp_path


@pytest.fixture
def site(
    jp_asyncio_loop: asyncio.AbstractEventLoop,
    mesh: ScriptedMesh,
    holders: Holders,
    clock: Clock,
    pages: Path,
) -> Iterator[Host]:
    async def start() -> tuple[Host, web.ServerRunner]:
        sessions = Sessions(holders, NotedSignOuts(), clock)
        identity = SiteIdentity(sessions, mesh.key_principal)
        routes = ROUTES + Site(sessions, Pages(pages)).routes()
        runner = web.ServerRunner(Server(Dispatcher(Gateway(cast(Any, mesh)), identity, routes)))
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        url = f"http://127.0.0.1:{runner.addresses[0][1]}/mesh"
        return Host("site", url, mesh, bearer(APP_KEY), bearer(ADMIN_KEY), new_session()), runner

    host, runner = jp_asyncio_loop.run_until_complete(start())
    yield host

    async def stop() -> None:
        await host.session.close()
        await runner.cleanup()

    jp_asyncio_loop.run_until_complete(stop())


async def sign_in(site: Host, key: str = ADMIN_KEY, **headers: str) -> Reply:
    return await site.ask("POST", "/api/session", headers=SEND | headers, json={"key": key})


def cookie_of(reply: Reply) -> Any:
    return SimpleCookie(reply.headers["Set-Cookie"])[COOKIE.name]


def browser(reply: Reply, xsrf: bool = True) -> dict[str, str]:
    """What a browser that has signed in sends."""
    sent = {"Cookie": f"other=1; {COOKIE.name}={cookie_of(reply).value}"}
    return sent | {"X-Mesh-XSRF": reply.json["xsrf"]} if xsrf else sent


async def test_the_page_runs_scripts_and_styles_of_its_own_only_and_is_never_kept(
    site: Host,
) -> None:
    reply = await site.ask("GET", "/", headers={})
    assert (reply.status, reply.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    policy = reply.headers["Content-Security-Policy"]
    assert "default-src 'none'; script-src 'self'; style-src 'self'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert reply.headers["Cache-Control"] == "no-store"
    assert reply.headers["X-Content-Type-Options"] == "nosniff"


async def test_a_hashed_file_is_kept_for_good(site: Host) -> None:
    reply = await site.ask("GET", "/assets/index-abc.js", headers={})
    assert (reply.status, reply.body) == (200, b"start()")
    assert reply.headers["Content-Type"].startswith("text/javascript")
    assert reply.headers["Cache-Control"] == "public, max-age=31536000, immutable"


@pytest.mark.parametrize("name", ["..%2Findex.html", "%2Fetc%2Fpasswd", "none.js", "..%2F..%2Fx"])
async def test_no_other_file_can_be_read(site: Host, name: str) -> None:
    assert (await site.ask("GET", f"/assets/{name}", headers={})).status == 404


async def test_who_leaves_the_path_out_is_led_to_the_page(site: Host) -> None:
    base = site.url.removesuffix("/mesh")
    for path in ("", "/mesh"):
        async with site.session.get(f"{base}{path}", allow_redirects=False) as reply:
            assert (reply.status, reply.headers["Location"]) == (307, "mesh/")


async def test_signing_in_gives_a_cookie_that_scripts_and_other_sites_cannot_use(
    site: Host,
) -> None:
    reply = await sign_in(site, Origin="https://mesh.example")
    cookie = cookie_of(reply)
    assert reply.status == 200
    assert (cookie["httponly"], cookie["samesite"], cookie["secure"]) == (True, "Strict", True)
    assert int(cookie["max-age"]) == IDLE
    assert cookie["path"] == ""  # the API's own, as the browser sees it
    assert ADMIN_KEY not in reply.headers["Set-Cookie"]
    assert ADMIN_KEY.encode() not in reply.body
    plain = cookie_of(await sign_in(site, Origin="http://localhost:8900"))
    assert plain["secure"] == ""  # else a browser would not keep it


async def test_a_session_has_the_rights_of_its_key(site: Host) -> None:
    me = await site.ask("GET", "/api/me", headers=browser(await sign_in(site)))
    assert (me.json["user"], me.json["via"]) == ("app", "browser")
    assert "admin" in me.json["scopes"]
    reader = browser(await sign_in(site, APP_KEY))
    assert (await site.ask("GET", "/api/me", headers=reader)).json["scopes"] == ["use"]
    assert (await site.ask("GET", "/api/settings/groups", headers=reader)).status == 403


@pytest.mark.parametrize("key", ["wrong", " ", ADMIN_KEY + "x"])
async def test_a_wrong_key_gets_no_session(site: Host, key: str) -> None:
    reply = await sign_in(site, key)
    assert reply.status == 401
    assert "Set-Cookie" not in reply.headers


async def test_another_sites_form_cannot_sign_anybody_in(site: Host) -> None:
    reply = await site.ask("POST", "/api/session", headers={}, json={"key": ADMIN_KEY})
    assert (reply.status, reply.code) == (403, "not_permitted")


async def test_a_change_needs_the_sessions_own_token(site: Host) -> None:
    signed_in = await sign_in(site)
    other = (await sign_in(site)).json["xsrf"]
    bare = browser(signed_in, xsrf=False)
    body: Any = {"default_model": None}
    for headers in (bare, bare | SEND, bare | {"X-Mesh-XSRF": other}):
        reply = await site.ask("PUT", "/api/preferences", headers=headers, json=body)
        assert (reply.status, reply.code) == (403, "not_permitted")
    reply = await site.ask("PUT", "/api/preferences", headers=browser(signed_in), json=body)
    assert reply.status == 200
    assert (await site.ask("GET", "/api/me", headers=bare)).status == 200


async def test_every_route_refuses_a_cookie_that_is_none(site: Host) -> None:
    good = cookie_of(await sign_in(site)).value
    bad = ["", "x", "é", good[:-2], good[::-1], "A" * 5000, f"{good}; {COOKIE.name}=other"]
    for cookie in bad:
        headers = {"Cookie": f"{COOKIE.name}={cookie}", **SEND}
        assert (await site.ask("GET", "/api/me", headers=headers)).status == 401, cookie


async def test_a_session_ends_as_soon_as_its_key_is_revoked(site: Host, holders: Holders) -> None:
    headers = browser(await sign_in(site))
    assert (await site.ask("GET", "/api/me", headers=headers)).status == 200
    holders.revoked.add(ADMIN_KEY)
    assert (await site.ask("GET", "/api/me", headers=headers)).status == 401


async def test_a_session_that_nobody_uses_ends_and_one_in_use_goes_on(
    site: Host, clock: Clock
) -> None:
    headers = browser(await sign_in(site))
    clock.now += IDLE - 1
    kept = await site.ask("GET", "/api/session", headers=headers)
    assert kept.status == 200
    clock.now += 2
    assert (await site.ask("GET", "/api/me", headers=headers)).status == 401
    assert (await site.ask("GET", "/api/me", headers=browser(kept))).status == 200
    clock.now += IDLE
    assert (await site.ask("GET", "/api/me", headers=browser(kept))).status == 401


async def test_no_session_outlives_half_a_day(site: Host, clock: Clock) -> None:
    start, reply = clock.now, await sign_in(site)
    while clock.now - start < LONGEST - IDLE:
        clock.now += IDLE - 1
        reply = await site.ask("GET", "/api/session", headers=browser(reply))
        assert reply.status == 200
    clock.now = start + LONGEST
    assert (await site.ask("GET", "/api/session", headers=browser(reply))).status == 401


async def test_after_signing_out_the_cookie_is_worth_nothing(site: Host) -> None:
    headers = browser(await sign_in(site))
    assert (await site.ask("DELETE", "/api/session", headers=headers)).status == 200
    assert (await site.ask("GET", "/api/me", headers=headers)).status == 401
    assert (await site.ask("GET", "/api/me", headers=browser(await sign_in(site)))).status == 200


async def test_a_session_counts_less_than_a_key_that_is_sent_beside_it(site: Host) -> None:
    headers = browser(await sign_in(site)) | bearer(APP_KEY)
    assert (await site.ask("GET", "/api/me", headers=headers)).json["via"] == "key"
    wrong = browser(await sign_in(site)) | bearer("wrong")
    assert (await site.ask("GET", "/api/me", headers=wrong)).status == 401


async def test_public_are_the_pages_and_signing_in_only(tmp_path: Path, holders: Holders) -> None:
    public = {
        (route.method, route.path)
        for route in Site(Sessions(holders, NotedSignOuts()), Pages(tmp_path)).routes()
        if route.scope is None
    }
    assert public == {("GET", "/"), ("GET", "/assets/{name}"), ("POST", "/api/session")}


async def test_jupyters_own_host_has_no_such_door(jupyter: Host) -> None:
    reply = await jupyter.ask("POST", "/api/session", headers=SEND, json={"key": ADMIN_KEY})
    assert reply.status == 404


@pytest.mark.parametrize("by", ["signing out", "revoking the key"])
async def test_a_session_that_ends_while_it_waits_for_a_change_is_told_nothing(
    site: Host, holders: Holders, by: str
) -> None:
    sent = browser(await sign_in(site))
    before = (await site.ask("GET", "/api/revision", headers=sent)).json["revision"]
    path = f"/api/revision?after={before}"
    asked = asyncio.create_task(site.ask("GET", path, headers=sent))
    await until(lambda: site.mesh.revisions.waiting == 1)
    if by == "signing out":
        assert (await site.ask("DELETE", "/api/session", headers=sent)).status == 200
    else:
        holders.revoked.add(ADMIN_KEY)
    site.mesh.revisions.reach(site.mesh.revisions.current + 1)
    assert (await asked).status == 401
