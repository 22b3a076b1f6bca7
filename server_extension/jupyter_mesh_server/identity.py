"""Who is calling: from a credential to a `Principal`."""

from __future__ import annotations

import getpass
import hmac
import os
from collections.abc import Awaitable, Callable, Mapping
from typing import Protocol, TypeAlias

from jupyter_mesh.schemas.principal import Principal, Scope

from .credentials import credential, unauthenticated
from .exchange import HttpRequest

KERNEL_SCOPES = frozenset({Scope.USE, Scope.CONFIGURE})
OWNER_SCOPES = frozenset(Scope)


class Identity(Protocol):
    """What each host brings: how it knows its callers."""

    async def __call__(self, request: HttpRequest) -> Principal:
        """The caller.

        Raises:
            Unauthenticated: No credential, or one nobody knows.
            NotPermitted: A browser's request that another site may have made.
        """
        ...


KeyPrincipal: TypeAlias = Callable[[str], Principal | None]
"""`Mesh.key_principal`."""
Browser: TypeAlias = Callable[[HttpRequest], Awaitable[None]]
"""Returns when the host's own login stands behind the request.

Raises:
    Unauthenticated: It does not.
    NotPermitted: It does, but may not do this.
"""


def owner(environ: Mapping[str, str] = os.environ) -> str:
    """Whom a personal mesh charges, whether the browser asks or a kernel: so totals agree.

    Jupyter's own user names are random for every browser; so the hub's user, else the system's.
    """
    if user := environ.get("JUPYTERHUB_USER"):
        return user
    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError):  # no entry for this uid, as in many containers
        return f"uid-{os.getuid()}"


class KeyIdentity:
    """Callers that carry an API key of the mesh: the stand-alone service."""

    def __init__(self, key_principal: KeyPrincipal) -> None:
        self._key_principal = key_principal

    async def __call__(self, request: HttpRequest) -> Principal:
        secret = credential(request.headers, request.query)
        principal = self._key_principal(secret) if secret is not None else None
        if principal is None:
            raise unauthenticated()
        return principal


class OwnerIdentity:
    """One token for everything: a gateway that one command opens for itself.

    Args:
        user: From `owner`.
        token: Random for each run.
    """

    def __init__(self, user: str, token: str) -> None:
        self._token = token.encode()
        self._owner = Principal(
            user=user, scopes=OWNER_SCOPES, via="service", application="command line"
        )

    async def __call__(self, request: HttpRequest) -> Principal:
        secret = credential(request.headers, request.query)
        if secret is None or not hmac.compare_digest(secret.encode(), self._token):
            raise unauthenticated()
        return self._owner


class PersonalIdentity:
    """One person's own server: kernels, applications with API keys, and the browser.

    A kernel may ask and configure, not administer.

    Args:
        user: From `owner`.
        kernel_token: Random for each server.
        key_principal: The mesh's API keys.
        browser: Jupyter's own check.
    """

    def __init__(
        self, user: str, kernel_token: str, key_principal: KeyPrincipal, browser: Browser
    ) -> None:
        self._kernel_token = kernel_token.encode()
        self._key_principal = key_principal
        self._browser = browser
        self._kernel = Principal(user=user, scopes=KERNEL_SCOPES, via="kernel")
        self._owner = Principal(user=user, scopes=OWNER_SCOPES, via="browser")

    async def __call__(self, request: HttpRequest) -> Principal:
        secret = credential(request.headers, request.query)
        if secret is not None:
            if hmac.compare_digest(secret.encode(), self._kernel_token):
                return self._kernel
            if (principal := self._key_principal(secret)) is not None:
                return principal
            if request.headers.get("Authorization") is None:
                raise unauthenticated()
        await self._browser(request)
        return self._owner
