"""Browsers that have logged in through the Hub.

The cookie holds the OAuth token that the Hub gave the gateway for this browser, sealed; it never
leaves the gateway otherwise. The Hub is asked about it like about any token, so that logging out
there ends the session, and losing a group or a role narrows it, as soon as the answer is outdated.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from ..browser_sessions import BrowserSession, BrowserSessions, SessionCookie, SignOuts
from ..exchange import HttpRequest
from .hub_api import HubUser
from .tokens import HubTokens


@dataclass(frozen=True, slots=True, kw_only=True)
class HubSession(BrowserSession):
    """One browser that has logged in at the Hub.

    Attributes:
        token: That the Hub gave for it.
        user: Whose browser it is.
    """

    token: str
    user: str


class HubSessions(BrowserSessions[HubSession]):
    """Those over tokens of the Hub.

    Args:
        tokens: Whose token is whose.
        sealing_key: 32 bytes that only gateways over this store have.
        sign_outs: Who has signed out.
        path: Below which the cookie is sent.
        clock: Seconds since the epoch.
    """

    def __init__(
        self,
        tokens: HubTokens,
        sealing_key: Callable[[], bytes],
        sign_outs: SignOuts,
        path: str,
        clock: Callable[[], float] = time.time,
    ) -> None:
        cookie = SessionCookie(
            name="jupyter-mesh-hub-session",
            purpose=b"jupyter-mesh hub session 2",
            xsrf="hub xsrf",
            # `Lax`, not `Strict`: who comes from a login page elsewhere is to arrive logged in. No
            # other site can do anything by that: every request needs the token of the page too.
            sent=f"Path={path}; SameSite=Lax",
            is_kept=True,
        )
        super().__init__(HubSession, cookie, sealing_key, sign_outs, clock)
        self._tokens = tokens

    async def open(self, token: str, request: HttpRequest, *, secure: bool) -> HubSession | None:
        """A session over a token that the Hub has just given; None where it is nobody's.

        Whoever signs in again in the same browser goes on with the pages that are open there: their
        token stays the same, which nobody but those pages was told.

        Raises:
            IdentityUnavailable: The Hub does not say.
        """
        owner = await self._tokens.owner(token)
        if owner is None:
            return None
        session = self.begun(secure=secure, token=token, user=owner.name)
        before = self.brought_before(request)
        if before is None or before.user != owner.name:
            return session
        return replace(session, id=before.id)

    async def of(self, request: HttpRequest) -> tuple[HubSession, HubUser] | None:
        """The session whose cookie a request brings, and who that is; None where it is over.

        Raises:
            IdentityUnavailable: The Hub does not say.
        """
        session = self.brought(request)
        if session is None:
            return None
        user = await self._tokens.owner(session.token, now=request.has_waited)
        return None if user is None else (session, user)
