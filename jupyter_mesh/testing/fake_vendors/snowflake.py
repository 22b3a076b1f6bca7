"""Snowflake Cortex's format, on the server's side."""

from __future__ import annotations

import base64
import binascii

import orjson
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from ...providers.hashed_embedding import hashed_embedding
from ...schemas.json import Json, JsonObject, as_int, as_list, as_object
from ..fake_openai.dialect import OpenAIDialect
from ..fake_upstream.behaviour import Behaviour
from ..fake_upstream.dialect import Streamed
from ..fake_upstream.record import Received
from .at_path import at_path, refuse_others

_OF_CHATS = (
    *("model", "messages", "max_completion_tokens", "temperature", "top_p", "stop", "stream"),
    *("stream_options", "tools", "tool_choice", "response_format", "reasoning_effort"),
    *("reasoning",),
)
_BASE = "/api/v2/cortex"
_KIND = "x-snowflake-authorization-token-type"


class SnowflakeDialect(OpenAIDialect):
    """As an account speaks.

    Args:
        public_key: Of the user that signs tokens; None: only programmatic access tokens are known.
    """

    def __init__(self, public_key: RSAPublicKey | None = None) -> None:
        super().__init__("snowflake")
        self._public_key = public_key

    def answer(
        self, received: Received, behaviour: Behaviour
    ) -> JsonObject | list[Json] | Streamed | None:
        if received.path == f"{_BASE}/inference:embed":
            return _embedded(received.json, behaviour)
        if received.path != f"{_BASE}/v1/chat/completions":
            return None
        refuse_others(received.json, _OF_CHATS)
        return super().answer(at_path(received, "/v1/chat/completions"), behaviour)

    def models(self, received: Received, names: tuple[str, ...]) -> JsonObject | None:
        return None

    def error(
        self, status: int, message: str, code: str | None = None, param: str | None = None
    ) -> JsonObject:
        return {"message": message, "code": code or "390400", "request_id": "1"}

    def authorized(self, received: Received, api_key: str) -> bool:
        if received.headers.get(_KIND) == "KEYPAIR_JWT":
            return self._signed(received.token or "")
        return super().authorized(received, api_key)

    def _signed(self, token: str) -> bool:
        """Whether the user's key has signed the token, and it holds for an hour at most."""
        told, _, signature = token.rpartition(".")
        if self._public_key is None:
            return False
        try:
            claims = as_object(orjson.loads(_bytes(told.partition(".")[2]))) or {}
            self._public_key.verify(
                _bytes(signature), told.encode(), padding.PKCS1v15(), hashes.SHA256()
            )
        except (InvalidSignature, binascii.Error, orjson.JSONDecodeError):
            return False
        life = (as_int(claims.get("exp")) or 0) - (as_int(claims.get("iat")) or 0)
        return str(claims.get("iss")).startswith(f"{claims.get('sub')}.SHA256:") and life <= 3_600


def _embedded(body: JsonObject, behaviour: Behaviour) -> JsonObject:
    refuse_others(body, ("model", "text"))
    texts = as_list(body.get("text")) or []
    rows: list[Json] = [
        {"object": "embedding", "index": index, "embedding": [[*hashed_embedding(str(text), 8)]]}
        for index, text in enumerate(texts)
    ]
    read = sum(len(str(text).split()) for text in texts)
    return {
        "object": "list", "data": rows, "model": body.get("model"),
        "usage": dict(behaviour.usage or {"total_tokens": read}),
    }  # fmt: skip


def _bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
