"""Databricks' format, on the server's side."""

from __future__ import annotations

import base64

from ...schemas.json import Json, JsonObject
from ..fake_openai.dialect import OpenAIDialect
from ..fake_upstream.behaviour import Behaviour
from ..fake_upstream.dialect import Refusal, Streamed
from ..fake_upstream.record import Received
from .at_path import at_path, refuse_others

_OF_CHATS = (
    *("model", "messages", "max_tokens", "temperature", "top_p", "top_k", "stop", "n", "stream"),
    *("stream_options", "tools", "tool_choice", "response_format", "logprobs", "top_logprobs"),
    *("reasoning_effort", "thinking"),
)
_BASES = ("/serving-endpoints/", "/ai-gateway/mlflow/v1/")


class DatabricksDialect(OpenAIDialect):
    """As a workspace speaks.

    Args:
        client: Id and secret of the service principal that may have tokens.
        token: What it gets.
        life: Seconds for which that holds.
    """

    def __init__(
        self, client: tuple[str, str] | None = None, token: str = "", life: int = 3_600
    ) -> None:
        super().__init__("databricks")
        self._client = client
        self._token = token
        self._life = life

    def answer(
        self, received: Received, behaviour: Behaviour
    ) -> JsonObject | list[Json] | Streamed | None:
        if received.path == "/oidc/v1/token":
            return self._issued(received)
        base = next((one for one in _BASES if received.path.startswith(one)), None)
        if base is None:
            return None
        operation = received.path.removeprefix(base)
        if operation == "chat/completions":
            refuse_others(received.json, _OF_CHATS)
        elif operation not in ("completions", "embeddings"):
            return None
        return super().answer(at_path(received, f"/v1/{operation}"), behaviour)

    def models(self, received: Received, names: tuple[str, ...]) -> JsonObject | None:
        if received.path != "/api/2.0/serving-endpoints":
            return None
        rows: list[Json] = [
            {
                "name": name,
                "state": {"ready": "READY", "config_update": "NOT_UPDATING"},
                "task": "llm/v1/embeddings" if "embed" in name else "llm/v1/chat",
            }
            for name in names
        ]
        starting: JsonObject = {"name": "starting", "task": "llm/v1/chat"}
        forest: JsonObject = {"name": "forest", "state": {"ready": "READY"}}
        return {"endpoints": [*rows, {**starting, "state": {"ready": "NOT_READY"}}, forest]}

    def error(
        self, status: int, message: str, code: str | None = None, param: str | None = None
    ) -> JsonObject:
        return {"error_code": (code or "BAD_REQUEST").upper(), "message": message}

    def authorized(self, received: Received, api_key: str) -> bool:
        return received.path == "/oidc/v1/token" or super().authorized(received, api_key)

    def _issued(self, received: Received) -> JsonObject:
        pair = base64.b64encode(":".join(self._client or ("", "")).encode()).decode()
        form = b"grant_type=client_credentials&scope=all-apis"
        if self._client is None or received.headers.get("authorization") != f"Basic {pair}":
            raise Refusal(401, "Client authentication failed", "invalid_client")
        if received.body != form:
            raise Refusal(400, "Unsupported grant", "unsupported_grant_type")
        return {"access_token": self._token, "token_type": "Bearer", "expires_in": self._life}
