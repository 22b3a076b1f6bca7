"""Signed-in browsers of the gateway's own site: a key is sent once, a sealed cookie afterwards.

The cookie holds no key. It names, sealed, the hash of the key it was made for: as soon as that key
is revoked, replaced or has expired, the session is over too.
"""

from __future__ import annotations

import hmac
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol

from jupyter_mesh.errors import NotPermitted
from jupyter_mesh.schemas.principal import Principal

from .browser_sessions import BrowserSession, BrowserSessions, SessionCookie, SignOuts
from .credentials import credential, unauthenticated
from .exchange import HttpRequest

XSRF_HEADER = "X-Mesh-XSRF"
COOKIE = SessionCookie(
    name="jupyter-mesh-session",
    purpose=b"jupyter-mesh session 1",
    xsrf="xsrf",
    # Without a path it goes to the addresses beside the one that set it, which are the API's,
    # whatever a proxy has put before them.
    sent="SameSite=Strict",
)


class KeyHolders(Protocol):
    """`Mesh.signed_in`."""

    def key_hash(self, secret: str) -> str | None:
        """By what a key that is good now is known; None for any other text."""
        ...

    def principal(self, hashed: str) -> Principal | None:
        """Whose key it is; None when it is no longer good."""
        ...

    def sealing_key(self) -> bytes:
        """32 bytes that only gateways over this store have."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Session(BrowserSession):
    """One browser that was signed in with a key.

    Attributes:
        key_hash: Of the mesh key it was made for.
    """

    key_hash: str


class Sessions(BrowserSessions[Session]):
    """Those over keys of the mesh.

    Args:
        holders: Who holds which key now.
        sign_outs: Who has signed out.
        clock: Seconds since the epoch.
    """

    def __init__(
        self, holders: KeyHolders, sign_outs: SignOuts, clock: Callable[[], float] = time.time
    ) -> None:
        super().__init__(Session, COOKIE, holders.sealing_key, sign_outs, clock)
        self._holders = holders

    def open(self, secret: str, origin: str | None) -> Session | None:
        """A session for who sends this key; None when it is no key that is good now.

        Args:
            secret: The key.
            origin: Of the page that sends it, as its browser says.
        """
        hashed = self._holders.key_hash(secret)
        if hashed is None:
            return None
        return self.begun(secure=(origin or "").startswith("https:"), key_hash=hashed)

    def of(self, request: HttpRequest) -> tuple[Session, Principal] | None:
        """The session whose cookie a request brings, and who that is; None where it is over."""
        session = self.brought(request)
        principal = None if session is None else self.principal(session)
        return None if session is None or principal is None else (session, principal)

    def principal(self, session: Session) -> Principal | None:
        """Who is signed in, with the rights of the key; None when the key is no longer good."""
        principal = self._holders.principal(session.key_hash)
        return None if principal is None else replace(principal, via="browser")


class SiteIdentity:
    """Applications bring a key; browsers of the site a session, and with every change its token."""

    def __init__(self, sessions: Sessions, key_principal: Callable[[str], Principal | None]):
        self._sessions = sessions
        self._key_principal = key_principal

    async def __call__(self, request: HttpRequest) -> Principal:
        secret = credential(request.headers, request.query)
        if secret is not None:
            principal = self._key_principal(secret)
            if principal is None:
                raise unauthenticated()
            return principal
        found = self._sessions.of(request)
        if found is None:
            raise unauthenticated()
        session, principal = found
        is_change = request.method not in ("GET", "HEAD")
        if is_change and not is_told(request, self._sessions.xsrf(session)):
            raise NotPermitted(f"Another site may have sent this: its {XSRF_HEADER} is wrong.")
        return principal


def is_told(request: HttpRequest, xsrf: str) -> bool:
    """Whether a request brings what only the site's own page was told."""
    sent = request.headers.get(XSRF_HEADER) or ""  # whatever bytes, so not always text
    return hmac.compare_digest(sent.encode(errors="replace"), xsrf.encode())
