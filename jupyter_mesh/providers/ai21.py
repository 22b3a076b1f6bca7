"""AI21's Jamba models.

Source: AI21's API reference (`/studio/v1/chat/completions`) and the SDK `ai21` 4.3.
"""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

from ..errors import UnsupportedParameter
from ..schemas.catalog import Capability, ModelFacts
from ..schemas.json import Json, JsonObject, as_list, as_object, as_str, dig
from ..schemas.request import Operation
from ..spi.provider import Attempt, ProviderConfig
from .openai_vendor import OpenAIVendor, VendorFormat, names
from .remote_config import ConvertedConfig
from .wire_format import Outgoing

_MODELS = ("jamba-large", "jamba-mini")


class AI21Config(ConvertedConfig):
    """Settings of a connection to AI21.

    Attributes:
        base_url: Up to and with `/studio/v1`.
    """

    base_url: str = "https://api.ai21.com/studio/v1"


class AI21Format(VendorFormat):
    """OpenAI's format without pictures, schemas, a tool forced upon the model, and several answers
    (which AI21 does not stream).
    """

    strict: ClassVar[bool] = True
    operations: ClassVar[frozenset[Operation]] = frozenset({Operation.CHAT})
    takes = names(
        *("max_tokens", "temperature", "top_p", "stop", "tools", "documents", "response_format"),
        max_completion_tokens="max_tokens",
    )

    def outgoing(self, attempt: Attempt) -> Outgoing:
        body = attempt.request.body
        if dig(body, "response_format", "type") == "json_schema":
            raise UnsupportedParameter(
                f"{self._who} keeps to JSON but to no schema: use `json_object`, or choose a model "
                "of another provider.",
                param="response_format",
            )
        body = _without_choice(body)
        request = replace(attempt.request, body=body)
        sent = super().outgoing(replace(attempt, request=request))
        messages: list[Json] = [
            message for one in as_list(sent.body.get("messages")) or [] for message in _plain(one)
        ]
        fields: JsonObject = {**sent.body, "messages": messages}
        fields.pop("stream_options", None)  # usage comes in the last chunk by itself
        return replace(sent, body=fields)


class AI21(OpenAIVendor):
    """AI21."""

    Config: type[ProviderConfig] = AI21Config
    name: ClassVar[str] = "ai21"
    label: ClassVar[str] = "AI21"
    format_type: ClassVar[type[VendorFormat]] = AI21Format
    list_path: ClassVar[str | None] = None
    knock_path: ClassVar[str | None] = "chat/completions"

    async def models(self) -> list[ModelFacts]:
        if self.context.models:
            return await super().models()
        return [self.facts(name) for name in _MODELS]

    async def probe(self, within: float = 10.0) -> list[ModelFacts]:
        """The models that are configured, or those that AI21 has: its API lists none.

        Raises:
            ConfigError: The key is not there.
            ProviderError: It does not answer, or refuses the key.
        """
        return await super().probe(within) or [self.facts(name) for name in _MODELS]

    def facts(self, name: str) -> ModelFacts:
        known = super().facts(name)
        can = {Capability.TOOLS} if name.startswith("jamba") else set[Capability]()
        return replace(known, capabilities=frozenset({*known.capabilities, *can}))


def _without_choice(body: JsonObject) -> JsonObject:
    """The body without a choice of tools that is the model's own anyway, or offers none."""
    match body.get("tool_choice"):
        case "auto":
            left_out = {"tool_choice"}
        case "none":
            left_out = {"tool_choice", "tools"}
        case _:
            return body
    return {name: value for name, value in body.items() if name not in left_out}


def _plain(message: Json) -> list[Json]:
    """A message whose content is text: one for each part, where there are several.

    Raises:
        UnsupportedParameter: A part is something else.
    """
    fields = as_object(message) or {}
    if fields.get("role") == "developer":
        fields = {**fields, "role": "system"}
    parts = as_list(fields.get("content"))
    if parts is None:
        return [fields]
    texts: list[str] = []
    for part in parts:
        text = part if isinstance(part, str) else as_str(dig(part, "text"))
        if text is None:
            raise UnsupportedParameter(
                f"AI21's models read text only, not {as_str(dig(part, 'type'))!r}: choose a model "
                "that takes it.",
                param="messages",
            )
        texts.append(text)
    if fields.get("role") in ("user", "system"):
        return [{**fields, "content": text} for text in texts]
    return [{**fields, "content": "\n".join(texts)}]
