"""The gateway's own site at `/mesh/`: its pages, and signing in to them with a mesh key."""

from __future__ import annotations

from datetime import UTC, datetime

from pydantic import BaseModel, Field

from jupyter_mesh.errors import NotPermitted, Unauthenticated
from jupyter_mesh.schemas.json import Json
from jupyter_mesh.schemas.principal import Principal

from .api_routes import parsed
from .credentials import unauthenticated
from .exchange import HttpRequest, Reply
from .gateway import Gateway
from .pages import Pages
from .replies import json_reply, reply_with
from .route import Route
from .sessions import XSRF_HEADER, Session, Sessions
from .site_routes import SignedIn, site_routes


class SignIn(BaseModel):
    """A key, sent once."""

    key: str = Field(min_length=1, max_length=4096)


class Site:
    """Handlers of the site.

    Args:
        sessions: Who is signed in.
        pages: What is shown.
    """

    def __init__(self, sessions: Sessions, pages: Pages) -> None:
        self._sessions = sessions
        self._pages = pages

    def routes(self) -> tuple[Route, ...]:
        """What the site adds to the gateway's routes."""
        sign_in = Route(
            method="POST",
            path="/api/session",
            handler=self.sign_in,
            scope=None,
            request=SignIn,
            response=SignedIn,
            summary="Sign in to the site with a mesh key",
        )
        return (*site_routes(self), sign_in)

    async def index(self, _gateway: Gateway, request: HttpRequest, _body: Json) -> Reply:
        """`GET /mesh/`."""
        return self._pages.index(request)

    async def asset(self, _gateway: Gateway, request: HttpRequest, _body: Json) -> Reply:
        """`GET /mesh/assets/NAME`."""
        return self._pages.asset(request)

    async def sign_in(self, gateway: Gateway, request: HttpRequest, body: Json) -> Reply:
        """`POST /api/session`."""
        gateway.mesh  # noqa: B018 without one this route says why
        if request.headers.get(XSRF_HEADER) is None:  # no form or link of another site can send it
            raise NotPermitted(f"Signing in needs the header {XSRF_HEADER}.")
        key = parsed(SignIn, body).key.strip()
        session = self._sessions.open(key, request.headers.get("Origin"))
        principal = None if session is None else self._sessions.principal(session)
        if session is None or principal is None:
            raise Unauthenticated("This key is not known here, was revoked, or has expired.")
        return self._signed_in(principal, session, is_new=True)

    async def session(self, _gateway: Gateway, request: HttpRequest, _body: Json) -> Reply:
        """`GET /api/session`."""
        request.fields()
        session = self._of(request)
        renewed = self._sessions.renewed(session)
        return self._signed_in(request.principal, renewed or session, is_new=renewed is not None)

    async def sign_out(self, _gateway: Gateway, request: HttpRequest, _body: Json) -> Reply:
        """`DELETE /api/session`."""
        session = self._of(request)
        await self._sessions.end(session)
        reply = json_reply({})
        reply.headers["Set-Cookie"] = self._sessions.cookie(session)
        return reply

    def _of(self, request: HttpRequest) -> Session:
        found = self._sessions.of(request)
        if found is None:  # the caller has brought a key instead
            raise unauthenticated()
        return found[0]

    def _signed_in(self, principal: Principal, session: Session, *, is_new: bool) -> Reply:
        reply = reply_with(
            SignedIn(
                user=principal.user,
                xsrf=self._sessions.xsrf(session),
                ends_at=datetime.fromtimestamp(session.ends, UTC),
            )
        )
        if is_new:
            reply.headers["Set-Cookie"] = self._sessions.cookie(session)
        return reply
