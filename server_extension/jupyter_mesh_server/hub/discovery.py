"""A single-user server looks for the mesh service of its Hub."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

ENV_SERVICE = "JUPYTER_MESH_SERVICE_URL"
"""Set by `add_mesh` for every server: where servers and kernels reach the service."""
_SECONDS = 3.0
_HEALTHY = b'{"status":"ok"}'

log = logging.getLogger("jupyter_mesh.hub")


@dataclass(frozen=True, slots=True)
class SingleUser:
    """What a single-user server knows of its Hub.

    Attributes:
        token: Of this server.
        service: Where the service is, as the Hub's admin says; None where nobody says.
        guesses: Where it may be then, likeliest first.
    """

    token: str = field(repr=False)
    service: str | None
    guesses: tuple[str, ...]

    @classmethod
    def read(cls, environ: Mapping[str, str]) -> SingleUser | None:
        """None where this is no server of a Hub."""
        token, user = environ.get("JUPYTERHUB_API_TOKEN"), environ.get("JUPYTERHUB_USER")
        if not token or not user or not environ.get("JUPYTERHUB_SERVICE_PREFIX"):
            return None
        said = environ.get(ENV_SERVICE, "")
        return cls(token, _as_base(said) if said else None, tuple(_guesses(environ)))

    async def find(self) -> str | None:
        """Where the service is; a guess counts when a mesh answers there."""
        if self.service is not None:
            return self.service
        for url in self.guesses:
            if await answers(url):
                log.info("Found the mesh service of this JupyterHub at %s", url)
                return url
        return None


async def answers(url: str) -> bool:
    """Whether a mesh answers at a base URL. No credential is sent."""
    import aiohttp

    try:
        async with (
            asyncio.timeout(_SECONDS),
            aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session,
            session.get(f"{url}healthz", allow_redirects=False) as response,
        ):
            return response.status == 200 and await response.content.read(64) == _HEALTHY
    except (aiohttp.ClientError, TimeoutError, OSError):
        return False


def _guesses(environ: Mapping[str, str]) -> Iterator[str]:
    base = "/" + environ.get("JUPYTERHUB_BASE_URL", "/").strip("/")
    path = f"{base.rstrip('/')}/services/mesh/"
    public = urlsplit(environ.get("JUPYTERHUB_PUBLIC_HUB_URL", ""))
    if public.scheme in ("http", "https") and public.netloc:
        yield f"{public.scheme}://{public.netloc}{path}"
    # The proxy of a Hub on Kubernetes, as that tells every pod where its services are.
    host, port = (environ.get(f"PROXY_PUBLIC_SERVICE_{name}") for name in ("HOST", "PORT"))
    if host:
        yield f"http://{f'[{host}]' if ':' in host else host}:{port or 80}{path}"


def _as_base(url: str) -> str:
    return url if url.endswith("/") else f"{url}/"
