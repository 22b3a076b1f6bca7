"""The little of the Hub's REST API that the gateway uses.

Why not JupyterHub's own classes: docs/decisions/0004-asking-the-hub.md.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal
from urllib.parse import quote

from jupyter_mesh.errors import ConfigError, IdentityUnavailable
from jupyter_mesh.schemas.json import JsonObject, as_list, as_object, as_str

from .version import HEADER, judge

if TYPE_CHECKING:
    from aiohttp import ClientResponse, ClientSession

_SECONDS = 8.0
"""Longest time for one question."""
_PATIENCE = 3.0
"""Longest time for the question how it is, which has no other consequence."""
_LARGEST_REPLY = 1024 * 1024
_RETRY_AFTER = 5.0
_ROLE = "its admin gives the service a role with `read:users:groups` (docs/hub-guide.md)."

log = logging.getLogger("jupyter_mesh.hub")


@dataclass(frozen=True, slots=True)
class HubUser:
    """The owner of a token, as the Hub says.

    Attributes:
        name: Of the user or service.
        kind: Services of the Hub are callers too.
        groups: Of the Hub.
        scopes: Of the token, as far as its owner still has them; narrower ones written out.
    """

    name: str
    kind: Literal["user", "service"]
    groups: frozenset[str]
    scopes: frozenset[str]


class HubApi:
    """Talks to the Hub.

    Args:
        url: Of its API, such as `http://127.0.0.1:8081/hub/api`.
    """

    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/")
        self._session: ClientSession | None = None
        self._judged: str | None = None
        self._is_too_old = False
        self._answers = True

    async def check(self) -> None:
        """See that a Hub is there and new enough. One that does not answer yet is only told of: as
        long as it does not, nobody is let in by it.

        Raises:
            ConfigError: It is too old, or is no Hub.
        """
        try:
            await self._ask("GET", "/")
        except IdentityUnavailable as error:
            if self._is_too_old:
                raise ConfigError(error.message) from None

    async def state(self) -> str:
        """`ok`, or why it does not say now who somebody is; asked within `_PATIENCE`."""
        try:
            async with asyncio.timeout(_PATIENCE):
                status, _ = await self._ask("GET", "/")
        except IdentityUnavailable as error:
            return error.message
        except TimeoutError:
            return "JupyterHub does not answer in time."
        return "ok" if status == 200 else f"JupyterHub answers with HTTP {status}."

    async def whose(self, token: str) -> HubUser | None:
        """The owner of a token; None where the Hub does not know it.

        Raises:
            IdentityUnavailable: No answer, or none that can be understood.
        """
        status, body = await self._ask("GET", "/user", headers={"Authorization": f"token {token}"})
        if status in (401, 403, 404):
            return None
        user = _user(body) if status == 200 else None
        if user is None:
            raise IdentityUnavailable(
                f"JupyterHub did not say who you are (HTTP {status}): try again in a moment.",
                retry_after=_RETRY_AFTER,
            )
        return user

    async def named(self, name: str, token: str) -> HubUser | None:
        """A user and their groups, as the service may read them; None where there is none.

        Raises:
            IdentityUnavailable: No answer, none that can be understood, or the service may not ask.
        """
        status, body = await self._ask(
            "GET", f"/users/{quote(name, safe='')}", headers={"Authorization": f"token {token}"}
        )
        if status == 404:
            return None
        if status in (401, 403):
            log.error("JupyterHub does not let this service read users' groups: %s", _ROLE)
            raise IdentityUnavailable(
                f"JupyterHub does not tell the mesh in which groups users are: {_ROLE}",
                retry_after=_RETRY_AFTER,
            )
        groups = None if body is None or status != 200 else _texts(body.get("groups"))
        if groups is None or body is None or as_str(body.get("name")) != name:
            raise IdentityUnavailable(
                f"JupyterHub did not say who {name[:80]!r} is (HTTP {status}): try again soon.",
                retry_after=_RETRY_AFTER,
            )
        return HubUser(name, "user", groups, frozenset())

    async def token_for(self, form: Mapping[str, str]) -> str | None:
        """The token that an OAuth code is worth; None where the Hub refuses it.

        Raises:
            IdentityUnavailable: As `whose`.
        """
        status, body = await self._ask("POST", "/oauth2/token", form=form)
        token = as_str(body.get("access_token")) if body is not None and status == 200 else None
        if token:
            return token
        if 400 <= status < 500 and status != 429:
            said = as_str((body or {}).get("error")) or f"HTTP {status}"
            log.warning("JupyterHub refused a login: %s", said[:80])
            return None
        raise IdentityUnavailable(
            f"JupyterHub did not finish the login (HTTP {status}): try again in a moment.",
            retry_after=_RETRY_AFTER,
        )

    async def aclose(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()

    async def _ask(
        self,
        method: str,
        path: str,
        *,
        headers: Mapping[str, str] | None = None,
        form: Mapping[str, str] | None = None,
    ) -> tuple[int, JsonObject | None]:
        try:
            async with asyncio.timeout(_SECONDS):
                async with self._open().request(
                    method, self.url + path, headers=headers, data=form, allow_redirects=False
                ) as response:
                    self._judge(response)
                    answer = response.status, await _json(response)
        except _unreachable() as error:
            self._note(answers=False, why=_reason(error))
            raise IdentityUnavailable(
                f"JupyterHub does not say who you are ({_reason(error)}): try again in a moment.",
                retry_after=_RETRY_AFTER,
            ) from None
        self._note(answers=True)
        return answer

    def _judge(self, response: ClientResponse) -> None:
        """Refuse what is no Hub or too old, at every answer: it may have been exchanged, and what
        stands before a Hub that is down says no version.
        """
        version = response.headers.get(HEADER)
        if version is not None and version == self._judged:
            return
        verdict = judge(version)
        self._is_too_old = version is not None and verdict.refusal is not None
        self._judged = None if verdict.refusal is not None else version
        if verdict.refusal is not None:
            raise IdentityUnavailable(f"{self.url}: {verdict.refusal}", retry_after=_RETRY_AFTER)
        if verdict.warning is not None:
            log.warning("%s", verdict.warning)

    def _note(self, *, answers: bool, why: str = "") -> None:
        """Log once that the Hub is gone, and once that it is back."""
        if answers != self._answers:
            self._answers = answers
            if answers:
                log.info("JupyterHub answers again.")
            else:
                log.warning("JupyterHub does not answer at %s: %s", self.url, why)

    def _open(self) -> ClientSession:
        from aiohttp import ClientSession, DummyCookieJar, TCPConnector

        if self._session is None:
            self._session = ClientSession(
                connector=TCPConnector(limit=32), cookie_jar=DummyCookieJar(), trust_env=False
            )
        return self._session


async def _json(response: ClientResponse) -> JsonObject | None:
    """The body as an object; None where it is none, or too long."""
    import orjson

    raw = b""
    async for piece in response.content.iter_any():
        raw += piece
        if len(raw) > _LARGEST_REPLY:
            response.close()
            return None
    try:
        return as_object(orjson.loads(raw))
    except ValueError:
        return None


def _user(body: JsonObject | None) -> HubUser | None:
    """The owner that a reply names; None where it does not name one properly."""
    if body is None:
        return None
    name, kind = as_str(body.get("name")), body.get("kind")
    scopes = _texts(body.get("scopes"))
    groups = _texts(body.get("groups", []))
    if not name or scopes is None or groups is None or kind not in ("user", "service"):
        return None
    return HubUser(name, "user" if kind == "user" else "service", groups, scopes)


def _texts(value: object) -> frozenset[str] | None:
    found = as_list(value)  # pyright: ignore[reportArgumentType] any value may have come
    if found is None or not all(isinstance(one, str) for one in found):
        return None
    return frozenset(one for one in found if isinstance(one, str))


def _unreachable() -> tuple[type[Exception], ...]:
    from aiohttp import ClientError

    return ClientError, TimeoutError, OSError


def _reason(error: BaseException) -> str:
    return "no answer in time" if isinstance(error, TimeoutError) else type(error).__name__
