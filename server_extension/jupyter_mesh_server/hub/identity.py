"""Who calls a gateway that is a service of a Hub."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from typing import TypeAlias

from jupyter_mesh.errors import NotPermitted
from jupyter_mesh.schemas.principal import Principal, Scope

from ..credentials import credential, unauthenticated
from ..exchange import HttpRequest
from ..sessions import XSRF_HEADER, is_told
from .hub_api import HubUser
from .scopes import of_session, of_token
from .sessions import HubSessions
from .tokens import HubTokens

SERVICE_PREFIX = "service:"
"""Before the name of a service of the Hub, where it is charged: no user is called so."""
_FILES = frozenset({"/api/audit/export", "/api/inventory/export"})
"""Always sent as attachments: who follows a link to one gets a file, and no page can read it."""
Keys: TypeAlias = Callable[[str], Awaitable[Principal | None]]
"""`HubKeys`."""
_MESH_KEY = re.compile(r"mesh-[\w-]{43}")
"""A key of the mesh's own making: never shown to the Hub, also when it is good no more."""


class HubIdentity:
    """Applications bring keys of the mesh, servers and kernels their Hub token, browsers a session
    and with every request the token of the page.

    Args:
        keys: The mesh's API keys.
        tokens: Whose token of the Hub is whose.
        sessions: Who is logged in.
        contact: Whom to ask for a right that one lacks; None where nobody is named.
        is_program: Whether a user is a service account of the mesh.
    """

    def __init__(
        self,
        keys: Keys,
        tokens: HubTokens,
        sessions: HubSessions,
        contact: Callable[[], str | None],
        is_program: Callable[[str], bool],
    ) -> None:
        self._keys = keys
        self._is_program = is_program
        self._tokens = tokens
        self._sessions = sessions
        self._contact = contact

    async def __call__(self, request: HttpRequest) -> Principal:
        secret = credential(request.headers, request.query)
        if secret is not None:
            now = request.has_waited
            return await self._keys(secret) or await self._of_token(secret, now)
        found = await self._sessions.of(request)
        if found is None:
            raise unauthenticated()
        session, user = found
        if not (is_told(request, self._sessions.xsrf(session)) or _is_download(request)):
            raise NotPermitted(f"Another page may have sent this: its {XSRF_HEADER} is wrong.")
        return self._principal(user, of_session(user.scopes), "browser")

    async def _of_token(self, secret: str, now: bool) -> Principal:
        user = None if _MESH_KEY.fullmatch(secret) else await self._tokens.owner(secret, now=now)
        if user is None:
            raise unauthenticated()
        is_service = user.kind == "service"
        scopes = of_token(user.scopes, is_service=is_service)
        return self._principal(user, scopes, "service" if is_service else "kernel")

    def _principal(self, user: HubUser, scopes: frozenset[Scope], via: str) -> Principal:
        if Scope.USE not in scopes:
            raise NotPermitted(
                "JupyterHub does not let this account or token use language models: ask "
                f"{self._contact() or 'an admin of your JupyterHub'}."
            )
        name = user.name
        if user.kind == "service":
            name = SERVICE_PREFIX + name
        elif name == "*" or name.startswith((SERVICE_PREFIX, "hub:")):
            raise NotPermitted(
                f"A user called {name[:40]!r} cannot be told from a group or service."
            )
        elif self._is_program(name):
            raise NotPermitted(
                f"The mesh has a program called {name[:40]!r}, which a user cannot be: ask "
                f"{self._contact() or 'an admin of your JupyterHub'} to name one of them otherwise."
            )
        application = user.name if user.kind == "service" else "notebook"
        return Principal(
            user=name, groups=user.groups, scopes=scopes, via=via, application=application
        )


def _is_download(request: HttpRequest) -> bool:
    """Whether the browser itself fetches a file, by a link that somebody followed. A service worker
    of another page, which could read it, is told by its empty destination.
    """
    return (
        request.method == "GET"
        and request.path in _FILES
        and request.headers.get("Sec-Fetch-Mode") == "navigate"
        and request.headers.get("Sec-Fetch-Dest") == "document"
    )
