"""Who may use which route: every route, every kind of credential, both hosts."""

from __future__ import annotations

from typing import Any, cast

import pytest
from jupyter_mesh_server.credentials import unauthenticated
from jupyter_mesh_server.dispatch import Dispatcher
from jupyter_mesh_server.gateway import Gateway
from jupyter_mesh_server.identity import KERNEL_SCOPES, KeyIdentity, PersonalIdentity, owner
from jupyter_mesh_server.route import PARAMETER, Route
from jupyter_mesh_server.routes import ROUTES
from jupyter_mesh_server.status_routes import healthz
from jupyter_server.auth import Authorizer

from jupyter_mesh.schemas.principal import Scope

from .calls import chat_body
from .conftest import Host, bearer
from .headers import FewHeaders
from .scripted_mesh import ADMIN_KEY, APP_KEY, ScriptedMesh

APP_SCOPES = frozenset({Scope.USE})
STREAM = chat_body(stream=True)
WRITING = [route for route in ROUTES if route.method != "GET"]


def label(route: Route) -> str:
    return f"{route.method} {route.path}"


async def status_of(host: Host, route: Route, headers: dict[str, str]) -> int:
    body = {} if route.request is not None else None
    path = PARAMETER.sub("x%2Fy", route.path)
    reply = await host.ask(route.method, path, headers=headers, json=cast(Any, body))
    if reply.status == 401:
        assert reply.json["error"]["message"] == unauthenticated().message
        assert reply.headers["WWW-Authenticate"] == "Bearer"
    return reply.status


async def test_every_route_refuses_who_brings_no_or_a_wrong_credential(host: Host) -> None:
    wrong = [{}, bearer("wrong"), {"x-api-key": "wrong"}, {"Cookie": "username=wrong"}]
    for route in ROUTES:
        for headers in wrong:
            status = await status_of(host, route, headers)
            if route.scope is None:
                assert status == 200, label(route)
            else:
                assert status == 401, label(route)


async def test_every_route_holds_a_limited_credential_to_its_scopes(host: Host) -> None:
    scopes = KERNEL_SCOPES if host.name == "jupyter" else APP_SCOPES
    for route in ROUTES:
        status = await status_of(host, route, host.user)
        if route.scope is None or route.scope in scopes:
            assert status in (200, 400, 404), label(route)
        else:
            assert status == 403, label(route)


async def test_every_route_is_open_to_the_owner(host: Host) -> None:
    for route in ROUTES:
        assert await status_of(host, route, host.admin) in (200, 400, 404), label(route)


async def test_personal_and_standalone_hosts_take_the_meshs_own_keys(host: Host) -> None:
    me = (await host.ask("GET", "/api/me", headers=bearer(APP_KEY))).json
    assert (me["user"], me["via"]) == ("app", "key")
    for headers in ({"x-api-key": APP_KEY}, {"api-key": APP_KEY}):
        assert (await host.ask("GET", "/api/me", headers=headers)).status == 200


@pytest.mark.parametrize("query", [f"token={APP_KEY}", f"api_key={APP_KEY}"])
async def test_a_credential_in_the_url_is_refused(host: Host, query: str) -> None:
    for headers in ({}, host.user):
        reply = await host.ask("GET", f"/api/me?{query}", headers=headers)
        assert (reply.status, reply.code) == (401, "invalid_api_key")


@pytest.mark.parametrize("name", ["token", "%74oken", "%74%6f%6B%65%6e"])
async def test_jupyters_own_token_in_the_url_is_refused(jupyter: Host, name: str) -> None:
    token = jupyter.admin["Authorization"].removeprefix("token ")
    assert (await jupyter.ask("GET", f"/api/me?{name}={token}", headers={})).status == 401


def test_a_route_without_a_scope_cannot_be_written() -> None:
    with pytest.raises(TypeError, match="scope"):
        Route(method="GET", path="/x", handler=healthz, summary="")  # pyright: ignore[reportCallIssue]


def test_only_these_routes_are_public() -> None:
    assert {route.path for route in ROUTES if route.scope is None} == {
        "/api/openapi.json",
        "/healthz",
        "/readyz",
    }


async def test_kernel_and_browser_are_the_same_user(jupyter: Host) -> None:
    kernel = (await jupyter.ask("GET", "/api/me", headers=bearer(jupyter.kernel_token))).json
    browser = (await jupyter.ask("GET", "/api/me", headers=jupyter.admin)).json
    assert kernel["user"] == browser["user"] == "ada"
    assert (kernel["via"], browser["via"]) == ("kernel", "browser")
    assert set(kernel["scopes"]) == {"use", "configure"}
    assert set(browser["scopes"]) == set(Scope)


@pytest.mark.parametrize(
    ("environ", "expected"),
    [({"JUPYTERHUB_USER": "ada", "LOGNAME": "jovyan"}, "ada"), ({"JUPYTERHUB_USER": ""}, "lin")],
)
def test_the_owner_is_the_hubs_user_else_the_systems(
    environ: dict[str, str], expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("getpass.getuser", lambda: "lin")
    assert owner(environ) == expected


def test_a_system_without_a_name_for_its_user_has_an_owner_too(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def nameless() -> str:
        raise KeyError("getpwuid(): uid not found: 1000")

    monkeypatch.setattr("getpass.getuser", nameless)
    assert owner({}).startswith("uid-")


# ── the browser in Jupyter ──────────────────────────────────────────────────


async def log_in(jupyter: Host) -> dict[str, str]:
    """A browser's cookies and XSRF token after it has logged in."""
    assert jupyter.app is not None
    base = jupyter.target("/").with_path(jupyter.app.base_url, encoded=True)
    async with jupyter.session.get(
        f"{base}login", headers=jupyter.admin, allow_redirects=False
    ) as page:
        cookies = {name: morsel.value for name, morsel in page.cookies.items()}
    assert "_xsrf" in cookies
    jar = "; ".join(f"{name}={value}" for name, value in cookies.items())
    return {"Cookie": jar, "X-XSRFToken": cookies["_xsrf"]}


def without(headers: dict[str, str], *names: str) -> dict[str, str]:
    return {name: value for name, value in headers.items() if name not in names}


async def test_a_browser_with_cookie_and_xsrf_token_may_read_and_write(jupyter: Host) -> None:
    browser = await log_in(jupyter)
    assert (await jupyter.ask("GET", "/api/me", headers=browser)).status == 200
    reply = await jupyter.ask("POST", "/v1/chat/completions", headers=browser, json=chat_body())
    assert reply.status == 200
    assert jupyter.mesh.calls_made[0].principal.via == "browser"


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({}, id="no token"),
        pytest.param({"X-XSRFToken": "wrong"}, id="a wrong token"),
        pytest.param({"Sec-Fetch-Mode": "no-cors"}, id="no-cors"),
        pytest.param({"Origin": "null"}, id="a sandboxed frame"),
    ],
)
async def test_a_cookie_alone_may_not_write(jupyter: Host, change: dict[str, str]) -> None:
    browser = without(await log_in(jupyter), "X-XSRFToken") | change
    for route in WRITING:
        path = PARAMETER.sub("found", route.path)
        reply = await jupyter.ask(route.method, path, headers=browser, json=chat_body())
        assert (reply.status, reply.code) == (403, "not_permitted"), label(route)
    assert jupyter.mesh.calls_made == []


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "http://127.0.0.1.evil.example", "null"]
)
async def test_another_origin_may_not_even_read(jupyter: Host, origin: str) -> None:
    browser = await log_in(jupyter) | {"Origin": origin}
    for route in ROUTES:
        path = PARAMETER.sub("found", route.path)
        reply = await jupyter.ask(route.method, path, headers=browser, json=chat_body())
        if route.scope is not None:
            assert (reply.status, reply.code) == (403, "not_permitted"), label(route)
        assert "Access-Control-Allow-Origin" not in reply.headers, label(route)
    assert jupyter.mesh.calls_made == []


async def test_no_route_streams_to_who_is_not_known(host: Host) -> None:
    """S10."""
    for route in ROUTES:
        if route.streams:
            for headers in ({}, bearer("wrong"), {"Cookie": "username=wrong"}):
                reply = await host.ask("POST", route.path, headers=headers, json=STREAM)
                assert reply.status == 401, label(route)
                assert reply.headers["Content-Type"] == "application/json"
    assert host.mesh.calls_made == []


async def test_no_route_becomes_a_websocket(host: Host) -> None:
    """S10: there is none, so none can be reached without a credential or from another site."""
    upgrade = {
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    }
    for route in ROUTES:
        if route.method == "GET":
            path = PARAMETER.sub("found", route.path)
            assert (await host.ask("GET", path, headers=upgrade)).status in (200, 401), label(route)


async def test_a_form_on_another_page_cannot_ask(jupyter: Host) -> None:
    browser = without(await log_in(jupyter), "X-XSRFToken")
    headers = browser | {"Content-Type": "application/x-www-form-urlencoded"}
    reply = await jupyter.ask("POST", "/v1/chat/completions", headers=headers, data=b"a=1")
    assert reply.status == 403


async def test_a_kernels_post_needs_no_xsrf_token(jupyter: Host) -> None:
    reply = await jupyter.ask("POST", "/v1/chat/completions", json=chat_body())
    assert reply.status == 200


async def test_no_reply_may_be_framed_sniffed_or_kept(host: Host) -> None:
    asked = [(route.method, PARAMETER.sub("found", route.path)) for route in ROUTES]
    for method, path in [*asked, ("GET", "/nowhere"), ("DELETE", "/api/me")]:
        headers = (await host.ask(method, path, json=chat_body())).headers
        assert headers["Content-Security-Policy"] == "default-src 'none'; frame-ancestors 'none'"
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Cache-Control"] == "no-store"


class Watching(Authorizer):
    """Notes what it is asked; lets nobody write."""

    asked: list[tuple[str, str]] = []  # noqa: RUF012 one server per test

    def is_authorized(self, handler: Any, user: Any, action: str, resource: str) -> bool:
        if resource == "mesh":
            self.asked.append((action, resource))
        return action == "read"


class TestAuthorizer:
    @pytest.fixture
    def jp_server_config(self, jp_server_config: dict[str, Any]) -> dict[str, Any]:
        jp_server_config["ServerApp"]["authorizer_class"] = Watching
        return jp_server_config

    async def test_jupyters_authorizer_is_asked_about_mesh_for_each_action(
        self, jupyter: Host
    ) -> None:
        Watching.asked.clear()
        for method, path, allowed in (
            ("GET", "/api/me", True),
            ("POST", "/v1/chat/completions", False),
            ("GET", "/api/models", True),
            ("PUT", "/api/preferences", False),
            ("GET", "/api/me", True),
        ):
            reply = await jupyter.ask(method, path, headers=jupyter.admin, json=chat_body())
            assert (reply.status != 403) is allowed, path
        assert [action for action, _ in Watching.asked] == ["read", "write"] * 2 + ["read"]

    async def test_a_kernel_is_not_the_authorizers_business(self, jupyter: Host) -> None:
        reply = await jupyter.ask("POST", "/v1/chat/completions", json=chat_body())
        assert reply.status == 200


class TestWithoutLogin:
    """A server without token and password: Jupyter lets everybody in, but XSRF still holds."""

    @pytest.fixture
    def jp_server_config(self, jp_server_config: dict[str, Any]) -> dict[str, Any]:
        jp_server_config["IdentityProvider"] = {"token": ""}
        jp_server_config["ServerApp"]["token"] = ""
        return jp_server_config

    async def test_anybody_may_read_but_another_page_cannot_write(self, jupyter: Host) -> None:
        assert (await jupyter.ask("GET", "/api/me", headers={})).status == 200
        reply = await jupyter.ask("POST", "/v1/chat/completions", headers={}, json=chat_body())
        assert reply.status == 403

    async def test_a_kernel_asks_with_its_token(self, jupyter: Host) -> None:
        reply = await jupyter.ask("POST", "/v1/chat/completions", json=chat_body())
        assert reply.status == 200


# ── identities alone ────────────────────────────────────────────────────────


async def test_a_wrong_api_key_does_not_fall_back_to_the_browsers_login() -> None:
    from jupyter_mesh_server.exchange import HttpRequest

    from jupyter_mesh.errors import Unauthenticated

    async def logged_in(_request: HttpRequest) -> None:
        return None

    async def no_body() -> bytes:
        return b""

    identity = PersonalIdentity("ada", "kernel", ScriptedMesh().key_principal, logged_in)
    request = HttpRequest(
        method="GET", path="/api/me", query="", headers=FewHeaders(("x-api-key", "x")), read=no_body
    )
    with pytest.raises(Unauthenticated):
        await identity(request)


async def test_a_body_is_not_read_before_the_caller_is_known() -> None:
    from jupyter_mesh_server.exchange import HttpRequest, JsonReply

    async def read() -> bytes:
        raise AssertionError("read before authentication")

    mesh = ScriptedMesh()
    dispatcher = Dispatcher(Gateway(cast(Any, mesh)), KeyIdentity(mesh.key_principal))
    for headers, status in ((FewHeaders(), 401), (FewHeaders(("x-api-key", ADMIN_KEY)), 500)):
        reply = await dispatcher(
            HttpRequest(
                method="POST", path="/v1/chat/completions", query="", headers=headers, read=read
            )
        )
        assert isinstance(reply, JsonReply)
        assert reply.status == status
