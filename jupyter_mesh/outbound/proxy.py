"""Which proxy the environment names for an upstream."""

from __future__ import annotations

from ipaddress import ip_address
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from ..errors import ConfigError


def proxy_for(url: str) -> str | None:
    """The proxy that the environment names for `url`; none for loopback addresses.

    Raises:
        ConfigError: It names a proxy of a kind that is not supported, such as SOCKS.
    """
    parts = urlsplit(url)
    host = parts.hostname or ""
    proxies = getproxies()
    proxy = proxies.get(parts.scheme) or proxies.get("all")
    if proxy is None or is_loopback(host) or proxy_bypass(host):
        return None
    proxy = proxy if "://" in proxy else f"http://{proxy}"
    if not proxy.startswith(("http://", "https://")):
        kind = proxy.partition("://")[0]
        raise ConfigError(
            f"The proxy set in the environment is of kind {kind!r}; use an http:// proxy, "
            f"or add {host} to NO_PROXY."
        )
    return proxy


def is_loopback(host: str) -> bool:
    """Whether `host` can only be this machine."""
    if host.lower().rstrip(".") == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
