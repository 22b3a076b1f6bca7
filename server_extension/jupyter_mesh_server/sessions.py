"""Signed-in browsers of the gateway's own site: a key is sent once, a sealed cookie afterwards.

The cookie holds no key. It names, sealed, the hash of the key it was made for: as soon as that key
is revoked, replaced or has expired, the session is over too.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from typing import Any, Protocol, cast

from jupyter_mesh.errors import NotPermitted
from jupyter_mesh.schemas.principal import Principal

from .credentials import credential, unauthenticated
from .exchange import HttpRequest
from .sealed_cookies import cookie_of, sealed, unsealed

COOKIE = "jupyter-mesh-session"
XSRF_HEADER = "X-Mesh-XSRF"
IDLE = 30 * 60
"""Seconds after which a session that nobody uses is over."""
LONGEST = 12 * 60 * 60
"""Seconds after which one signs in again in any case."""
RENEWED_AFTER = 5 * 60
"""Seconds after which a session that is used gets a fresh cookie."""
_PURPOSE = b"jupyter-mesh session 1"


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
class Session:
    """One signed-in browser.

    Attributes:
        key_hash: Of the mesh key it was made for.
        id: Random.
        since: When one signed in; seconds since the epoch.
        renewed: When its cookie was made.
        secure: Its cookie goes over https only.
    """

    key_hash: str
    id: str
    since: int
    renewed: int
    secure: bool

    @property
    def ends(self) -> int:
        """When it is over unless it is used."""
        return min(self.renewed + IDLE, self.since + LONGEST)


class Sessions:
    """Makes, reads and ends sessions. They stand in sealed cookies, not in memory: any gateway over
    the same store knows them.

    Args:
        holders: Who holds which key now.
        clock: Seconds since the epoch.
    """

    def __init__(self, holders: KeyHolders, clock: Callable[[], float] = time.time) -> None:
        self._holders = holders
        self._clock = clock
        self._ended: dict[str, int] = {}

    def open(self, secret: str, origin: str | None) -> Session | None:
        """A session for who sends this key; None when it is no key that is good now.

        Args:
            secret: The key.
            origin: Of the page that sends it, as its browser says.
        """
        hashed = self._holders.key_hash(secret)
        if hashed is None:
            return None
        now = int(self._clock())
        return Session(
            key_hash=hashed,
            id=secrets.token_hex(16),
            since=now,
            renewed=now,
            secure=(origin or "").startswith("https:"),
        )

    def of(self, request: HttpRequest) -> tuple[Session, Principal] | None:
        """The session whose cookie a request brings, and who that is; None where it is over."""
        session = self._brought(request)
        if session is None or session.ends <= self._clock() or session.id in self._ended:
            return None
        principal = self.principal(session)
        return None if principal is None else (session, principal)

    def principal(self, session: Session) -> Principal | None:
        """Who is signed in, with the rights of the key; None when the key is no longer good."""
        principal = self._holders.principal(session.key_hash)
        return None if principal is None else replace(principal, via="browser")

    def renewed(self, session: Session) -> Session | None:
        """The same, to be kept for longer; None where that is not due yet."""
        now = int(self._clock())
        return replace(session, renewed=now) if now - session.renewed >= RENEWED_AFTER else None

    def end(self, session: Session) -> None:
        """Take it back, here at once; another gateway would take its cookie until it is idle."""
        now = self._clock()
        self._ended = {one: until for one, until in self._ended.items() if until > now}
        self._ended[session.id] = session.since + LONGEST

    def xsrf(self, session: Session) -> str:
        """What a page of the site sends with every change, and no other site knows."""
        key = self._holders.sealing_key()
        return hmac.new(key, f"xsrf {session.id}".encode(), hashlib.sha256).hexdigest()

    def cookie(self, session: Session) -> str:
        """The header that sets the cookie; it removes it when the session has ended.

        Without a path it goes to the addresses beside the one that set it, which are the API's,
        whatever a proxy has put before them.
        """
        has_ended = session.id in self._ended
        value = ""
        if not has_ended:
            value = sealed(self._holders.sealing_key(), _PURPOSE, asdict(session))
        age = 0 if has_ended else max(0, session.ends - int(self._clock()))
        secure = "; Secure" if session.secure else ""
        return f"{COOKIE}={value}; Max-Age={age}; HttpOnly; SameSite=Strict{secure}"

    def _brought(self, request: HttpRequest) -> Session | None:
        cookie = cookie_of(request, COOKIE)
        fields = cookie and unsealed(self._holders.sealing_key(), _PURPOSE, cookie)
        return Session(**cast("dict[str, Any]", fields)) if fields else None


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
