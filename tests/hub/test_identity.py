"""Whom the gateway takes for whom on a Hub, and what each kind of credential is worth."""

from __future__ import annotations

import asyncio
import re
from typing import Any, cast

import pytest
from aiohttp import ClientSession
from jupyter_mesh_server.browser_sessions import IDLE, LONGEST
from jupyter_mesh_server.route import PARAMETER, Route
from jupyter_mesh_server.routes import ROUTES
from yarl import URL

from jupyter_mesh.schemas.json import JsonObject
from jupyter_mesh.schemas.principal import Scope
from tests.server.conftest import Host, Reply, bearer
from tests.server.scripted_mesh import APP_KEY

from .conftest import BASE, CONTACT, Clock
from .fake_hub import USE, FakeHub, user

ADMIN = "custom:mesh:admin"
ALL = (ADMIN, "custom:mesh:audit", "custom:mesh:read:usage", USE)
GOVERNING = [route for route in ROUTES if route.scope in (Scope.ADMIN, Scope.AUDIT)]
PAGE = {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document", "Sec-Fetch-Site": "none"}
"""What a browser says of an address that somebody typed."""


class Browser:
    """Follows redirects one at a time and keeps cookies, as far as the tests need it."""

    def __init__(self, host: Host, hub: FakeHub) -> None:
        self.host = host
        self.hub = hub
        self.jar: dict[str, str] = {}
        self.set_cookies: list[str] = []
        self.xsrf = ""

    async def get(self, path: str, **headers: str) -> Reply:
        cookie = "; ".join(f"{name}={value}" for name, value in self.jar.items())
        reply = await self.host.ask("GET", path, headers={**PAGE, "Cookie": cookie, **headers})
        for line in cast(Any, reply.headers).getall("Set-Cookie", []):
            self.set_cookies.append(line)
            name, _, value = line.partition(";")[0].partition("=")
            if "Max-Age=0" in line:
                self.jar.pop(name, None)
            else:
                self.jar[name] = value
        return reply

    async def ask(self, method: str, path: str, **headers: str) -> Reply:
        """As a page of the site does it."""
        cookie = "; ".join(f"{name}={value}" for name, value in self.jar.items())
        sent = {"Cookie": cookie, "X-Mesh-XSRF": self.xsrf, "Sec-Fetch-Mode": "cors", **headers}
        return await self.host.ask(method, path, headers=sent)

    async def to_the_hub(self, location: str) -> str:
        """What the Hub answers to who is logged in there: the path to come back to."""
        async with ClientSession() as session:
            address = URL(f"http://127.0.0.1:{self.hub.port}{location}", encoded=True)
            async with session.get(address, allow_redirects=False) as reply:
                assert reply.status == 302
                return reply.headers["Location"].removeprefix(BASE)

    async def log_in(self, token: str) -> Reply:
        self.hub.logged_in = token
        first = await self.get("/")
        assert first.status == 302
        back = await self.get(await self.to_the_hub(first.headers["Location"]))
        assert (back.status, back.headers["Location"]) == (302, f"{BASE}/")
        page = await self.get("/")
        found = re.search(rb'name="jupyter-mesh-xsrf" content="(\w+)"', page.body)
        assert found is not None
        self.xsrf = found[1].decode()
        return page


@pytest.fixture
def browser(service: Host, fake_hub: FakeHub) -> Browser:
    fake_hub.tokens["of-session"] = user("ada", *ALL, groups=("analysts",))
    return Browser(service, fake_hub)


async def status_of(host: Host, route: Route, headers: dict[str, str]) -> int:
    body = {} if route.request is not None else None
    path = PARAMETER.sub("x%2Fy", route.path)
    reply = await host.ask(route.method, path, headers=headers, json=cast(Any, body))
    return reply.status


async def test_a_token_of_the_hub_is_its_owner_with_their_groups(
    service: Host, fake_hub: FakeHub
) -> None:
    fake_hub.tokens["t"] = user("ada", groups=("analysts",))
    for headers in (bearer("t"), {"Authorization": "token t"}):
        me = (await service.ask("GET", "/api/me", headers=headers)).json
        assert (me["user"], me["via"], me["groups"]) == ("ada", "kernel", ["analysts"])


async def test_a_service_of_the_hub_is_a_caller_and_no_user_of_its_name(
    service: Host, fake_hub: FakeHub
) -> None:
    fake_hub.tokens["t"] = user("ada", kind="service")
    me = (await service.ask("GET", "/api/me", headers=bearer("t"))).json
    assert (me["user"], me["via"]) == ("service:ada", "service")


@pytest.mark.parametrize("name", ["*", "hub:analysts", "service:ada", "nightly"])
async def test_a_user_who_is_called_like_a_group_a_service_or_a_program_is_refused(
    service: Host, fake_hub: FakeHub, name: str
) -> None:
    fake_hub.tokens["t"] = user(name)
    assert (await service.ask("GET", "/api/me", headers=bearer("t"))).status == 403


@pytest.mark.parametrize(
    "scopes",
    [
        ("access:services!service=mesh",),
        ("admin:users", "admin:servers", "access:services"),
        ("custom:mesh:read:usage",),
        ("custom:mesh:us",),
        ("custom:mesh:use!user=ada",),
        ("custom:mesh:users", "custom:other:use", "custom:mesh"),
    ],
)
async def test_a_token_without_a_right_to_use_the_mesh_is_told_whom_to_ask(
    service: Host, fake_hub: FakeHub, scopes: tuple[str, ...]
) -> None:
    fake_hub.tokens["t"] = user("ada", *scopes)
    reply = await service.ask("GET", "/api/me", headers=bearer("t"))
    assert (reply.status, reply.code) == (403, "not_permitted")
    assert CONTACT in reply.json["error"]["message"]


@pytest.mark.parametrize(
    ("more", "administers"), [((), False), (("custom:mesh:shown-admin",), True)]
)
async def test_jupyterlab_is_told_of_the_site_and_who_is_shown_there_opens_nothing_by_it(
    service: Host, fake_hub: FakeHub, more: tuple[str, ...], administers: bool
) -> None:
    fake_hub.tokens["t"] = user("ada", "custom:mesh:use", *more)
    me = (await service.ask("GET", "/api/me", headers=bearer("t"))).json
    assert me["site"] == {"url": f"{BASE}/", "administers": administers}
    assert me["scopes"] == ["configure", "use"]
    chosen: JsonObject = {"default_model": None}
    set_ = await service.ask("PUT", "/api/preferences", headers=bearer("t"), json=chosen)
    assert set_.json["site"] == me["site"]
    assert (await service.ask("GET", "/api/settings/keys", headers=bearer("t"))).status == 403


async def test_no_token_in_a_header_does_what_admins_and_auditors_do(
    service: Host, fake_hub: FakeHub
) -> None:
    fake_hub.tokens["of-admin"] = user("olga", *ALL)
    fake_hub.tokens["of-service"] = user("cron", *ALL, kind="service")
    assert len(GOVERNING) > 20
    for token in ("of-admin", "of-service"):
        for headers in (bearer(token), {"Authorization": f"token {token}"}, {"x-api-key": token}):
            for route in GOVERNING:
                status = await status_of(service, route, headers)
                assert status == 403, f"{route.method} {route.path}"
    assert (await service.ask("GET", "/api/me", headers=bearer("of-admin"))).status == 200


async def test_a_key_of_the_mesh_is_good_here_too_and_is_never_shown_to_the_hub(
    service: Host, fake_hub: FakeHub
) -> None:
    me = (await service.ask("GET", "/api/me", headers=bearer(APP_KEY))).json
    assert (me["user"], me["via"]) == ("app", "key")
    gone = "mesh-" + "a" * 43
    assert (await service.ask("GET", "/api/me", headers=bearer(gone))).status == 401
    assert fake_hub.asked == []


async def test_api_calls_without_a_credential_are_refused_and_never_sent_to_a_login(
    service: Host,
) -> None:
    wrong: list[dict[str, str]] = [{}, bearer("unknown"), {"Cookie": "jupyter-mesh-hub-session=x"}]
    for route in ROUTES:
        for headers in wrong:
            for more in ({}, PAGE, {"Accept": "text/html"}):
                status = await status_of(service, route, {**headers, **more})
                assert status == (200 if route.scope is None else 401), route.path


async def test_while_the_hub_is_down_api_calls_are_told_to_come_back(
    service: Host, fake_hub: FakeHub, clock: Clock
) -> None:
    fake_hub.tokens["t"] = user("ada")
    assert (await service.ask("GET", "/api/me", headers=bearer("t"))).status == 200
    await fake_hub.stop()
    assert (await service.ask("GET", "/api/me", headers=bearer("t"))).status == 200
    clock.now += 30
    reply = await service.ask("GET", "/api/me", headers=bearer("t"))
    assert (reply.status, reply.code) == (503, "identity_unavailable")
    assert int(reply.headers["Retry-After"]) >= 1
    assert (await service.ask("GET", "/api/me", headers=bearer(APP_KEY))).status == 200
    await fake_hub.start()
    assert (await service.ask("GET", "/api/me", headers=bearer("t"))).status == 200


async def test_a_browser_is_logged_in_by_the_hub_and_does_what_its_user_may(
    browser: Browser,
) -> None:
    await browser.log_in("of-session")
    me = (await browser.ask("GET", "/api/me")).json
    assert (me["user"], me["via"], me["groups"]) == ("ada", "browser", ["analysts"])
    assert {"admin", "audit", "use"} <= set(me["scopes"])
    for route in GOVERNING:
        path = PARAMETER.sub("x%2Fy", route.path)
        assert (await browser.ask(route.method, path)).status in (200, 400, 404), route.path


async def test_the_session_is_a_sealed_cookie_that_scripts_cannot_read(browser: Browser) -> None:
    page = await browser.log_in("of-session")
    cookie = next(line for line in browser.set_cookies if "hub-session" in line)
    assert {"HttpOnly", "SameSite=Lax", f"Path={BASE}/"} <= {*cookie.split("; ")}
    assert "Secure" not in cookie
    assert b"of-session" not in page.body
    assert "of-session" not in cookie
    assert [name for name in browser.jar if "login" in name] == []
    assert page.headers["Cache-Control"] == "no-store"


async def test_over_https_cookies_go_over_https_only(browser: Browser) -> None:
    await browser.get("/", **{"X-Forwarded-Proto": "https"})
    assert all("; Secure" in line for line in browser.set_cookies)
    assert browser.set_cookies


@pytest.mark.parametrize("method", ["GET", "PUT", "POST", "DELETE"])
async def test_every_request_of_a_session_needs_the_token_of_its_page(
    browser: Browser, method: str
) -> None:
    await browser.log_in("of-session")
    path = {"GET": "/api/calls", "PUT": "/api/preferences", "POST": "/api/keys"}.get(
        method, "/api/cache"
    )
    for wrong in ("", "none yet", browser.xsrf[:-1], "0" * 64):
        reply = await browser.ask(method, path, **{"X-Mesh-XSRF": wrong})
        assert (reply.status, reply.code) == (403, "not_permitted")


@pytest.mark.parametrize(
    "said",
    [
        {"Sec-Fetch-Mode": "cors", "Sec-Fetch-Dest": "empty", "Sec-Fetch-Site": "same-origin"},
        {"Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "script"},
        {"Sec-Fetch-Mode": "same-origin", "Sec-Fetch-Dest": "empty"},
        {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "iframe"},
    ],
)
async def test_no_script_or_frame_gets_the_page_with_its_token(
    browser: Browser, said: dict[str, str]
) -> None:
    await browser.log_in("of-session")
    for path in ("/", "/oauth_callback?code=c&state=s"):
        reply = await browser.get(path, **said)
        assert reply.status == 403
        assert browser.xsrf.encode() not in reply.body


async def test_files_are_fetched_by_following_a_link_and_by_nothing_else(browser: Browser) -> None:
    await browser.log_in("of-session")
    link = {"X-Mesh-XSRF": "", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
    assert (await browser.ask("GET", "/api/inventory/export", **link)).status != 403
    assert (await browser.ask("GET", "/api/calls", **link)).status == 403
    for wrong in (
        {"Sec-Fetch-Mode": "cors"},
        {"Sec-Fetch-Dest": "empty"},
        {"Sec-Fetch-Dest": ""},
        {"Sec-Fetch-Dest": "iframe"},
    ):
        reply = await browser.ask("GET", "/api/inventory/export", **{**link, **wrong})
        assert reply.status == 403, wrong


async def test_logging_out_of_the_hub_ends_the_session_within_the_age(
    browser: Browser, clock: Clock
) -> None:
    await browser.log_in("of-session")
    del browser.hub.tokens["of-session"]
    clock.now += 30
    assert (await browser.ask("GET", "/api/me")).status == 401
    again = await browser.get("/")
    assert (again.status, again.headers["Location"].partition("?")[0]) == (
        302,
        "/hub/api/oauth2/authorize",
    )


async def test_losing_a_role_narrows_the_session_within_the_age(
    browser: Browser, clock: Clock
) -> None:
    await browser.log_in("of-session")
    assert (await browser.ask("GET", "/api/changes")).status == 404  # the scripted mesh has none
    browser.hub.tokens["of-session"] = user("ada", USE)
    clock.now += 30
    assert (await browser.ask("GET", "/api/changes")).status == 403
    assert (await browser.ask("GET", "/api/me")).json["groups"] == []


async def test_a_token_of_the_page_that_is_no_text_is_wrong_and_no_fault_of_the_gateway(
    browser: Browser,
) -> None:
    await browser.log_in("of-session")
    cookie = "; ".join(f"{name}={value}" for name, value in browser.jar.items())
    address = URL(browser.host.url)
    reader, writer = await asyncio.open_connection(address.host, address.port)
    lines = (f"GET {BASE}/api/me HTTP/1.1", "Host: x", f"Cookie: {cookie}", "Connection: close")
    writer.write("\r\n".join(lines).encode() + b"\r\nX-Mesh-XSRF: \xff\xfe\r\n\r\n")
    status = (await reader.readline()).split()[1]
    writer.close()
    assert status == b"403"


async def test_signing_out_ends_the_session_at_once(browser: Browser) -> None:
    await browser.log_in("of-session")
    before = dict(browser.jar)
    assert (await browser.ask("DELETE", "/api/session")).status == 200
    browser.jar = before
    assert (await browser.ask("GET", "/api/me")).status == 401


async def test_who_signs_in_again_goes_on_with_the_pages_that_are_open(
    browser: Browser, clock: Clock
) -> None:
    await browser.log_in("of-session")
    open_page = browser.xsrf
    del browser.hub.tokens["of-session"]
    clock.now += IDLE + 60
    assert (await browser.ask("GET", "/api/me")).status == 401
    browser.hub.tokens["again"] = user("ada", *ALL)
    await browser.log_in("again")
    assert browser.xsrf == open_page
    assert (await browser.ask("GET", "/api/me")).status == 200


@pytest.mark.parametrize("way", ["somebody else", "after signing out", "half a day later"])
async def test_nobody_else_and_no_later_session_takes_over_the_token_of_a_page(
    browser: Browser, clock: Clock, way: str
) -> None:
    await browser.log_in("of-session")
    open_page, before = browser.xsrf, dict(browser.jar)
    if way == "after signing out":
        await browser.ask("DELETE", "/api/session")
        browser.jar = before
    elif way == "half a day later":
        clock.now += LONGEST
    del browser.hub.tokens["of-session"]
    clock.now += 30
    browser.hub.tokens["again"] = user("bob" if way == "somebody else" else "ada", *ALL)
    await browser.log_in("again")
    assert browser.xsrf != open_page
    browser.xsrf = open_page
    assert (await browser.ask("GET", "/api/me")).status == 403


async def test_a_login_that_this_browser_did_not_begin_is_not_finished(
    service: Host, browser: Browser
) -> None:
    browser.hub.logged_in = "of-session"
    first = await browser.get("/")
    back = await browser.to_the_hub(first.headers["Location"])
    victim = Browser(service, browser.hub)
    reply = await victim.get(back)
    assert (reply.status, victim.jar) == (403, {})
    assert b"Try again" in reply.body
    assert (await browser.get(back)).status == 302


@pytest.mark.parametrize("change", ["state", "code", "late"])
async def test_a_login_with_a_wrong_state_or_code_or_too_late_is_not_finished(
    browser: Browser, clock: Clock, change: str
) -> None:
    browser.hub.logged_in = "of-session"
    back = await browser.to_the_hub((await browser.get("/")).headers["Location"])
    if change == "late":
        clock.now += 601
    else:
        back = re.sub(rf"{change}=([^&]+)", rf"{change}=x\1", back)
    assert (await browser.get(back)).status == 403
    assert not any("hub-session" in name for name in browser.jar)


async def test_tabs_log_in_at_once_and_their_memory_is_bounded(browser: Browser) -> None:
    browser.hub.logged_in = "of-session"
    backs = [
        await browser.to_the_hub((await browser.get("/")).headers["Location"]) for _ in range(3)
    ]
    assert [(await browser.get(back)).status for back in backs] == [302, 302, 302]
    browser.jar.clear()
    for _ in range(20):
        await browser.get("/")
    assert len(browser.jar) <= 9
