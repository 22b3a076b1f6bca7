"""The gateway's own site at `/mesh/`: its pages, and signing in to them with a mesh key.

The pages are those of JupyterLab (`labextension/src/site`), built into the folder `site`.
"""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from pydantic import BaseModel, Field

from jupyter_mesh.errors import NotFound, NotPermitted, Unauthenticated
from jupyter_mesh.schemas.api import Body
from jupyter_mesh.schemas.json import Json
from jupyter_mesh.schemas.principal import Principal, Scope

from .api_routes import parsed
from .credentials import unauthenticated
from .exchange import HttpRequest, JsonReply, Reply
from .gateway import Gateway
from .replies import json_reply, reply_with
from .route import Route
from .sessions import XSRF_HEADER, Session, Sessions

PAGES = Path(__file__).parent / "site"
INDEX = "index.html"
PAGE_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; "
    "img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'; require-trusted-types-for 'script'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
}
_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".ico": "image/x-icon",
    ".woff2": "font/woff2",
    ".json": "application/json",
    ".map": "application/json",
}
"""Our own: the system's table of types may call a script anything, and browsers then refuse it."""
_KEPT = "public, max-age=31536000, immutable"
"""Of files whose name changes with their content."""


class SignIn(BaseModel):
    """A key, sent once."""

    key: str = Field(min_length=1, max_length=4096)


class SignedIn(Body):
    """A session of the site."""

    user: str
    xsrf: str = Field(description=f"To be sent as {XSRF_HEADER} with every change.")
    ends_at: datetime = Field(description="Unless it is used before.")


@dataclass(frozen=True, slots=True)
class File:
    """A file of the built pages, in memory."""

    body: bytes
    compressed: bytes
    content_type: str


class Site:
    """Handlers of the site.

    Args:
        sessions: Who is signed in.
        folder: Where the built pages are; read once.
    """

    def __init__(self, sessions: Sessions, folder: Path = PAGES) -> None:
        self._sessions = sessions
        self._files = dict(_files(folder))

    @property
    def is_built(self) -> bool:
        """Whether there are pages to show."""
        return INDEX in self._files

    def routes(self) -> tuple[Route, ...]:
        """What the site adds to the gateway's routes."""
        pages = (("/", self.index), ("/assets/{name}", self.asset))
        return (
            *(
                Route(method="GET", path=path, handler=handler, scope=None, summary="The site")
                for path, handler in pages
            ),
            Route(
                method="POST",
                path="/api/session",
                handler=self.sign_in,
                scope=None,
                request=SignIn,
                response=SignedIn,
                summary="Sign in to the site with a mesh key",
            ),
            Route(
                method="GET",
                path="/api/session",
                handler=self.session,
                scope=Scope.USE,
                response=SignedIn,
                summary="Who is signed in; keeps the session",
            ),
            Route(
                method="DELETE",
                path="/api/session",
                handler=self.sign_out,
                scope=Scope.USE,
                summary="Sign out",
            ),
        )

    async def index(self, _gateway: Gateway, request: HttpRequest, _body: Json) -> Reply:
        """`GET /mesh/`: the one page, never kept, so that it names files that are there."""
        if not self.is_built:
            raise NotFound("The site's pages are not built here; `make build` makes them.")
        return self._file(INDEX, request, "no-store")

    async def asset(self, _gateway: Gateway, request: HttpRequest, _body: Json) -> Reply:
        """`GET /mesh/assets/NAME`: scripts and styles, kept for good."""
        return self._file(f"assets/{request.params['name']}", request, _KEPT)

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
        self._sessions.end(session)
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

    def _file(self, name: str, request: HttpRequest, cache: str) -> JsonReply:
        file = self._files.get(name)
        if file is None:
            raise NotFound("The site has no such file.")
        headers = {**PAGE_HEADERS, "Cache-Control": cache, "Vary": "Accept-Encoding"}
        body = file.body
        if "gzip" in (request.headers.get("Accept-Encoding") or ""):
            headers["Content-Encoding"] = "gzip"
            body = file.compressed
        return JsonReply(body, headers=headers, content_type=file.content_type)


def _files(folder: Path) -> Iterator[tuple[str, File]]:
    """Every file below `folder`; nothing where the pages were not built."""
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            body = path.read_bytes()
            kind = _TYPES.get(path.suffix, "application/octet-stream")
            compressed = gzip.compress(body, mtime=0)
            yield path.relative_to(folder).as_posix(), File(body, compressed, kind)
