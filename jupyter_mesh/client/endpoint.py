"""Where the gateway is, and the token that opens it."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

from .errors import MeshClientError

_NEXT_STEP = (
    "Start JupyterLab with jupyter-mesh installed and restart this kernel, "
    "or set JUPYTER_MESH_URL and JUPYTER_MESH_TOKEN."
)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One gateway.

    Attributes:
        url: Its base, http(s), ending with a slash (`…/mesh/`).
        token: Sent as a bearer token.
        socket: Path of the unix socket it listens on, None for TCP.
    """

    url: str
    token: str = field(repr=False)
    socket: str | None = None

    @property
    def shown(self) -> str:
        """The address as a person would recognise it."""
        return f"{self.url} (unix socket {self.socket})" if self.socket else self.url


def find_endpoint(
    url: str | None = None,
    token: str | None = None,
    *,
    environ: Mapping[str, str] = os.environ,
) -> Endpoint:
    """The gateway given, else the one the environment names, else that of this JupyterHub server.

    Raises:
        MeshClientError: There is none, or its address cannot be understood (`gateway_not_found`).
    """
    url = url or environ.get("JUPYTER_MESH_URL") or environ.get("JUPYTER_MESH_SERVICE_URL")
    hub_token = environ.get("JUPYTERHUB_API_TOKEN")
    if url:
        token = token or environ.get("JUPYTER_MESH_TOKEN") or hub_token
        if not token:
            raise _not_found("JUPYTER_MESH_URL is set, but JUPYTER_MESH_TOKEN is not.")
        return _parse(url, token)
    own_server = _hub_server(environ)
    if own_server and (token or hub_token):
        return _parse(own_server + "mesh/", token or hub_token or "")
    raise _not_found("No LLM gateway is known to this process.")


def _hub_server(environ: Mapping[str, str]) -> str | None:
    """URL of the single-user server this kernel runs in: it forwards to the hub's mesh service."""
    prefix = environ.get("JUPYTERHUB_SERVICE_PREFIX")
    service = environ.get("JUPYTERHUB_SERVICE_URL")
    if not prefix or not service:
        return None
    base = service if service.endswith(prefix) else service.rstrip("/") + prefix
    # A server bound to every interface is reached over loopback from its own kernels.
    return re.sub(r"^(https?)://(0\.0\.0\.0|\[::\]|\*)?(?=[:/])", r"\1://127.0.0.1", base, count=1)


def _parse(url: str, token: str) -> Endpoint:
    if any(mark in token for mark in "\r\n"):
        raise _not_found("The mesh token holds a line break.")
    parts = urlsplit(url if url.endswith("/") else url + "/")
    if parts.scheme == "http+unix" and parts.netloc:
        return Endpoint("http://localhost" + parts.path, token, socket=unquote(parts.netloc))
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise _not_found(f"The gateway's address {url!r} is not an http, https or http+unix URL.")
    return Endpoint(parts.geturl(), token)


def _not_found(what: str) -> MeshClientError:
    return MeshClientError(f"{what} {_NEXT_STEP}", code="gateway_not_found")
