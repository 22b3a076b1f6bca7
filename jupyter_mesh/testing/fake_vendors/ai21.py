"""AI21's format, on the server's side."""

from __future__ import annotations

from ...schemas.json import Json, JsonObject, as_list, as_object, as_str, dig
from ..fake_openai.dialect import OpenAIDialect
from ..fake_upstream.behaviour import Behaviour
from ..fake_upstream.dialect import Refusal, Streamed
from ..fake_upstream.heard import Heard
from ..fake_upstream.record import Received
from .at_path import at_path, refuse_others

_OF_CHATS = (
    *("model", "messages", "max_tokens", "temperature", "top_p", "stop", "n", "stream"),
    *("tools", "documents", "response_format"),
)


class AI21Dialect(OpenAIDialect):
    """As `api.ai21.com` speaks: usage comes in the last chunk, asked for or not."""

    def __init__(self) -> None:
        super().__init__("ai21")

    def answer(
        self, received: Received, behaviour: Behaviour
    ) -> JsonObject | list[Json] | Streamed | None:
        if received.path != "/studio/v1/chat/completions":
            return None
        body = received.json
        refuse_others(body, _OF_CHATS)
        if as_str(dig(body, "response_format", "type")) not in (None, "text", "json_object"):
            raise Refusal(422, "response_format.type: must be text or json_object")
        for message in as_list(body.get("messages")) or []:
            content = (as_object(message) or {}).get("content")
            if content is not None and not isinstance(content, str):
                raise Refusal(422, "messages.content: str type expected")
        if behaviour.usage_in == "extra_chunk":
            behaviour = behaviour.model_copy(update={"usage_in": "last_choice"})
        return super().answer(at_path(received, "/v1/chat/completions"), behaviour)

    def heard(self, received: Received) -> Heard:
        heard = super().heard(received)
        heard.tool_choice = "auto" if heard.tools else None  # there is no word for another one
        return heard

    def models(self, received: Received, names: tuple[str, ...]) -> JsonObject | None:
        return None

    def error(
        self, status: int, message: str, code: str | None = None, param: str | None = None
    ) -> JsonObject:
        return {"detail": message}
