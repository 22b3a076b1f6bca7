"""What a JupyterHub tells its services through their environment."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from jupyter_mesh.errors import ConfigError

_ASK = (
    "A service that the Hub starts gets all of these from it; for one that runs by itself, set "
    "them (docs/hub-guide.md lists them)."
)
CACHE_SECONDS = 30.0
"""The longest time for which an answer of the Hub may be used."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HubEnvironment:
    """Where the Hub is, and where the gateway is below it.

    Attributes:
        service: Name of the service.
        prefix: Path of the gateway, from `/` to `/`, as browsers and the proxy see it.
        api_url: Of the Hub, without a slash at its end.
        api_token: The service's own; also its OAuth secret.
        client_id: Of the service as an OAuth client.
        authorize_url: Where browsers are sent to log in: an absolute path, or a whole URL where the
            Hub has a host of its own.
        callback_url: Where they come back, written as the Hub knows it; below `prefix`.
        hub_url: The Hub's pages, as `authorize_url` is written; ends with a slash.
        site_url: The gateway's own pages; a whole URL where services have a host of their own.
        listen: Host and port to listen at; None: as the command line says.
        is_https: Whether browsers reach it over https; None: as the proxy says of each request.
        cache_seconds: How long an answer of the Hub may be used.
    """

    service: str
    prefix: str
    api_url: str
    api_token: str = field(repr=False)
    client_id: str
    authorize_url: str
    callback_url: str
    hub_url: str
    site_url: str
    listen: tuple[str, int] | None
    is_https: bool | None
    cache_seconds: float

    @classmethod
    def read(cls, environ: Mapping[str, str] = os.environ) -> HubEnvironment:
        """Read it.

        Raises:
            ConfigError: Something is missing or cannot be understood; the message names it.
        """
        service = _needed(environ, "JUPYTERHUB_SERVICE_NAME")
        api_url = _address(environ, "JUPYTERHUB_API_URL")
        base = "/" + environ.get("JUPYTERHUB_BASE_URL", "/").strip("/")
        root = base.rstrip("/")
        given = environ.get("JUPYTERHUB_SERVICE_PREFIX") or f"{root}/services/{service}/"
        prefix = "/" + given.strip("/") + "/"
        if prefix == "//":
            raise ConfigError(f"JUPYTERHUB_SERVICE_PREFIX is {given!r}: it must name a path.")
        if environ.get("JUPYTERHUB_SSL_KEYFILE"):
            raise ConfigError(
                "This Hub encrypts between its parts (`internal_ssl`), which the mesh cannot yet: "
                "switch it off, or run the mesh beside the Hub, with API keys."
            )
        callback = environ.get("JUPYTERHUB_OAUTH_CALLBACK_URL") or f"{prefix}oauth_callback"
        if not urlsplit(callback).path.startswith(prefix):
            raise ConfigError(
                f"JUPYTERHUB_OAUTH_CALLBACK_URL is {callback!r}, which is not below {prefix}: "
                f"leave out `oauth_redirect_uri`, or set it to {prefix}oauth_callback."
            )
        public = environ.get("JUPYTERHUB_PUBLIC_URL", "")
        hub_url = f"{environ.get('JUPYTERHUB_HOST', '')}{root}/hub/"
        return cls(
            service=service,
            prefix=prefix,
            api_url=api_url,
            api_token=_needed(environ, "JUPYTERHUB_API_TOKEN"),
            client_id=environ.get("JUPYTERHUB_CLIENT_ID") or f"service-{service}",
            authorize_url=f"{hub_url}api/oauth2/authorize",
            callback_url=callback,
            hub_url=hub_url,
            site_url=f"{_origin(public) or _origin(callback)}{prefix}",
            listen=_listen(environ.get("JUPYTERHUB_SERVICE_URL", "")),
            is_https=urlsplit(public).scheme == "https" if public else None,
            cache_seconds=_seconds(environ.get("JUPYTER_MESH_HUB_CACHE_SECONDS", "")),
        )

    @property
    def base(self) -> str:
        """`prefix` without its last slash."""
        return self.prefix[:-1]

    @property
    def callback_path(self) -> str:
        """Path of `callback_url` below the gateway's own; begins with a slash."""
        return urlsplit(self.callback_url).path[len(self.base) :]


def is_service(environ: Mapping[str, str] = os.environ) -> bool:
    """Whether this process runs as a service of a Hub; a single-user server is none."""
    return bool(environ.get("JUPYTERHUB_SERVICE_NAME"))


def _needed(environ: Mapping[str, str], name: str) -> str:
    value = environ.get(name, "")
    if not value:
        raise ConfigError(f"{name} is not set, so there is no Hub to be a service of. {_ASK}")
    return value


def _address(environ: Mapping[str, str], name: str) -> str:
    url = _needed(environ, name).rstrip("/")
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise ConfigError(f"{name} is {url!r}, which is no http or https address. {_ASK}")
    return url


def _origin(url: str) -> str:
    """Scheme and host of a URL; nothing of a path."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}" if parts.netloc else ""


def _listen(url: str) -> tuple[str, int] | None:
    """Host and port of `JUPYTERHUB_SERVICE_URL`."""
    if not url:
        return None
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        host = port = None
    if not host or port is None:
        raise ConfigError(
            f"JUPYTERHUB_SERVICE_URL is {url!r}: the service's `url` needs a host and a port, such "
            "as http://127.0.0.1:8765."
        )
    return host, port


def _seconds(text: str) -> float:
    try:
        seconds = float(text or CACHE_SECONDS)
    except ValueError:
        seconds = -1.0
    if not 0.1 <= seconds <= CACHE_SECONDS:
        raise ConfigError(
            f"JUPYTER_MESH_HUB_CACHE_SECONDS is {text!r}: a number from 0.1 to {CACHE_SECONDS:.0f}."
        )
    return seconds
