"""What sessions of browsers have in common, whoever vouches for them: how long they last, the
sealed cookie in which they stand, and the token of their pages.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import Any, Generic, Protocol, TypeVar, cast

from .exchange import HttpRequest
from .sealed_cookies import cookie_of, sealed, unsealed

IDLE = 30 * 60
"""Seconds after which a session that nobody uses is over."""
LONGEST = 12 * 60 * 60
"""Seconds after which one signs in again in any case."""
RENEWED_AFTER = 5 * 60
"""Seconds after which a session that is used gets a fresh cookie."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BrowserSession:
    """One browser that is signed in.

    Attributes:
        id: Random.
        since: When one signed in; seconds since the epoch.
        renewed: When its cookie was made.
        secure: Its cookie goes over https only.
    """

    id: str
    since: int
    renewed: int
    secure: bool

    @property
    def ends(self) -> int:
        """When it is over unless it is used."""
        return min(self.renewed + IDLE, self.since + LONGEST)


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionCookie:
    """How a kind of session stands in a browser.

    Attributes:
        name: Of the cookie.
        purpose: What its seal is for: that of another kind is none.
        xsrf: Begins what the token of the pages is made from.
        sent: The attributes that say where the browser sends it.
        is_kept: The browser keeps it when the session has been idle for too long, so that pages of
            it can be taken up by whoever signs in again.
    """

    name: str
    purpose: bytes
    xsrf: str
    sent: str
    is_kept: bool = False


class SignOuts(Protocol):
    """`Mesh.sign_outs`."""

    def __contains__(self, session: str) -> bool:
        """Whether a session was signed out, by whichever gateway over the store."""
        ...

    async def add(self, session: str, until: datetime) -> None:
        """Sign one out that would be over then in any case.

        Raises:
            StoreUnavailable: The other gateways do not know it.
        """
        ...


Kind = TypeVar("Kind", bound=BrowserSession)


class BrowserSessions(Generic[Kind]):
    """Makes, reads and ends sessions. They stand in sealed cookies, not in memory: any gateway over
    the same store knows them.

    Args:
        kind: The class of a session.
        cookie: How it stands in a browser.
        sealing_key: 32 bytes that only gateways over this store have.
        sign_outs: Who has signed out.
        clock: Seconds since the epoch.
    """

    def __init__(
        self,
        kind: type[Kind],
        cookie: SessionCookie,
        sealing_key: Callable[[], bytes],
        sign_outs: SignOuts,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._kind = kind
        self._cookie = cookie
        self._sealing_key = sealing_key
        self._clock = clock
        self._sign_outs = sign_outs

    def begun(self, *, secure: bool, **vouched: str) -> Kind:
        """A session from now on; `vouched` names who vouches for it."""
        now = int(self._clock())
        return self._kind(
            id=secrets.token_hex(16), since=now, renewed=now, secure=secure, **vouched
        )

    def brought(self, request: HttpRequest) -> Kind | None:
        """The session whose cookie a request brings; None where there is none, or it is over."""
        session = self.brought_before(request)
        return None if session is None or session.ends <= self._clock() else session

    def brought_before(self, request: HttpRequest) -> Kind | None:
        """The same, also when it was idle for too long; None where somebody ended it."""
        cookie = cookie_of(request, self._cookie.name)
        fields = cookie and unsealed(self._sealing_key(), self._cookie.purpose, cookie)
        if not fields:
            return None
        session = self._kind(**cast("dict[str, Any]", fields))
        is_over = session.since + LONGEST <= self._clock() or session.id in self._sign_outs
        return None if is_over else session

    def renewed(self, session: Kind) -> Kind | None:
        """The same, to be kept for longer; None where that is not due yet."""
        now = int(self._clock())
        return replace(session, renewed=now) if now - session.renewed >= RENEWED_AFTER else None

    async def end(self, session: Kind) -> None:
        """Take it back: here at once, and in every other gateway over the store when it next looks.

        Raises:
            StoreUnavailable: The others do not know it.
        """
        await self._sign_outs.add(session.id, datetime.fromtimestamp(session.since + LONGEST, UTC))

    def xsrf(self, session: Kind) -> str:
        """What the pages of a session send, and no other page knows."""
        said = f"{self._cookie.xsrf} {session.id}".encode()
        return hmac.new(self._sealing_key(), said, hashlib.sha256).hexdigest()

    def cookie(self, session: Kind) -> str:
        """The header that sets the cookie; it removes it when the session has ended."""
        has_ended = session.id in self._sign_outs
        value = ""
        if not has_ended:
            value = sealed(self._sealing_key(), self._cookie.purpose, asdict(session))
        until = session.since + LONGEST if self._cookie.is_kept else session.ends
        age = 0 if has_ended else max(0, until - int(self._clock()))
        secure = "; Secure" if session.secure else ""
        sent = self._cookie.sent
        return f"{self._cookie.name}={value}; {sent}; Max-Age={age}; HttpOnly{secure}"
