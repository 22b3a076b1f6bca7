"""Anthropic's format, on the server's side."""

from __future__ import annotations

from typing import ClassVar
from urllib.parse import parse_qs, urlsplit

import orjson

from ...schemas.json import Json, JsonObject, as_object
from ..fake_upstream.behaviour import Behaviour
from ..fake_upstream.dialect import Dialect, Streamed
from ..fake_upstream.heard import Heard
from ..fake_upstream.record import Received
from .answers import Answers
from .checks import check
from .listening import heard

_KINDS = {
    401: "authentication_error",
    402: "billing_error",
    403: "permission_error",
    404: "not_found_error",
    409: "conflict_error",
    413: "request_too_large",
    429: "rate_limit_error",
    500: "api_error",
    504: "timeout_error",
}
_YES: JsonObject = {"supported": True}


class AnthropicDialect(Dialect):
    """As `api.anthropic.com` speaks.

    Args:
        page: How many models one page of the list holds at most.
    """

    broken_event: ClassVar[bytes] = (
        b'event: content_block_delta\ndata: {"type": "content_block_delta", "index"\n\n'
    )

    def __init__(self, page: int = 1_000) -> None:
        self._page = page

    def answer(self, received: Received, behaviour: Behaviour) -> JsonObject | Streamed | None:
        body = as_object(orjson.loads(received.body)) or {}
        version = received.headers.get("anthropic-version")
        answers = Answers(body, behaviour, received.number)
        match received.path:
            case "/v1/messages":
                check(body, version)
            case "/v1/messages/count_tokens":
                check(body, version, counting=True)
                return {"input_tokens": answers.input_tokens()}
            case _:
                return None
        if body.get("stream") is True:
            return Streamed([frame(event) for event in answers.events()])
        return answers.whole()

    def heard(self, received: Received) -> Heard:
        return heard(received.json)

    def models(self, received: Received, names: tuple[str, ...]) -> JsonObject | None:
        if received.path.startswith("/v1/models/"):
            name = received.path.removeprefix("/v1/models/")
            return _model(name) if name in names else None
        if received.path != "/v1/models":
            return None
        query = parse_qs(urlsplit(received.target).query)
        after = query.get("after_id", [""])[0]
        rest = names[names.index(after) + 1 :] if after in names else names
        shown = rest[: min(int(query.get("limit", ["20"])[0]), self._page)]
        rows: list[Json] = [_model(name) for name in shown]
        return {
            "data": rows,
            "first_id": shown[0] if shown else None,
            "last_id": shown[-1] if shown else None,
            "has_more": len(shown) < len(rest),
        }

    def error(
        self, status: int, message: str, code: str | None = None, param: str | None = None
    ) -> JsonObject:
        kind = "overloaded_error" if status in (503, 529) else "invalid_request_error"
        error: JsonObject = {"type": _KINDS.get(status, kind), "message": message}
        return {"type": "error", "error": error, "request_id": "req_fake"}

    def too_long(self) -> tuple[int, JsonObject]:
        return 400, self.error(400, "prompt is too long: 200 tokens > 100 maximum")

    def error_event(self, message: str) -> bytes:
        return frame(self.error(529, message))

    def text_event(self, text: str) -> bytes:
        delta: JsonObject = {"type": "text_delta", "text": text}
        return frame({"type": "content_block_delta", "index": 0, "delta": delta})

    def credential(self, received: Received) -> str | None:
        return received.headers.get("x-api-key") or received.token


def frame(event: JsonObject) -> bytes:
    """One server-sent event under its name."""
    return b"event: %s\ndata: %s\n\n" % (str(event["type"]).encode(), orjson.dumps(event))


def _model(name: str) -> JsonObject:
    return {
        "type": "model",
        "id": name,
        "display_name": name.replace("-", " ").title(),
        "created_at": "2026-02-19T00:00:00Z",
        "lifecycle": "active",
        "max_input_tokens": 200_000,
        "max_tokens": 64_000,
        "capabilities": {"image_input": _YES, "structured_outputs": _YES, "thinking": _YES},
    }
