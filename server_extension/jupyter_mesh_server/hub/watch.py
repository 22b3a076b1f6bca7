"""Whether the Hub answers the service, and lets it do what it needs."""

from __future__ import annotations

from jupyter_mesh.errors import IdentityUnavailable

from .hub_api import HubApi
from .scopes import OF_SERVICE


class HubWatch:
    """Args:
    api: The Hub.
    token: Of the service.
    """

    def __init__(self, api: HubApi, token: str) -> None:
        self._api = api
        self._token = token

    async def state(self) -> str:
        """`ok`, or what is wrong now."""
        said = await self._api.state()
        if said != "ok":
            return said
        try:
            me = await self._api.whose(self._token)
        except IdentityUnavailable as error:
            return error.message
        if me is None:
            return (
                "JupyterHub does not know this service's own token: give both the same "
                "(JUPYTERHUB_API_TOKEN, `api_token`)."
            )
        if OF_SERVICE not in me.scopes:
            return (
                f"JupyterHub does not let this service `{OF_SERVICE}`, so API keys that its users "
                "made are refused: give it a role with that (docs/hub-guide.md)."
            )
        return "ok"
