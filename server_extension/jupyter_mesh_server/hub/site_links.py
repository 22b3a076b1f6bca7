"""JupyterLab leads its user to the service's own site: their Hub token opens no admin's page there,
so it has none of those pages itself.
"""

from __future__ import annotations

from jupyter_mesh.schemas.api import SiteLink
from jupyter_mesh.schemas.principal import Scope

from ..credentials import credential
from ..exchange import HttpRequest
from .scopes import SHOWN_ADMIN
from .tokens import HubTokens


class SiteLinks:
    """Where a caller is led to.

    Args:
        url: Of the site, as browsers see it.
        tokens: Whose token of the Hub is whose; the dispatcher has asked about this one already.
    """

    def __init__(self, url: str, tokens: HubTokens) -> None:
        self._url = url
        self._tokens = tokens

    async def __call__(self, request: HttpRequest) -> SiteLink | None:
        """The site, and whether the caller administers it; this opens nothing."""
        administers = request.principal.may(Scope.ADMIN)
        if request.principal.via == "kernel":
            secret = credential(request.headers, request.query)
            owner = await self._tokens.owner(secret) if secret else None
            administers = owner is not None and SHOWN_ADMIN in owner.scopes
        return SiteLink(url=self._url, administers=administers)
