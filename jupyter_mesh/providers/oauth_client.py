"""Tokens for a program from an OAuth 2.0 server, by its own id and secret.

Source: RFC 6749, section 4.4 (client credentials).
"""

from __future__ import annotations

import base64
import ssl
import time
from email.message import Message
from http.client import HTTPException
from pathlib import Path
from typing import IO, cast
from urllib.error import HTTPError, URLError
from urllib.parse import urlencode
from urllib.request import (
    HTTPRedirectHandler,
    HTTPSHandler,
    OpenerDirector,
    ProxyHandler,
    Request,
    build_opener,
)

import orjson

from ..errors import ProviderMisconfigured, ProviderUnavailable
from ..outbound.authorization import Token
from ..outbound.proxy import proxy_for
from ..schemas.json import Json, as_int, as_str, dig

_SECONDS = 20.0
_LARGEST = 64 * 1024
_REFUSED = frozenset({400, 401, 403})
_MOVED = frozenset({301, 302, 303, 307, 308})


def client_token(
    url: str,
    client_id: str,
    client_secret: str,
    scope: str,
    *,
    who: str,
    verify: bool = True,
    ca_file: Path | None = None,
) -> Token:
    """A token; blocks until it is there.

    Args:
        url: Of the token endpoint.
        client_id: Of the program.
        client_secret: Of the program.
        scope: For what the token is.
        who: The connection, as messages call it.
        verify: Whether the server's certificate is checked.
        ca_file: Certificates to trust instead of the system's.

    Raises:
        ProviderMisconfigured: The program is not let in.
        ProviderUnavailable: The server does not answer, or not with a token.
    """
    form = urlencode({"grant_type": "client_credentials", "scope": scope}).encode()
    pair = base64.b64encode(f"{client_id}:{client_secret}".encode()).decode()
    request = Request(url, form, {"Authorization": f"Basic {pair}", "Accept": "application/json"})
    value = _asked(request, _opener(url, verify=verify, ca_file=ca_file), who)
    token = as_str(dig(value, "access_token"))
    if token is None or not token.isascii() or not token.isprintable():
        raise _unavailable(who, "(no token in the answer)")
    return Token(token, time.time() + (as_int(dig(value, "expires_in")) or 3_600))


def _asked(request: Request, opener: OpenerDirector, who: str) -> Json:
    """The JSON of the answer; None: it is none."""
    try:
        with opener.open(request, timeout=_SECONDS) as answer:
            body: bytes = answer.read(_LARGEST)
    except HTTPError as error:
        if error.code in _REFUSED:
            raise ProviderMisconfigured(
                f"{who} was refused a token ({error.code}). Ask an admin to check its `client_id` "
                "and `client_secret`."
            ) from None
        if error.code in _MOVED:
            raise ProviderMisconfigured(
                f"{who} was sent elsewhere for a token ({error.code}), where its secret is not "
                "shown. Ask an admin to check its `base_url`."
            ) from None
        raise _unavailable(who, f"({error.code})") from None
    except (URLError, OSError):
        raise _unavailable(who, "(no answer)") from None
    except HTTPException:
        raise _unavailable(who, "(no answer in HTTP)") from None
    try:
        return cast(Json, orjson.loads(body))
    except orjson.JSONDecodeError:
        return None


class _StayHere(HTTPRedirectHandler):
    """Follows no redirect: urllib would show the secret wherever it leads."""

    def redirect_request(
        self, req: Request, fp: IO[bytes], code: int, msg: str, headers: Message, newurl: str
    ) -> None:
        return None


def _opener(url: str, *, verify: bool, ca_file: Path | None) -> OpenerDirector:
    context = ssl.create_default_context(cafile=ca_file)
    if not verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    proxy = proxy_for(url)
    proxies = ProxyHandler({"http": proxy, "https": proxy} if proxy else {})
    return build_opener(HTTPSHandler(context=context), proxies, _StayHere())


def _unavailable(who: str, why: str) -> ProviderUnavailable:
    return ProviderUnavailable(f"{who} got no token {why}. Try again in a moment.")
