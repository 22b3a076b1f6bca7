"""Which addresses of the network are open to the public, and names that lead to no others."""

from __future__ import annotations

import ipaddress
from socket import AF_INET, AddressFamily

from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver

REFUSED = (
    "The address is one of this machine or of a private network; allow that with `private: true`."
)
_NAT64 = ipaddress.ip_network("64:ff9b::/96")


class RefusedAddressError(OSError):
    """Carries the reason through the HTTP client."""


class PublicResolver(AbstractResolver):
    """Resolves a name once, and refuses it where any of its addresses is private: the connection
    goes to what was looked at, not to what a second look-up may say.
    """

    async def resolve(
        self, host: str, port: int = 0, family: AddressFamily = AF_INET
    ) -> list[ResolveResult]:
        found = await ThreadedResolver().resolve(host, port, family)
        if not all(is_public(one["host"]) for one in found):
            raise RefusedAddressError(REFUSED)
        return found

    async def close(self) -> None:
        return None


def is_public(host: str) -> bool:
    """Whether an IP address is one of the public Internet, also where it hides in another."""
    address = ipaddress.ip_address(host.partition("%")[0])
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour
        if inner is None and address in _NAT64:
            inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        address = inner or address
    return address.is_global and not address.is_multicast


def is_private_literal(host: str) -> bool:
    """Whether a URL's host is itself an address that is not public: no name is resolved for it."""
    try:
        return not is_public(host)
    except ValueError:
        return False
