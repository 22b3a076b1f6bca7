"""Logging a browser in at the Hub: OAuth 2 with a code, a state and PKCE.

What must be remembered between leaving and coming back stands in a sealed cookie of the browser
itself, so that any gateway over the same store can finish what another has begun.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlencode

from jupyter_mesh.schemas.json import as_int, as_str

from ..exchange import HttpRequest
from ..sealed_cookies import cookie_of, cookies_of, sealed, unsealed
from .environment import HubEnvironment
from .hub_api import HubApi

COOKIE = "jupyter-mesh-login-"
SECONDS = 600
"""How long one may take to log in."""
_PURPOSE = b"jupyter-mesh hub login 1"
_MOST_AT_ONCE = 8
"""Logins that one browser may have begun, as when it opens many tabs again."""
_NAMED_BY = 16


@dataclass(frozen=True, slots=True)
class Departure:
    """A browser that is sent to the Hub.

    Attributes:
        url: Where it goes.
        cookies: What it is given to remember.
    """

    url: str
    cookies: tuple[str, ...]


class Login:
    """Begins and ends logins.

    Args:
        environment: Where the Hub is.
        api: The Hub.
        sealing_key: 32 bytes that only gateways over this store have.
        clock: Seconds since the epoch.
    """

    def __init__(
        self,
        environment: HubEnvironment,
        api: HubApi,
        sealing_key: Callable[[], bytes],
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._environment = environment
        self._api = api
        self._sealing_key = sealing_key
        self._clock = clock

    def is_https(self, request: HttpRequest) -> bool:
        """Whether the browser came over https, as the Hub or the proxy before the gateway says."""
        if self._environment.is_https is not None:
            return self._environment.is_https
        said = request.headers.get("X-Forwarded-Proto") or ""
        return said.partition(",")[0].strip().lower() == "https"

    def begin(self, request: HttpRequest) -> Departure:
        """Send a browser to the Hub."""
        state, verifier = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest())
        query = {
            "client_id": self._environment.client_id,
            "redirect_uri": self._environment.callback_url,
            "response_type": "code",
            "state": state,
            "code_challenge": challenge.decode().rstrip("="),
            "code_challenge_method": "S256",
        }
        remembered = {"state": state, "verifier": verifier, "begun": int(self._clock())}
        value = sealed(self._sealing_key(), _PURPOSE, remembered)
        cookie = self._cookie(request, _name(state), value, SECONDS)
        begun = [name for name, _ in cookies_of(request) if name.startswith(COOKIE)]
        dropped = begun if len(begun) >= _MOST_AT_ONCE else []
        return Departure(
            f"{self._environment.authorize_url}?{urlencode(query)}",
            (*(self._cookie(request, name, "", 0) for name in dropped), cookie),
        )

    async def finish(self, request: HttpRequest) -> str | None:
        """The token of a browser that comes back; None where this browser was not sent, took too
        long, or was refused.

        Raises:
            IdentityUnavailable: The Hub does not answer.
        """
        fields = dict(request.pairs())
        code, state = fields.get("code"), fields.get("state") or ""
        cookie = cookie_of(request, _name(state))
        said = unsealed(self._sealing_key(), _PURPOSE, cookie) if cookie else None
        if said is None or not code:
            return None
        verifier, begun = as_str(said.get("verifier")), as_int(said.get("begun")) or 0
        expected = as_str(said.get("state")) or ""
        if not hmac.compare_digest(expected.encode(), state.encode()):
            return None
        if verifier is None or not 0 <= self._clock() - begun <= SECONDS:
            return None
        return await self._api.token_for(
            {
                "client_id": self._environment.client_id,
                "client_secret": self._environment.api_token,
                "grant_type": "authorization_code",
                "code": code,
                "redirect_uri": self._environment.callback_url,
                "code_verifier": verifier,
            }
        )

    def forgotten(self, request: HttpRequest) -> tuple[str, ...]:
        """What removes the memory of the login that ends with this request."""
        state = dict(request.pairs()).get("state") or ""
        return (self._cookie(request, _name(state), "", 0),)

    def _cookie(self, request: HttpRequest, name: str, value: str, age: int) -> str:
        secure = "; Secure" if self.is_https(request) else ""
        path = self._environment.prefix
        return f"{name}={value}; Path={path}; Max-Age={age}; HttpOnly; SameSite=Lax{secure}"


def _name(state: str) -> str:
    """The cookie of a login: each has its own, so that tabs do not disturb each other."""
    return COOKIE + hashlib.sha256(state.encode()).hexdigest()[:_NAMED_BY]
