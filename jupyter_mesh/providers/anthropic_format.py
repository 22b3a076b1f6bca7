"""Anthropic's Messages API.

Source: the API reference and the types of the SDK `anthropic` 2.12, for the API's versions
2023-06-01 and 2026-10-21.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from ..errors import ProviderRejected, UnsupportedParameter
from ..outbound.faults import Faults
from ..schemas.catalog import Capability, ModelFacts
from ..schemas.json import Json, JsonObject, as_int, as_list, as_object, as_str, dig
from ..schemas.request import Operation
from ..spi.provider import Attempt
from . import anthropic_tools, parameters
from .anthropic_answer import finish_word, message_of, usage_from_anthropic
from .anthropic_config import AnthropicConfig
from .anthropic_messages import called_without_thoughts, messages, system_blocks
from .anthropic_models import ClaudeModel, claude_model
from .anthropic_stream import AnthropicReading
from .anthropic_thinking import Thinking, thinking
from .conversation import Conversation, conversation, stop_sequences
from .converted import chat_answer
from .wire_format import Outgoing, Whole, WireFormat

NEWEST, BEFORE = "2026-10-21", "2023-06-01"
"""Versions of the API; only the one before takes sampling parameters."""

_SAMPLING = {"temperature": "temperature", "top_p": "top_p", "top_k": "top_k"}
_TAKEN = {name: name for name in ("cache_control", "context_management", "diagnostics")}
"""Those of the vendor's own that change no price: nobody can pay for `speed` unseen."""
_READ = frozenset(
    {
        "max_tokens", "max_completion_tokens", "stop", "user", "safety_identifier", "service_tier",
        "tools", "functions", "tool_choice", "function_call", "parallel_tool_calls",
        "response_format", "thinking", "output_config",
    }
)  # fmt: skip
_TIERS = {"auto": "auto", "default": "standard_only", "standard_only": "standard_only"}


class AnthropicFormat(WireFormat):
    """The format of one connection.

    Args:
        who: The connection, as messages call it.
        settings: Of the connection.
        facts: What is known of a model by its name.
        longest: The most tokens of an answer by a model, as its admin wrote or its list said.
    """

    def __init__(
        self,
        who: str,
        settings: AnthropicConfig,
        facts: Callable[[str], ModelFacts],
        longest: Mapping[str, int],
    ) -> None:
        self._who = who
        self._settings = settings
        self._facts = facts
        self._longest = longest

    def outgoing(self, attempt: Attempt) -> Outgoing:
        request = attempt.request
        if request.operation is not Operation.CHAT:
            raise ProviderRejected(
                f"{self._who} cannot do {request.operation}; it does chat.", status=400
            )
        body, model = request.body, claude_model(attempt.model)
        limit = request.max_tokens or self.longest(attempt.model)
        said = conversation(body)
        offered = anthropic_tools.offered(body, said, model)
        unsigned = called_without_thoughts(said, attempt.model)
        thoughts = thinking(body, model, limit, forced=offered.forced, unsigned=unsigned)
        taken, dropped = parameters.take(
            body,
            {**_TAKEN, **_sampling(body, model, thoughts, self._settings.api_version)},
            read=_READ if thoughts.dropped else _READ | {"reasoning_effort"},
            unsupported=self._settings.unsupported,
            who=self._who,
        )
        parts: JsonObject = {
            "model": attempt.model,
            "max_tokens": limit,
            **_said(said, attempt.model, offered),
            **offered.fields,
            **thoughts.fields,
            **_output_config(body, offered, thoughts),
            **_others(body),
            **taken,
            **({"stream": True} if attempt.stream else {}),
        }
        version = self._settings.api_version or (BEFORE if _samples(taken) else NEWEST)
        return Outgoing(
            path="v1/messages",
            body=parts,
            headers={"anthropic-version": version},
            dropped=dropped,
        )

    def longest(self, model: str) -> int:
        """The most tokens of an answer, where the caller does not say."""
        known = self._longest.get(model) or claude_model(model).max_output
        return known or self._settings.max_tokens

    def whole(self, data: JsonObject, raw: bytes, attempt: Attempt, faults: Faults) -> Whole:
        content = as_list(data.get("content"))
        if content is None:
            raise faults.protocol("sent an answer without 'content'")
        message = message_of(content, attempt.model)
        if explanation := as_str(dig(data, "stop_details", "explanation")):
            message["refusal"] = explanation
        reason = finish_word(data.get("stop_reason"), calls="tool_calls" in message)
        usage = usage_from_anthropic(data.get("usage"))
        whole = chat_answer(attempt, message, reason, usage, answer_id=as_str(data.get("id")) or "")
        if (stopped := as_str(data.get("stop_sequence"))) is not None:
            choice = as_object(dig(whole.answer.data, "choices", 0)) or {}
            choice["stop_reason"] = stopped
        return whole

    def reading(self, attempt: Attempt, faults: Faults) -> AnthropicReading:
        return AnthropicReading(attempt, faults)

    def listed(self, data: Json) -> list[ModelFacts] | None:
        items = as_list(dig(data, "data"))
        if items is None:
            return None
        objects = (as_object(item) or {} for item in items)
        return [
            self._listed(name, one)
            for one in objects
            if (name := as_str(one.get("id"))) and one.get("lifecycle") != "retired"
        ]

    def next_page(self, data: Json) -> str | None:
        last = as_str(dig(data, "last_id"))
        if dig(data, "has_more") is not True or last is None:
            return None
        return f"{LIST_PATH}&after_id={last}"

    def _listed(self, name: str, one: JsonObject) -> ModelFacts:
        known = self._facts(name)
        capabilities = set(known.capabilities)
        for ours, theirs in _CAPABILITIES.items():
            supported = dig(one, "capabilities", theirs, "supported")
            if supported is True:
                capabilities.add(ours)
            elif supported is False:
                capabilities.discard(ours)
        return replace(
            known,
            capabilities=frozenset(capabilities),
            context_window=as_int(one.get("max_input_tokens")) or known.context_window,
            max_output=as_int(one.get("max_tokens")) or known.max_output,
        )


LIST_PATH = "v1/models?limit=1000"

_CAPABILITIES = {
    Capability.VISION: "image_input",
    Capability.JSON_SCHEMA: "structured_outputs",
    Capability.REASONING: "thinking",
}


def _said(said: Conversation, model: str, offered: anthropic_tools.Offered) -> JsonObject:
    system = [*system_blocks(said.system), *offered.system]
    turns = messages(said, model)
    if not turns:  # the vendor wants somebody to have said something
        return {"messages": [{"role": "user", "content": system}]}
    return {"system": system, "messages": turns} if system else {"messages": turns}


def _sampling(
    body: JsonObject, model: ClaudeModel, thoughts: Thinking, version: str | None
) -> dict[str, str]:
    """The sampling parameters that can be sent. OpenAI's temperatures end at 2, these at 1."""
    if not model.samples or thoughts.on or version == NEWEST:
        return {}
    names = dict(_SAMPLING)
    temperature = body.get("temperature")
    if isinstance(temperature, int | float) and temperature > 1:
        del names["temperature"]
    elif temperature is not None and model.samples_one_way:
        del names["top_p"]
    return names


def _samples(taken: JsonObject) -> bool:
    return any(name in taken for name in _SAMPLING)


def _output_config(
    body: JsonObject, offered: anthropic_tools.Offered, thoughts: Thinking
) -> JsonObject:
    config: JsonObject = {**(as_object(body.get("output_config")) or {})}
    if thoughts.effort is not None:
        config.setdefault("effort", thoughts.effort)
    if offered.output_format is not None:
        config["format"] = offered.output_format
    return {"output_config": config} if config else {}


def _others(body: JsonObject) -> JsonObject:
    """Parameters whose names and values both differ.

    Raises:
        UnsupportedParameter: There is no such service tier.
    """
    others: JsonObject = {}
    if stops := [one for one in stop_sequences(body) if one.strip()]:
        others["stop_sequences"] = [*stops]
    user = as_str(body.get("user")) or as_str(body.get("safety_identifier"))
    if user is not None:
        others["metadata"] = {"user_id": user}
    if (tier := body.get("service_tier")) is not None:
        if not isinstance(tier, str) or tier not in _TIERS:
            raise UnsupportedParameter(
                f"`service_tier` is `auto` or `default` here, not {tier!r}.", param="service_tier"
            )
        others["service_tier"] = _TIERS[tier]
    return others
