"""Signing requests to AWS.

Source: AWS General Reference, "Signature Version 4 signing process".
"""

from __future__ import annotations

import hmac
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from hashlib import sha256
from urllib.parse import quote, urlsplit

from ..schemas.frozen import frozen

ALGORITHM = "AWS4-HMAC-SHA256"
_STANDARD_PORTS = {"http": 80, "https": 443}


@frozen
class Keys:
    """Who signs; `token` is that of a session, such as an assumed role's."""

    access_key: str
    secret_key: str
    token: str | None = None


@frozen
class Scope:
    """For what a signature holds: a day (`YYYYMMDD`), a region and a service."""

    day: str
    region: str
    service: str

    def __str__(self) -> str:
        return f"{self.day}/{self.region}/{self.service}/aws4_request"


class Signer:
    """Signs the requests to one service in one region."""

    def __init__(self, region: str, service: str) -> None:
        self._region = region
        self._service = service
        self._key: tuple[str, str, bytes] = ("", "", b"")

    def headers(
        self,
        method: str,
        url: str,
        body: bytes,
        keys: Keys,
        *,
        more: Mapping[str, str] | None = None,
        at: datetime | None = None,
    ) -> dict[str, str]:
        """The headers that show who asks.

        Args:
            method: Upper case.
            url: As it goes over the wire, percent-encoded.
            body: As it goes over the wire.
            keys: Who asks.
            more: Headers to send and sign beside the signature's own.
            at: When; now, if it is not said.
        """
        moment = (at or datetime.now(UTC)).strftime("%Y%m%dT%H%M%SZ")
        scope = Scope(moment[:8], self._region, self._service)
        parts = urlsplit(url)
        sent = {**(more or {}), "X-Amz-Date": moment}
        if keys.token:
            sent["X-Amz-Security-Token"] = keys.token
        names = sorted(["host", *map(str.lower, sent)])
        lower = {"host": host_of(url), **{name.lower(): value for name, value in sent.items()}}
        canonical = canonical_request(
            method, parts.path, parts.query, [(name, lower[name]) for name in names], body
        )
        if self._key[:2] != (keys.secret_key, scope.day):  # the same all day
            self._key = (keys.secret_key, scope.day, signing_key(keys.secret_key, scope))
        signature = sign(self._key[2], moment, scope, canonical)
        sent["Authorization"] = (
            f"{ALGORITHM} Credential={keys.access_key}/{scope}, "
            f"SignedHeaders={';'.join(names)}, Signature={signature}"
        )
        return sent


def host_of(url: str) -> str:
    """The `Host` header of a request to `url`."""
    parts = urlsplit(url)
    name = parts.hostname or ""
    host = f"[{name}]" if ":" in name else name
    ordinary = parts.port is None or parts.port == _STANDARD_PORTS.get(parts.scheme)
    return host if ordinary else f"{host}:{parts.port}"


def canonical_request(
    method: str, path: str, query: str, headers: Iterable[tuple[str, str]], body: bytes
) -> str:
    """What is signed of a request.

    Args:
        method: Upper case.
        path: As it stands in the request; it is encoded once more, as all services but S3 want it.
        query: As it stands in the request.
        headers: Names in lower case and values, in order.
        body: As it goes over the wire.
    """
    signed = [(name, " ".join(value.split())) for name, value in headers]
    pairs = sorted(one.partition("=")[::2] for one in query.split("&") if one)
    lines = [
        method,
        quote(path or "/", safe="/~"),
        "&".join(f"{name}={value}" for name, value in pairs),
        *(f"{name}:{value}" for name, value in signed),
        "",
        ";".join(name for name, _ in signed),
        sha256(body).hexdigest(),
    ]
    return "\n".join(lines)


def signing_key(secret_key: str, scope: Scope) -> bytes:
    """The key that a secret key gives for a scope."""
    key = f"AWS4{secret_key}".encode()
    for part in (scope.day, scope.region, scope.service, "aws4_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    return key


def sign(key: bytes, moment: str, scope: Scope, canonical: str) -> str:
    """The signature of a canonical request, in hexadecimal."""
    told = f"{ALGORITHM}\n{moment}\n{scope}\n{sha256(canonical.encode()).hexdigest()}"
    return hmac.digest(key, told.encode(), "sha256").hex()


def signed_headers(headers: Mapping[str, str], names: str) -> list[tuple[str, str]]:
    """Those headers of a request that `SignedHeaders` names, in its order."""
    return [(name, headers.get(name, "")) for name in names.split(";")]
