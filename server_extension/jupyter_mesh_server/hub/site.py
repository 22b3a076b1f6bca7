"""The gateway's site on a Hub: whoever opens a page is logged in there; API calls never are.

The pages share their origin with every notebook server of the Hub, unless each has a domain of its
own. So the token that every request of a session needs is only told to a page that the browser
itself opens: a script of another page cannot ask for it (`Sec-Fetch-Mode` cannot be made up), and
the page can be put into no frame and be held by no opener.
"""

from __future__ import annotations

from datetime import UTC, datetime

from jupyter_mesh.errors import NotPermitted
from jupyter_mesh.schemas.json import Json

from ..credentials import unauthenticated
from ..exchange import HttpRequest, JsonReply, Reply
from ..gateway import Gateway
from ..pages import PAGE_HEADERS, Pages, with_meta
from ..replies import json_reply, reply_with
from ..route import Route
from ..site_routes import SignedIn, page, site_routes
from .environment import HubEnvironment
from .login import Login
from .sessions import HubSession, HubSessions

_UNBUILT = b"""<!doctype html>
<html lang="en">
<head><meta charset="utf-8" /><title>Jupyter Mesh</title></head>
<body><p>The site's pages are not built here; <code>make build</code> makes them.</p></body>
</html>
"""
_FAILED = """<!doctype html>
<html lang="en">
<meta charset="utf-8" />
<title>Jupyter Mesh</title>
<h1>Signing in did not work</h1>
<p>It took too long, was begun in another browser, or JupyterHub refused it.</p>
<p><a href="{start}">Try again</a></p>
</html>
"""


class HubSite:
    """Handlers of the site.

    Args:
        environment: Where the Hub is.
        sessions: Who is logged in.
        login: Logs browsers in.
        pages: What is shown.
    """

    def __init__(
        self, environment: HubEnvironment, sessions: HubSessions, login: Login, pages: Pages
    ) -> None:
        self._environment = environment
        self._sessions = sessions
        self._login = login
        self._pages = pages

    def routes(self) -> tuple[Route, ...]:
        """What the site adds to the gateway's routes."""
        return (*site_routes(self), page(self._environment.callback_path, self.callback))

    async def index(self, gateway: Gateway, request: HttpRequest, _body: Json) -> Reply:
        """`GET …/`: the page, or the way to the Hub's login."""
        gateway.mesh  # noqa: B018 without one this route says why
        _opened_by_the_browser(request)
        found = await self._sessions.of(request)
        if found is None:
            departure = self._login.begin(request)
            return _redirect(departure.url, departure.cookies)
        told = {
            "jupyter-mesh-xsrf": self._sessions.xsrf(found[0]),
            "jupyter-mesh-hub": self._environment.hub_url,
        }
        if not self._pages.are_built:
            kind = "text/html; charset=utf-8"
            return JsonReply(with_meta(_UNBUILT, told), 404, {**PAGE_HEADERS}, kind)
        return self._pages.index(request, told)

    async def asset(self, _gateway: Gateway, request: HttpRequest, _body: Json) -> Reply:
        """`GET …/assets/NAME`."""
        return self._pages.asset(request)

    async def callback(self, gateway: Gateway, request: HttpRequest, _body: Json) -> Reply:
        """Where the Hub sends a browser back to."""
        gateway.mesh  # noqa: B018 without one this route says why
        _opened_by_the_browser(request)
        token = await self._login.finish(request)
        forgotten = self._login.forgotten(request)
        secure = self._login.is_https(request)
        session = await self._sessions.open(token, request, secure=secure) if token else None
        if session is None:
            page = _FAILED.format(start=self._environment.prefix).encode()
            kind = "text/html; charset=utf-8"
            return JsonReply(page, 403, {**PAGE_HEADERS}, kind, cookies=forgotten)
        cookies = (*forgotten, self._sessions.cookie(session))
        return _redirect(self._environment.prefix, cookies)

    async def session(self, _gateway: Gateway, request: HttpRequest, _body: Json) -> Reply:
        """`GET /api/session`."""
        request.fields()
        session = await self._of(request)
        renewed = self._sessions.renewed(session)
        kept = renewed or session
        reply = reply_with(
            SignedIn(
                user=request.principal.user,
                xsrf=self._sessions.xsrf(kept),
                ends_at=datetime.fromtimestamp(kept.ends, UTC),
            )
        )
        if renewed is not None:
            reply.cookies = (self._sessions.cookie(renewed),)
        return reply

    async def sign_out(self, _gateway: Gateway, request: HttpRequest, _body: Json) -> Reply:
        """`DELETE /api/session`: here; at the Hub one stays logged in."""
        session = await self._of(request)
        await self._sessions.end(session)
        reply = json_reply({})
        reply.cookies = (self._sessions.cookie(session),)
        return reply

    async def _of(self, request: HttpRequest) -> HubSession:
        found = await self._sessions.of(request)
        if found is None:  # the caller has brought a key or a token instead
            raise unauthenticated()
        return found[0]


def _opened_by_the_browser(request: HttpRequest) -> None:
    """Refuse a page to scripts and frames. Over plain http browsers do not say who asks.

    Raises:
        NotPermitted: It is not a person who opens it.
    """
    mode, place = request.headers.get("Sec-Fetch-Mode"), request.headers.get("Sec-Fetch-Dest")
    if mode not in (None, "navigate") or place not in (None, "document"):
        raise NotPermitted("Open this page in a tab of your browser; programs use the API.")


def _redirect(url: str, cookies: tuple[str, ...]) -> JsonReply:
    headers = {"Location": url, "Referrer-Policy": "no-referrer"}
    return JsonReply(b"", 302, headers, "text/plain; charset=utf-8", cookies=cookies)
