"""Whether a request is signed as AWS wants it (Signature Version 4)."""

from __future__ import annotations

import hmac
import re
from datetime import UTC, datetime, timedelta

from ...outbound.aws_sigv4 import (
    ALGORITHM,
    Keys,
    Scope,
    canonical_request,
    sign,
    signed_headers,
    signing_key,
)
from ..fake_upstream.dialect import Refusal
from ..fake_upstream.record import Received

_FORM = re.compile(
    rf"{ALGORITHM} Credential=([^/]+)/(\d{{8}})/([^/]+)/([^/]+)/aws4_request, ?"
    r"SignedHeaders=([^,]+), ?Signature=([0-9a-f]{64})"
)
_LATE = timedelta(minutes=5)
_WRONG = (
    "The request signature we calculated does not match the signature you provided. Check your AWS "
    "Secret Access Key and signing method. Consult the service documentation for details."
)


def check_signature(received: Received, keys: Keys, region: str, asked: str = "bedrock") -> None:
    """Refuse a request that `keys` have not signed, for a service in `region` and now.

    Raises:
        Refusal: As AWS refuses it.
    """
    match = _FORM.fullmatch(received.headers.get("authorization", ""))
    if match is None:
        raise Refusal(403, "Missing Authentication Token", "MissingAuthenticationTokenException")
    access_key, day, its_region, service, names, signature = match.groups()
    if access_key != keys.access_key or received.headers.get("x-amz-security-token") != keys.token:
        raise Refusal(
            403,
            "The security token included in the request is invalid.",
            "UnrecognizedClientException",
        )
    if (its_region, service) != (region, asked):
        raise Refusal(403, f"Credential should be scoped to {region}/{asked}.", _KIND)
    moment = received.headers.get("x-amz-date", "")
    _check_moment(moment, day)
    needed = {"host", *(name for name in received.headers if name.startswith("x-amz-"))}
    if unsigned := sorted(needed - {*names.split(";")}):
        raise Refusal(403, f"{unsigned} must be among the signed headers.", _KIND)
    scope = Scope(day, its_region, service)
    path, _, query = received.target.partition("?")
    canonical = canonical_request(
        received.method, path, query, signed_headers(received.headers, names), received.body
    )
    expected = sign(signing_key(keys.secret_key, scope), moment, scope, canonical)
    if not hmac.compare_digest(expected, signature):
        raise Refusal(403, _WRONG, _KIND)


_KIND = "InvalidSignatureException"


def _check_moment(moment: str, day: str) -> None:
    try:
        signed_at = datetime.strptime(moment, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:
        raise Refusal(403, "Date must be in ISO-8601 'basic format'.", _KIND) from None
    if not moment.startswith(day):
        raise Refusal(403, f"Date in Credential scope does not match {moment}.", _KIND)
    if abs(datetime.now(UTC) - signed_at) > _LATE:
        raise Refusal(403, f"Signature expired: {moment} is now earlier than allowed.", _KIND)
