"""A guardrail of AWS Bedrock, on the server's side.

Source: the service model `bedrock-runtime` 2023-09-30 (`ApplyGuardrail`) of `botocore`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from ...outbound.aws_sigv4 import Keys
from ...schemas.json import Json, JsonObject, as_list, as_str, dig
from ..fake_bedrock.signatures import check_signature
from ..fake_upstream.dialect import Refusal
from ..fake_upstream.record import Received
from .dialect import ServiceDialect, needed

_PATH = re.compile(r"/guardrail/[^/]+/version/[^/]+/apply")
_LONGEST = 25_000
_KINDS = {
    400: "ValidationException",
    401: "AccessDeniedException",
    403: "AccessDeniedException",
    404: "ResourceNotFoundException",
    429: "ThrottlingException",
    500: "InternalServerException",
}
_UNITS: dict[str, Json] = {
    "topicPolicyUnits": 1,
    "contentPolicyUnits": 1,
    "wordPolicyUnits": 1,
    "sensitiveInformationPolicyUnits": 1,
    "sensitiveInformationPolicyFreeUnits": 1,
    "contextualGroundingPolicyUnits": 0,
}


class Guardrail(ServiceDialect):
    """A guardrail. What it knows is written as `VIOLENCE=HIGH` (blocked), `HATE~LOW` (noticed and
    let pass), `topic=NAME`, `word=` or `pii=EMAIL`.

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

    def looked_through(
        self, received: Received, body: JsonObject
    ) -> JsonObject | list[Json] | None:
        if self._keys is not None:
            check_signature(received, self._keys, self._region)
        if not _PATH.fullmatch(received.target):
            return None
        needed(body, "source", "content")
        blocks = as_list(body["content"]) or []
        texts = [as_str(dig(one, "text", "text")) or "" for one in blocks]
        if body["source"] not in ("INPUT", "OUTPUT") or not blocks:
            raise Refusal(400, "1 validation error detected.", "ValidationException")
        if sum(map(len, texts)) > _LONGEST:
            message = "Input text exceeds the maximum number of text units."
            raise Refusal(400, message, "ValidationException")
        said = [kind for text in texts for _, _, kind in self.found_in(text)]
        intervened = any("=" in kind for kind in said)
        outputs: list[Json] = [{"text": "Sorry, I cannot help with that."}] if intervened else []
        return {
            "usage": {**_UNITS},
            "action": "GUARDRAIL_INTERVENED" if intervened else "NONE",
            "outputs": outputs,
            "assessments": [_assessment(said)],
        }

    def error(
        self, status: int, message: str, code: str | None = None, param: str | None = None
    ) -> JsonObject:
        return {"message": message}

    def error_headers(self, status: int, error: JsonObject) -> dict[str, str]:
        kind = _KINDS.get(status)
        return {"x-amzn-ErrorType": f"{kind}:http://internal.amazon.com/"} if kind else {}

    def credential(self, received: Received) -> str | None:
        return received.token or received.headers.get("authorization")


def _assessment(said: list[str]) -> JsonObject:
    """As `outputScope` `FULL` shows it: also what has detected nothing."""
    filters: list[Json] = [
        {"type": "INSULTS", "confidence": "NONE", "action": "NONE", "detected": False}
    ]
    topics: list[Json] = [{"name": "Weather", "type": "DENY", "action": "NONE", "detected": False}]
    words: list[Json] = []
    personal: list[Json] = []
    for one in said:
        kind, mark, value = one.partition("=" if "=" in one else "~")
        action: JsonObject = {"action": "BLOCKED" if mark == "=" else "NONE", "detected": True}
        match kind:
            case "topic":
                topics.append({"name": value, "type": "DENY", **action})
            case "word":
                words.append({"match": "secret word", **action})
            case "pii":
                personal.append({"type": value, "match": "a@b.example", **action})
            case _:
                filters.append({"type": kind, "confidence": value, **action})
    return {
        "topicPolicy": {"topics": topics},
        "contentPolicy": {"filters": filters},
        "wordPolicy": {"customWords": words, "managedWordLists": []},
        "sensitiveInformationPolicy": {"piiEntities": personal, "regexes": []},
    }
