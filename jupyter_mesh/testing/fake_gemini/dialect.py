"""The format of Gemini on Google Vertex AI, on the server's side.

Source: the REST mapping and messages of `google.cloud.aiplatform.v1` and `v1beta1`; errors are
`google.rpc.Status`, as Google's design guide for APIs shows them.
"""

from __future__ import annotations

import re
from urllib.parse import parse_qs

import orjson

from ...schemas.json import Json, JsonObject, as_object
from ..fake_upstream.behaviour import Behaviour
from ..fake_upstream.dialect import Dialect, Refusal, Streamed
from ..fake_upstream.heard import Heard
from ..fake_upstream.record import Received
from .answers import Answers
from .checks import check_request
from .embeddings import batch, embedding, predictions
from .heard import heard
from .names import in_camel_case

_CALL = re.compile(
    r"/(?P<version>v1|v1beta1)/(?:projects/[^/]+/locations/[^/]+/)?"
    r"(?:publishers/[^/]+/models|endpoints)/(?P<model>[^/:]+):(?P<do>\w+)"
)
_STATUSES = {
    400: "INVALID_ARGUMENT", 401: "UNAUTHENTICATED", 403: "PERMISSION_DENIED", 404: "NOT_FOUND",
    429: "RESOURCE_EXHAUSTED", 500: "INTERNAL", 503: "UNAVAILABLE", 504: "DEADLINE_EXCEEDED",
}  # fmt: skip
_DOMAIN = "aiplatform.googleapis.com"


class GeminiDialect(Dialect):
    """As `aiplatform.googleapis.com` speaks."""

    broken_event = b'data: {"candidates": [\r\n\r\n'

    def answer(self, received: Received, behaviour: Behaviour) -> JsonObject | Streamed | None:
        call = _CALL.fullmatch(received.path)
        if call is None:
            return None
        body = _body(received)
        match call["do"]:
            case "generateContent":
                check_request(body, call["version"], call["model"])
                return Answers(body, behaviour, call["model"], received.number).whole()
            case "streamGenerateContent":
                if "alt=sse" not in received.target.partition("?")[2].split("&"):
                    raise Refusal(400, "Without alt=sse the real server sends one JSON array.")
                check_request(body, call["version"], call["model"])
                answers = Answers(body, behaviour, call["model"], received.number)
                return Streamed([frame(event) for event in answers.events()], end=0)
            case "predict" | "embedContent" | "batchEmbedContents" if behaviour.answer is not None:
                return dict(behaviour.answer)
            case "predict":
                return predictions(body, behaviour)
            case "embedContent":
                return embedding(body, behaviour)
            case "batchEmbedContents" if call["version"] == "v1beta1":
                return batch(body, behaviour)
            case _:
                return None

    def heard(self, received: Received) -> Heard:
        call = _CALL.fullmatch(received.path)
        return heard(_body(received), call["model"] if call else "")

    def models(self, received: Received, names: tuple[str, ...]) -> JsonObject | None:
        if received.path != "/v1beta1/publishers/google/models":  # v1 has no list of them
            return None
        asked = parse_qs(received.target.partition("?")[2])
        size = int(asked.get("pageSize", ["100"])[0])
        start = int(asked.get("pageToken", ["0"])[0])
        rows: list[Json] = [_listed(name) for name in names[start : start + size]]
        following = start + size
        more: JsonObject = {"nextPageToken": str(following)} if following < len(names) else {}
        return {"publisherModels": rows, **more} if rows else {}

    def error(
        self, status: int, message: str, code: str | None = None, param: str | None = None
    ) -> JsonObject:
        word = _STATUSES.get(status, "UNKNOWN")
        about: JsonObject = {"@type": "type.googleapis.com/google.rpc.ErrorInfo"}
        detail: JsonObject = {**about, "reason": (code or word).upper(), "domain": _DOMAIN}
        error: JsonObject = {"code": status, "message": message, "status": word}
        return {"error": {**error, "details": [detail]}}

    def too_long(self) -> tuple[int, JsonObject]:
        message = (
            "The input token count (1200000) exceeds the maximum number of tokens allowed "
            "(1048576)."
        )
        return 400, self.error(400, message)

    def error_event(self, message: str) -> bytes:
        return frame(self.error(500, message))

    def text_event(self, text: str) -> bytes:
        return frame({"candidates": [{"content": {"role": "model", "parts": [{"text": text}]}}]})

    def credential(self, received: Received) -> str | None:
        return received.token or received.headers.get("x-goog-api-key")


def _listed(name: str) -> JsonObject:
    return {
        "name": f"publishers/google/models/{name}",
        "versionId": "default",
        "openSourceCategory": "PROPRIETARY",
        "launchStage": "GA",
    }


def _body(received: Received) -> JsonObject:
    return in_camel_case(as_object(orjson.loads(received.body or b"{}")) or {})


def frame(event: JsonObject) -> bytes:
    """One server-sent event, with line ends as Google sends them."""
    return b"data: %s\r\n\r\n" % orjson.dumps(event)
