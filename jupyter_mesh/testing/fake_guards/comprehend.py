"""AWS Comprehend over AWS' JSON protocol, on the server's side.

Source: the service model `comprehend` 2017-11-27 of `botocore`.
"""

from __future__ import annotations

from collections.abc import Mapping

from ...outbound.aws_sigv4 import Keys
from ...schemas.json import Json, JsonObject, as_str
from ..fake_bedrock.signatures import check_signature
from ..fake_upstream.dialect import Refusal
from ..fake_upstream.record import Received
from .dialect import ServiceDialect, needed

_MOST_BYTES = 100_000
_KINDS = {
    429: "ThrottlingException",
    500: "InternalServerException",
    400: "InvalidRequestException",
}


class Comprehend(ServiceDialect):
    """Comprehend in one region.

    Args:
        known: What it finds.
        keys: Whose signature is asked for; None: none.
        region: For which it must hold.
    """

    def __init__(
        self,
        known: Mapping[str, str] | None = None,
        keys: Keys | None = None,
        region: str = "eu-west-1",
    ) -> None:
        super().__init__(known)
        self._keys = keys
        self._region = region
        self.throttled = False
        """Refuse everything as AWS does over this protocol: with status 400."""

    def looked_through(
        self, received: Received, body: JsonObject
    ) -> JsonObject | list[Json] | None:
        if self._keys is not None:
            check_signature(received, self._keys, self._region, "comprehend")
        if received.headers.get("x-amz-target") != "Comprehend_20171127.DetectPiiEntities":
            raise Refusal(400, "Unknown operation.", "UnknownOperationException")
        if received.headers.get("content-type") != "application/x-amz-json-1.1":
            raise Refusal(404, "Not Found", "UnknownOperationException")
        if self.throttled:
            raise Refusal(400, "Rate exceeded", "ThrottlingException")
        needed(body, "Text", "LanguageCode")
        text = as_str(body["Text"]) or ""
        if len(text.encode()) > _MOST_BYTES:
            message = "Input text size exceeds limit. Max length of request text allowed is 100000."
            raise Refusal(400, message, "TextSizeLimitExceededException")
        if body["LanguageCode"] not in ("en", "es"):
            raise Refusal(400, "The language is not supported.", "UnsupportedLanguageException")
        return {
            "Entities": [
                {"Score": 0.99, "Type": kind, "BeginOffset": start, "EndOffset": end}
                for start, end, kind in self.found_in(text)
            ]
        }

    def error(
        self, status: int, message: str, code: str | None = None, param: str | None = None
    ) -> JsonObject:
        kind = code if code is not None and code.endswith("Exception") else _KINDS.get(status)
        return {"__type": f"com.amazonaws.comprehend#{kind}", "Message": message}

    def credential(self, received: Received) -> str | None:
        return received.headers.get("authorization")
