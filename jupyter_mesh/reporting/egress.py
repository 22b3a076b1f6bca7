"""Posting to an address that an admin configured: resolved once, nowhere private unless that is
allowed, and never further than to that address.
"""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from typing import TYPE_CHECKING

from ..errors import MeshError
from ..schemas.frozen import frozen

if TYPE_CHECKING:
    from aiohttp import ClientSession


SECONDS = 10.0
"""For one POST, from the name to the answer."""


class NotDelivered(MeshError):
    """It did not arrive; the message says why, without the address, which may be a secret."""

    code = "not_delivered"
    status = 502


@frozen(kw_only=True)
class Egress:
    """How an address may be reached.

    Attributes:
        private: Allow addresses of this machine and of private networks.
        ca_file: Certificates to trust instead of the system's.
        seconds: For all of it.
    """

    private: bool = False
    ca_file: str | None = None
    seconds: float = SECONDS

    async def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> None:
        """POST `body` once.

        Raises:
            NotDelivered: Anything but a 2xx came of it.
        """
        from aiohttp import ClientError, InvalidURL

        try:
            async with self._session(url) as session:
                posted = session.post(url, data=body, headers=headers, allow_redirects=False)
                async with posted as reply:
                    if reply.status // 100 == 2:
                        return
                    said = await reply.content.read(200)
        except TimeoutError:
            raise NotDelivered(f"No answer came within {self.seconds:g} s.") from None
        except InvalidURL:
            raise NotDelivered("The address is none; it must begin with https://.") from None
        except ClientError as error:
            raise NotDelivered(_reason(error)) from None
        if reply.status // 100 == 3:
            raise NotDelivered(
                "It answered with a redirect, which is not followed; give the final address."
            )
        words = " ".join(said.decode("utf-8", "replace").split())
        raise NotDelivered(f"It answered {reply.status}: {words or reply.reason}")

    def _session(self, url: str) -> ClientSession:
        from aiohttp import ClientSession, ClientTimeout, TCPConnector
        from yarl import URL

        from .addresses import REFUSED, PublicResolver, is_private_literal

        if not self.private and is_private_literal(URL(url).host or ""):
            raise NotDelivered(REFUSED)
        return ClientSession(
            connector=TCPConnector(
                resolver=None if self.private else PublicResolver(), ssl=self._ssl()
            ),
            timeout=ClientTimeout(total=self.seconds),
        )

    def _ssl(self) -> ssl.SSLContext | bool:
        if self.ca_file is None:
            return True
        try:
            return ssl.create_default_context(cafile=self.ca_file)
        except OSError as error:
            raise NotDelivered(
                f"`ca_file` cannot be read: {error.strerror or 'it holds no certificate'}."
            ) from None


def _reason(error: Exception) -> str:
    from aiohttp import ClientConnectorDNSError

    from .addresses import RefusedAddressError

    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, RefusedAddressError):
            return str(cause)
        if said := getattr(cause, "verify_message", None):
            return f"Its certificate is not trusted: {said}."
        if isinstance(cause, ConnectionRefusedError):
            return "The connection was refused: nobody listens there."
        cause = getattr(cause, "os_error", None) or cause.__cause__
    if isinstance(error, ClientConnectorDNSError):
        return "No computer of this name is found: check the address."
    said = getattr(getattr(error, "os_error", None), "strerror", None)
    return f"It cannot be reached: {said or 'the connection broke off'}."
