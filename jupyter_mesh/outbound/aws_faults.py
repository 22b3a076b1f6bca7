"""What went wrong at AWS: its exceptions are named in a header, or in the body."""

from __future__ import annotations

from collections.abc import Mapping

import orjson

from ..schemas.frozen import frozen
from ..schemas.json import Json, as_str, dig
from .faults import Fault, Faults

STATUSES = {
    "AccessDeniedException": 403,
    "ExpiredTokenException": 403,
    "InternalServerException": 500,
    "InvalidRequestException": 400,
    "InvalidSignatureException": 403,
    "ModelErrorException": 424,
    "ModelNotReadyException": 429,
    "ModelStreamErrorException": 424,
    "ModelTimeoutException": 408,
    "ResourceNotFoundException": 404,
    "ServiceQuotaExceededException": 429,
    "ServiceUnavailableException": 503,
    "TextSizeLimitExceededException": 413,
    "ThrottlingException": 429,
    "TooManyRequestsException": 429,
    "UnrecognizedClientException": 403,
    "UnsupportedLanguageException": 400,
    "ValidationException": 400,
}
"""Of the service models of `bedrock-runtime` and `comprehend`: over AWS' JSON protocol each of
them has status 400, and at Bedrock a quota that is used up.
"""


@frozen
class AwsFaults(Faults):
    """Names the failures of a service of AWS'."""

    def from_status(self, status: int, headers: Mapping[str, str], body: bytes) -> Fault:
        kind = headers.get("x-amzn-ErrorType", "").partition(":")[0] or _kind_in(body)
        return Faults.from_status(self, STATUSES.get(kind, status), headers, body)


def _kind_in(body: bytes) -> str:
    """The exception that a body names, without the namespace before it."""
    try:
        value: Json = orjson.loads(body)
    except orjson.JSONDecodeError:
        return ""
    return (as_str(dig(value, "__type")) or "").rpartition("#")[2].partition(":")[0]
