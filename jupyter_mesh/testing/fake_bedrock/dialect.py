"""Bedrock's format, on the server's side."""

from __future__ import annotations

import re
from typing import ClassVar
from urllib.parse import unquote

from ...outbound.aws_sigv4 import Keys
from ...schemas.json import Json, JsonObject, as_str
from ..fake_upstream.behaviour import Behaviour
from ..fake_upstream.dialect import Dialect, Streamed
from ..fake_upstream.heard import Heard
from ..fake_upstream.record import Received
from .answers import ConverseAnswer
from .frames import event, exception, frame, raw_event
from .heard import heard
from .invoked import invoked, words_in
from .signatures import check_signature
from .validation import check_converse

_PATH = re.compile(r"/model/([^/]+)/(converse|converse-stream|invoke)")
_KINDS = {
    400: "ValidationException",
    403: "AccessDeniedException",
    404: "ResourceNotFoundException",
    408: "ModelTimeoutException",
    424: "ModelErrorException",
    429: "ThrottlingException",
    500: "InternalServerException",
    503: "ServiceUnavailableException",
}


class BedrockDialect(Dialect):
    """As `bedrock-runtime` and `bedrock` speak.

    Args:
        keys: Whose signature is asked for; None: none.
        region: For which it must hold.
    """

    stream_type: ClassVar[str] = "application/vnd.amazon.eventstream"
    comment: ClassVar[bytes] = frame(
        {":event-type": "initial-response", ":message-type": "event"}, b"{}"
    )
    broken_event: ClassVar[bytes] = raw_event("contentBlockDelta", b'{"delta": ')

    def __init__(self, keys: Keys | None = None, region: str = "us-east-1") -> None:
        self._keys = keys
        self._region = region

    def answer(self, received: Received, behaviour: Behaviour) -> JsonObject | Streamed | None:
        self._check_signature(received)
        match = _PATH.fullmatch(received.target)
        if match is None:
            return None
        model, operation = unquote(match[1]), match[2]
        if operation == "invoke":
            return dict(behaviour.answer) if behaviour.answer else invoked(model, received.json)
        check_converse(received.json)
        answer = ConverseAnswer(received.json, behaviour)
        if operation == "converse":
            return answer.whole()
        return Streamed([*answer.events()])

    def answer_headers(self, received: Received) -> dict[str, str]:
        if not received.target.endswith("/invoke"):
            return {}
        return {"X-Amzn-Bedrock-Input-Token-Count": str(words_in(received.json))}

    def heard(self, received: Received) -> Heard:
        match = _PATH.fullmatch(received.target)
        assert match is not None, f"{received.target} is none of Bedrock's paths"
        return heard(unquote(match[1]), received.json)

    def models(self, received: Received, names: tuple[str, ...]) -> JsonObject | None:
        path = received.target.partition("?")[0]
        if path not in ("/foundation-models", "/inference-profiles"):
            return None
        self._check_signature(received)
        if path == "/foundation-models":
            rows: list[Json] = [_model(name) for name in names if not _is_profile(name)]
            return {"modelSummaries": rows}
        profiles: list[Json] = [_profile(name) for name in names if _is_profile(name)]
        return {"inferenceProfileSummaries": profiles}

    def error(
        self, status: int, message: str, code: str | None = None, param: str | None = None
    ) -> JsonObject:
        kind = code if code is not None and code.endswith("Exception") else _KINDS.get(status)
        return {"message": message, **({"__type": kind} if kind else {})}

    def error_headers(self, status: int, error: JsonObject) -> dict[str, str]:
        kind = as_str(error.get("__type"))
        if kind is None or status == 200:
            return {}
        return {"x-amzn-ErrorType": f"{kind}:http://internal.amazon.com/coral/com.amazon.bedrock/"}

    def error_event(self, message: str) -> bytes:
        return exception("modelStreamErrorException", message)

    def text_event(self, text: str) -> bytes:
        return event("contentBlockDelta", {"contentBlockIndex": 0, "delta": {"text": text}})

    def too_long(self) -> tuple[int, JsonObject]:
        return 400, self.error(400, "Input is too long for requested model.")

    def credential(self, received: Received) -> str | None:
        match = re.search(r"Credential=([^/]+)/", received.headers.get("authorization", ""))
        return match[1] if match else received.token

    def _check_signature(self, received: Received) -> None:
        if self._keys is not None:
            check_signature(received, self._keys, self._region)


def _is_profile(name: str) -> bool:
    return name.partition(".")[0] in ("us", "eu", "apac", "global")


def _model(name: str) -> JsonObject:
    embeds = "embed" in name
    return {
        "modelArn": f"arn:aws:bedrock:us-east-1::foundation-model/{name}",
        "modelId": name,
        "modelName": name,
        "providerName": name.partition(".")[0],
        "inputModalities": ["TEXT"] if embeds or "titan" in name else ["TEXT", "IMAGE"],
        "outputModalities": ["EMBEDDING"] if embeds else ["TEXT"],
        "responseStreamingSupported": not embeds,
        "customizationsSupported": [],
        "inferenceTypesSupported": ["PROVISIONED"] if "provisioned" in name else ["ON_DEMAND"],
        "modelLifecycle": {"status": "ACTIVE"},
    }


def _profile(name: str) -> JsonObject:
    return {
        "inferenceProfileName": name,
        "inferenceProfileArn": f"arn:aws:bedrock:us-east-1:123456789012:inference-profile/{name}",
        "inferenceProfileId": name,
        "models": [],
        "status": "ACTIVE",
        "type": "SYSTEM_DEFINED",
    }
