"""Cohere's format, v2, on the server's side.

Source: Cohere API reference, and the types of its client, `cohere` 7.
"""

from __future__ import annotations

from urllib.parse import parse_qs

import orjson

from ...schemas.json import Json, JsonObject, as_object, as_str
from ..fake_upstream.behaviour import Behaviour
from ..fake_upstream.dialect import Dialect, Streamed
from ..fake_upstream.heard import Heard
from ..fake_upstream.record import Received
from .answers import Answers
from .checks import check_chat, check_embed, check_rerank
from .heard import heard
from .searches import ranking, vectors

_FEATURES: list[Json] = ["tools", "strict_tools", "json_mode", "json_schema", "logprobs", "vision"]


class CohereDialect(Dialect):
    """As `api.cohere.com` speaks."""

    broken_event = b'event: content-delta\ndata: {"type": "content-delta", "delta": {\n\n'

    def answer(self, received: Received, behaviour: Behaviour) -> JsonObject | Streamed | None:
        body = as_object(orjson.loads(received.body or b"{}")) or {}
        match received.path:
            case "/v2/chat":
                check_chat(body)
                answers = Answers(body, behaviour, received.number)
                if body.get("stream") is not True:
                    return answers.whole()
                # `message-end` says why it ended: there is no mark beside the answer.
                return Streamed([frame(event) for event in answers.events()], end=0)
            case "/v2/embed":
                check_embed(body)
                return vectors(body, behaviour, received.number)
            case "/v2/rerank":
                check_rerank(body)
                return ranking(body, behaviour, received.number)
            case _:
                return None

    def heard(self, received: Received) -> Heard:
        return heard(received.json)

    def models(self, received: Received, names: tuple[str, ...]) -> JsonObject | None:
        if received.path != "/v1/models":  # v2 has no list of them
            return None
        asked = parse_qs(received.target.partition("?")[2])
        size = int(float(asked.get("page_size", ["20"])[0]))
        start = int(asked.get("page_token", ["0"])[0])
        rows: list[Json] = [_listed(name) for name in names[start : start + size]]
        following = start + size
        more: JsonObject = {"next_page_token": str(following)} if following < len(names) else {}
        return {"models": rows, **more}

    def error(
        self, status: int, message: str, code: str | None = None, param: str | None = None
    ) -> JsonObject:
        return {"id": "8ec6eb4e-error", "message": message}

    def too_long(self) -> tuple[int, JsonObject]:
        message = (
            "too many tokens: size limit exceeded by 11326 tokens. Try using shorter or fewer "
            "inputs, or setting prompt_truncation='AUTO'."
        )
        return 400, self.error(400, message)

    def error_event(self, message: str) -> bytes:
        delta: JsonObject = {"finish_reason": "ERROR", "error": message}
        return frame({"type": "message-end", "delta": delta})

    def text_event(self, text: str) -> bytes:
        message: JsonObject = {"content": {"text": text}}
        return frame({"type": "content-delta", "index": 0, "delta": {"message": message}})


def _listed(name: str) -> JsonObject:
    kind = name.partition("-")[0]
    chats = kind not in ("embed", "rerank", "classify")
    listed: JsonObject = {
        "name": name,
        "is_deprecated": False,
        "endpoints": ["generate", "chat", "summarize"] if chats else [kind],
        "finetuned": False,
        "context_length": 256_000 if chats else 128_000,
        "default_endpoints": [],
    }
    return {**listed, "features": _FEATURES} if chats else listed


def frame(event: JsonObject) -> bytes:
    """One server-sent event under the name of its type."""
    name = (as_str(event.get("type")) or "").encode()
    return b"event: %s\ndata: %s\n\n" % (name, orjson.dumps(event))
