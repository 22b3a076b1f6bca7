"""A browser as far as a Hub's tests need one: cookies by path, redirects, and what it says of
itself with every request.
"""

from __future__ import annotations

import json
import re
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from email.message import Message
from http.client import HTTPMessage, HTTPResponse
from http.cookiejar import CookieJar
from typing import IO, cast
from urllib.parse import urlencode

from ..schemas.json import Json

_SECONDS = 60.0
PAGE = {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document", "Sec-Fetch-Site": "none"}
"""What a browser says when somebody opens an address."""
SCRIPT = {"Sec-Fetch-Mode": "cors", "Sec-Fetch-Dest": "empty", "Sec-Fetch-Site": "same-origin"}
"""What it says when a script of a page asks."""


class Refused(Exception):
    """An answer of 400 or more.

    Attributes:
        status: Of the answer.
        text: Its body.
    """

    def __init__(self, status: int, text: str) -> None:
        super().__init__(f"{status}: {text[:300]}")
        self.status = status
        self.text = text


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back.

    Attributes:
        url: Where it came from, after redirects.
    """

    status: int
    url: str
    headers: Message
    text: str

    @property
    def json(self) -> Json:
        """The body as JSON."""
        return cast(Json, json.loads(self.text))


def ask(method: str, url: str, headers: Mapping[str, str], body: Json = None) -> Json:
    """One request with JSON on both ways, past any proxy of the environment.

    Raises:
        Refused: The answer is no success.
    """
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    data = None if body is None else json.dumps(body).encode()
    sent = dict(headers) if data is None else {"Content-Type": "application/json", **headers}
    request = urllib.request.Request(url, data, sent, method=method)
    try:
        with opener.open(request, timeout=_SECONDS) as reply:
            raw = cast(bytes, reply.read())
    except urllib.error.HTTPError as error:
        raise Refused(error.code, error.read().decode("utf-8", "replace")) from None
    return cast(Json, json.loads(raw)) if raw else None


class _Stay(urllib.request.HTTPRedirectHandler):
    """Follows no redirect."""

    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: HTTPMessage,
        newurl: str,
    ) -> None:
        return None


class HubBrowser:
    """One browser with its cookies.

    Args:
        hub: Address of the Hub, without a slash at its end.
        mesh: Address of the mesh, with a slash at its end.

    Attributes:
        xsrf: What the mesh's page told, once it was opened.
    """

    def __init__(self, hub: str, mesh: str) -> None:
        self.cookies = CookieJar()
        self.xsrf = ""
        self._hub = hub
        self._mesh = mesh
        handlers = (
            urllib.request.ProxyHandler({}),
            urllib.request.HTTPCookieProcessor(self.cookies),
        )
        self._following = urllib.request.build_opener(*handlers)
        self._staying = urllib.request.build_opener(*handlers, _Stay())

    def open(
        self,
        url: str,
        *,
        method: str = "GET",
        headers: Mapping[str, str] = PAGE,
        data: bytes | None = None,
        follow: bool = True,
    ) -> Answer:
        """One request; refusals are answers too."""
        request = urllib.request.Request(url, data, dict(headers), method=method)
        opener = self._following if follow else self._staying
        try:
            with cast(HTTPResponse, opener.open(request, timeout=_SECONDS)) as reply:
                text = reply.read().decode("utf-8", "replace")
                return Answer(reply.status, reply.url, reply.headers, text)
        except urllib.error.HTTPError as error:
            text = error.read().decode("utf-8", "replace")
            return Answer(error.code, error.url or url, error.headers, text)

    def log_in(self, user: str, password: str) -> None:
        """Fill in the Hub's form.

        Raises:
            Refused: The Hub does not let the user in.
        """
        form = self.open(f"{self._hub}/hub/login")
        fields = {"username": user, "password": password, "_xsrf": _xsrf_of(form.text)}
        data = urlencode(fields).encode()
        reply = self.open(f"{self._hub}/hub/login", method="POST", data=data, follow=False)
        if reply.status != 302:
            raise Refused(reply.status, reply.text)

    def log_out(self) -> None:
        """Log out of the Hub."""
        self.open(f"{self._hub}/hub/logout")

    def open_mesh(self) -> Answer:
        """Open the mesh's site, over the Hub's login if need be, and keep what its page tells."""
        page = self.open(self._mesh)
        found = re.search(r'name="jupyter-mesh-xsrf" content="(\w+)"', page.text)
        self.xsrf = found[1] if found else ""
        return page

    def ask(self, method: str, path: str, body: Json = None, **headers: str) -> Answer:
        """As the mesh's page asks its API; `path` is below the mesh's address."""
        sent = {**SCRIPT, "X-Mesh-XSRF": self.xsrf, **headers}
        data = None if body is None else json.dumps(body).encode()
        if data is not None:
            sent["Content-Type"] = "application/json"
        return self.open(self._mesh + path, method=method, headers=sent, data=data, follow=False)


def _xsrf_of(page: str) -> str:
    found = re.search(r'name="_xsrf"\s+value="([^"]*)"', page)
    return found[1] if found else ""
