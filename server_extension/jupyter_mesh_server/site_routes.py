"""What every site of the gateway answers, however one signs in to it."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from pydantic import Field

from jupyter_mesh.schemas.api import Body
from jupyter_mesh.schemas.json import Json
from jupyter_mesh.schemas.principal import Scope

from .exchange import HttpRequest, Reply
from .gateway import Gateway
from .route import Handler, Route, get
from .sessions import XSRF_HEADER


class SignedIn(Body):
    """A session of the site."""

    user: str
    xsrf: str = Field(description=f"To be sent as {XSRF_HEADER} with every change.")
    ends_at: datetime = Field(description="Unless it is used before.")


class SiteHandlers(Protocol):
    """The handlers of a site."""

    async def index(self, gateway: Gateway, request: HttpRequest, body: Json, /) -> Reply:
        """The page."""
        ...

    async def asset(self, gateway: Gateway, request: HttpRequest, body: Json, /) -> Reply:
        """A script or a style of it."""
        ...

    async def session(self, gateway: Gateway, request: HttpRequest, body: Json, /) -> Reply:
        """Who is signed in; keeps the session."""
        ...

    async def sign_out(self, gateway: Gateway, request: HttpRequest, body: Json, /) -> Reply:
        """End the session."""
        ...


def page(path: str, handler: Handler) -> Route:
    """A route that anybody may open."""
    return get(path, handler, None, "The site", scope=None)


def site_routes(site: SiteHandlers) -> tuple[Route, ...]:
    """The routes that do not depend on how one signs in."""
    return (
        page("/", site.index),
        page("/assets/{name}", site.asset),
        get("/api/session", site.session, SignedIn, "Who is signed in; keeps the session"),
        Route(
            method="DELETE",
            path="/api/session",
            handler=site.sign_out,
            scope=Scope.USE,
            summary="Sign out",
        ),
    )
