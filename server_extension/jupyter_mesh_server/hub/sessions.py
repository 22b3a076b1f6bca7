"""Browsers that have logged in through the Hub.

The cookie holds the OAuth token that the Hub gave the gateway for this browser, sealed; it never
leaves the gateway otherwise. The Hub is asked about it like about any token, so that logging out
there ends the session, and losing a group or a role narrows it, as soon as the answer is outdated.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from typing import Any, cast

from ..exchange import HttpRequest
from ..sealed_cookies import cookie_of, sealed, unsealed
from ..sessions import IDLE, LONGEST, RENEWED_AFTER
from .hub_api import HubUser
from .tokens import HubTokens

COOKIE = "jupyter-mesh-hub-session"
_PURPOSE = b"jupyter-mesh hub session 1"


@dataclass(frozen=True, slots=True, kw_only=True)
class HubSession:
    """One browser that is logged in.

    Attributes:
        token: That the Hub gave for it.
        id: Random.
        since: When one logged in; seconds since the epoch.
        renewed: When its cookie was made.
        secure: Its cookie goes over https only.
    """

    token: str
    id: str
    since: int
    renewed: int
    secure: bool

    @property
    def ends(self) -> int:
        """When it is over unless it is used."""
        return min(self.renewed + IDLE, self.since + LONGEST)


class HubSessions:
    """Makes, reads and ends sessions. They stand in sealed cookies: any gateway over the same store
    knows them.

    Args:
        tokens: Whose token is whose.
        sealing_key: 32 bytes that only gateways over this store have.
        path: Below which the cookie is sent.
        clock: Seconds since the epoch.
    """

    def __init__(
        self,
        tokens: HubTokens,
        sealing_key: Callable[[], bytes],
        path: str,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._tokens = tokens
        self._sealing_key = sealing_key
        self._path = path
        self._clock = clock
        self._ended: dict[str, int] = {}

    def open(self, token: str, *, secure: bool) -> HubSession:
        """A session over a token that the Hub has just given."""
        now = int(self._clock())
        return HubSession(
            token=token, id=secrets.token_hex(16), since=now, renewed=now, secure=secure
        )

    async def of(self, request: HttpRequest) -> tuple[HubSession, HubUser] | None:
        """The session whose cookie a request brings, and who that is; None where it is over.

        Raises:
            IdentityUnavailable: The Hub does not say.
        """
        cookie = cookie_of(request, COOKIE)
        fields = cookie and unsealed(self._sealing_key(), _PURPOSE, cookie)
        if not fields:
            return None
        session = HubSession(**cast("dict[str, Any]", fields))
        if session.ends <= self._clock() or session.id in self._ended:
            return None
        user = await self._tokens.owner(session.token)
        return None if user is None else (session, user)

    def renewed(self, session: HubSession) -> HubSession | None:
        """The same, to be kept for longer; None where that is not due yet."""
        now = int(self._clock())
        return replace(session, renewed=now) if now - session.renewed >= RENEWED_AFTER else None

    def end(self, session: HubSession) -> None:
        """Take it back, here at once; another gateway would take its cookie until it is idle."""
        now = self._clock()
        self._ended = {one: until for one, until in self._ended.items() if until > now}
        self._ended[session.id] = session.since + LONGEST

    def xsrf(self, session: HubSession) -> str:
        """What the pages send with every request, and no other page knows."""
        said = f"hub xsrf {session.id}".encode()
        return hmac.new(self._sealing_key(), said, hashlib.sha256).hexdigest()

    def cookie(self, session: HubSession) -> str:
        """The header that sets the cookie; it removes it when the session has ended.

        `Lax`, not `Strict`: who comes from a login page elsewhere is to arrive logged in. That
        lets no other site do anything, since every request needs the token of the page as well.
        """
        has_ended = session.id in self._ended
        value = "" if has_ended else sealed(self._sealing_key(), _PURPOSE, asdict(session))
        age = 0 if has_ended else max(0, session.ends - int(self._clock()))
        secure = "; Secure" if session.secure else ""
        return f"{COOKIE}={value}; Path={self._path}; Max-Age={age}; HttpOnly; SameSite=Lax{secure}"
