"""A Hub as far as the gateway sees one: its REST answers and its login, without accounts or pages.

What it answers was taken from JupyterHub 6.1.1; tests/hub/test_real_hub.py has the gateway speak to
a real one.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from aiohttp import web

VERSION = "6.1.1"
SECRET = "secret-of-the-service"
USE = "custom:mesh:use"


def user(name: str, *scopes: str, groups: tuple[str, ...] = (), kind: str = "user") -> Any:
    """What `GET /user` answers for a token of that user's."""
    return {
        "kind": kind,
        "name": name,
        "groups": list(groups),
        "scopes": [f"read:users:name!user={name}", *(scopes or (USE,))],
        "admin": False,
        "token_id": "a1",
        "session_id": None,
    }


@dataclass
class FakeHub:
    """On a free port of loopback.

    Attributes:
        tokens: What `GET /user` answers, by token.
        codes: Token and PKCE challenge by the code of a login that has begun.
        users: Groups of users by name, as a service may read them.
        service_may_ask: The service has the role for that.
        logged_in: The token of whoever logs in next; None: they do not.
        asked: Tokens that were asked about, in order.
        status: Answer everything with this, instead of an answer.
        body: Answer `GET /user` with this, instead of the user.
        wait: Set to let questions end; None: they end at once.
    """

    tokens: dict[str, Any] = field(default_factory=dict[str, Any])
    codes: dict[str, tuple[str, str]] = field(default_factory=dict[str, tuple[str, str]])
    users: dict[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    service_may_ask: bool = True
    logged_in: str | None = None
    asked: list[str] = field(default_factory=list[str])
    version: str | None = VERSION
    status: int | None = None
    body: bytes | None = None
    wait: asyncio.Event | None = None
    port: int = 0
    _runner: web.AppRunner | None = None

    @property
    def api_url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hub/api"

    async def start(self) -> None:
        app = web.Application(middlewares=[self._every])
        app.router.add_get("/hub/api/", self._root)
        app.router.add_get("/hub/api/user", self._user)
        app.router.add_get("/hub/api/users/{name}", self._named)
        app.router.add_get("/hub/api/oauth2/authorize", self._authorize)
        app.router.add_post("/hub/api/oauth2/token", self._token)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self.port, reuse_address=True).start()
        self.port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    @web.middleware
    async def _every(self, request: web.Request, handler: Any) -> web.StreamResponse:
        if self.status is not None:
            reply: web.StreamResponse = web.json_response({"message": "no"}, status=self.status)
        else:
            reply = await handler(request)
        if self.version is not None:
            reply.headers["X-JupyterHub-Version"] = self.version
        return reply

    async def _root(self, _request: web.Request) -> web.Response:
        if self.wait is not None:
            await self.wait.wait()
        return web.json_response({"version": self.version})

    async def _user(self, request: web.Request) -> web.Response:
        scheme, _, token = request.headers["Authorization"].partition(" ")
        assert scheme == "token"
        self.asked.append(token)
        if self.wait is not None:
            await self.wait.wait()
        if self.body is not None:
            return web.Response(body=self.body, content_type="application/json")
        model = self.tokens.get(token)
        if model is None:
            return web.json_response({"status": 403, "message": "Forbidden"}, status=403)
        return web.json_response(model)

    async def _named(self, request: web.Request) -> web.Response:
        """As for a service with `read:users:groups` or, without it, with nothing."""
        self.asked.append(f"user {request.match_info['name']}")
        if self.wait is not None:
            await self.wait.wait()
        if request.headers["Authorization"] != f"token {SECRET}" or not self.service_may_ask:
            return web.json_response({"status": 403, "message": "Forbidden"}, status=403)
        groups = self.users.get(request.match_info["name"])
        if groups is None:
            return web.json_response({"status": 404, "message": "Not Found"}, status=404)
        said = {"kind": "user", "name": request.match_info["name"], "groups": [*groups]}
        return web.json_response(said)

    async def _authorize(self, request: web.Request) -> web.Response:
        """As for somebody whose browser is logged in at the Hub already."""
        query = request.query
        assert query["response_type"] == "code"
        assert query["code_challenge_method"] == "S256"
        if query["client_id"] != "service-mesh" or self.logged_in is None:
            return web.Response(status=403, text="no")
        code = f"code-{len(self.codes)}"
        self.codes[code] = (self.logged_in, query["code_challenge"])
        back = urlencode({"code": code, "state": query["state"]})
        return web.Response(status=302, headers={"Location": f"{query['redirect_uri']}?{back}"})

    async def _token(self, request: web.Request) -> web.Response:
        form = await request.post()
        token, challenge = self.codes.pop(str(form.get("code")), (None, ""))
        proof = hashlib.sha256(str(form.get("code_verifier")).encode()).digest()
        proven = base64.urlsafe_b64encode(proof).decode().rstrip("=") == challenge
        known = (form.get("client_id"), form.get("client_secret")) == ("service-mesh", SECRET)
        grant = form.get("grant_type") == "authorization_code"
        same_place = form.get("redirect_uri") == "/services/mesh/oauth_callback"
        if token is None or not (proven and known and grant and same_place):
            return web.json_response({"error": "invalid_grant"}, status=400)
        return web.json_response({"access_token": token, "token_type": "Bearer"})
