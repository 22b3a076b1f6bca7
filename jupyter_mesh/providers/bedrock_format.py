"""Bedrock's Converse API, and InvokeModel for what it does not do.

Source: botocore's service models of `bedrock-runtime` and `bedrock` (botocore 1.44).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import ClassVar
from urllib.parse import quote

from ..errors import ProviderRejected, UnsupportedParameter
from ..outbound.faults import Faults
from ..schemas.catalog import Capability, ModelFacts
from ..schemas.json import Json, JsonObject, as_list, as_object, as_str, dig
from ..schemas.request import Operation
from ..spi.provider import Attempt
from . import bedrock_invoke, parameters
from .aws_event_stream import EventStreamParser
from .bedrock_answer import finish_word, message_of, usage_from_bedrock
from .bedrock_config import BedrockConfig
from .bedrock_faults import BedrockFaults
from .bedrock_messages import messages, system_blocks
from .bedrock_models import plain_name
from .bedrock_priced import refuse_priced
from .bedrock_reasoning import Reasoning, reasoning
from .bedrock_stream import BedrockReading
from .bedrock_tools import Offered, offered
from .conversation import conversation, stop_sequences
from .converted import chat_answer
from .model_hints import operations_of
from .wire_format import Outgoing, Parser, Whole, WireFormat

_TAKEN = {
    name: name
    for name in (
        *("additionalModelResponseFieldPaths", "guardrailConfig", "performanceConfig"),
        *("promptVariables", "requestMetadata", "serviceTier"),
    )
}
_READ = frozenset(
    {
        "max_tokens", "max_completion_tokens", "temperature", "top_p", "top_k", "stop", "tools",
        "functions", "tool_choice", "function_call", "response_format", "thinking", "metadata",
        "service_tier", "additionalModelRequestFields",
    }
)  # fmt: skip
_TIERS = ("flex", "priority", "reserved")
_OF_EMBEDDINGS = frozenset({"dimensions", "encoding_format", "input_type"})
_OF_RANKINGS = frozenset({"query", "documents", "top_n", "return_documents"})


def models_url(settings: BedrockConfig) -> str:
    """Where the models are listed that can be called by their ids."""
    return f"{settings.control_url.rstrip('/')}/foundation-models"


def profiles_url(settings: BedrockConfig) -> str:
    """Where the inference profiles are listed, by which the other models are called."""
    return f"{settings.control_url.rstrip('/')}/inference-profiles?maxResults=1000"


class BedrockFormat(WireFormat):
    """The format of one connection.

    Args:
        who: The connection, as messages call it.
        settings: Of the connection.
        facts: What is known of a model by its name.
    """

    stream_type: ClassVar[str] = "application/vnd.amazon.eventstream"

    def __init__(
        self, who: str, settings: BedrockConfig, facts: Callable[[str], ModelFacts]
    ) -> None:
        self._who = who
        self._settings = settings
        self._facts = facts

    def outgoing(self, attempt: Attempt) -> Outgoing:
        match attempt.request.operation:
            case Operation.CHAT:
                return self._converse(attempt)
            case Operation.EMBEDDING:
                parts = bedrock_invoke.embedding_body(attempt.request.body, attempt.model)
                return self._invoke(attempt, parts, _OF_EMBEDDINGS)
            case Operation.RERANK:
                parts = bedrock_invoke.ranking_body(attempt.request.body, attempt.model)
                return self._invoke(attempt, parts, _OF_RANKINGS)
            case operation:
                raise ProviderRejected(
                    f"{self._who} cannot do {operation}; it does chat, embedding and rerank.",
                    status=400,
                )

    def whole(self, data: JsonObject, raw: bytes, attempt: Attempt, faults: Faults) -> Whole:
        match attempt.request.operation:
            case Operation.EMBEDDING:
                return bedrock_invoke.embedding_whole(data, attempt, faults)
            case Operation.RERANK:
                return bedrock_invoke.ranking_whole(data, attempt, faults)
            case _:
                pass
        content = as_list(dig(data, "output", "message", "content"))
        if content is None:
            raise faults.protocol("sent an answer without 'output'")
        message = message_of(content, attempt.model)
        reason = finish_word(data.get("stopReason"), faults, calls="tool_calls" in message)
        return chat_answer(attempt, message, reason, usage_from_bedrock(data.get("usage")))

    def reading(self, attempt: Attempt, faults: Faults) -> BedrockReading:
        assert isinstance(faults, BedrockFaults)
        return BedrockReading(attempt, faults)

    def parser(self) -> Parser:
        return EventStreamParser()

    def listed(self, data: Json) -> list[ModelFacts] | None:
        models = as_list(dig(data, "modelSummaries"))
        profiles = as_list(dig(data, "inferenceProfileSummaries"))
        if models is None and profiles is None:
            return None
        found = [self._model(as_object(one) or {}) for one in models or []]
        found += [self._profile(as_object(one) or {}) for one in profiles or []]
        return [one for one in found if one is not None]

    def next_page(self, data: Json) -> str | None:
        token = as_str(dig(data, "nextToken"))
        if token is None or as_list(dig(data, "inferenceProfileSummaries")) is None:
            return None
        return f"{profiles_url(self._settings)}&nextToken={quote(token, safe='')}"

    def _model(self, one: JsonObject) -> ModelFacts | None:
        """A model that can be called by its id; the others are reached by an inference profile."""
        name = as_str(one.get("modelId"))
        if name is None or "ON_DEMAND" not in (as_list(one.get("inferenceTypesSupported")) or []):
            return None
        outputs = as_list(one.get("outputModalities")) or []
        operations = operations_of(plain_name(name))
        if "EMBEDDING" in outputs:
            operations = frozenset({Operation.EMBEDDING})
        elif "TEXT" not in outputs or not operations:
            return None
        known = self._facts(name)
        capabilities = set(known.capabilities if Operation.CHAT in operations else ())
        if capabilities and "IMAGE" in (as_list(one.get("inputModalities")) or []):
            capabilities.add(Capability.VISION)
        return replace(known, operations=operations, capabilities=frozenset(capabilities))

    def _profile(self, one: JsonObject) -> ModelFacts | None:
        name = as_str(one.get("inferenceProfileId"))
        if name is None or one.get("status") != "ACTIVE":
            return None
        if one.get("type") == "APPLICATION":
            name = as_str(one.get("inferenceProfileArn")) or name
        return self._facts(name) if operations_of(plain_name(name)) else None

    def _converse(self, attempt: Attempt) -> Outgoing:
        body, model = attempt.request.body, attempt.model
        refuse_priced(body, self._settings.priced_parameters, self._who)
        said = conversation(body)
        tools = offered(body, said, model)
        turns, system = messages(said, model), system_blocks(said.system)
        hindered = tools.forced or _called_without_thoughts(turns)
        thoughts = reasoning(body, model, hindered=hindered)
        read = _READ if thoughts.dropped else _READ | {"reasoning_effort"}
        read -= {*tools.dropped, *_hindering(body, thoughts)}
        taken, dropped = parameters.take(
            body, _TAKEN, read=read, unsupported=self._settings.unsupported, who=self._who
        )
        parts: JsonObject = {
            **_said(turns, system),
            **_inference(body, dropped),
            **({} if tools.config is None else {"toolConfig": tools.config}),
            **_output_config(tools, thoughts),
            **_additional(body, model, thoughts, dropped),
            **_others(body),
            **taken,
            **self._guardrail(taken),
        }
        end = "converse-stream" if attempt.stream else "converse"
        return Outgoing(path=f"model/{quote(model, safe='')}/{end}", body=parts, dropped=dropped)

    def _guardrail(self, taken: JsonObject) -> JsonObject:
        ours = self._settings.guardrail
        if ours is None:
            return {}
        if "guardrailConfig" in taken:
            raise UnsupportedParameter(
                f"{self._who} has a guardrail of its own: leave `guardrailConfig` out.",
                param="guardrailConfig",
            )
        config: JsonObject = {
            "guardrailIdentifier": ours.identifier,
            "guardrailVersion": ours.version,
            "trace": ours.trace,
        }
        return {"guardrailConfig": config}

    def _invoke(self, attempt: Attempt, parts: JsonObject, read: frozenset[str]) -> Outgoing:
        _, dropped = parameters.take(
            attempt.request.body,
            {},
            read=read,
            unsupported=self._settings.unsupported,
            who=self._who,
        )
        path = f"model/{quote(attempt.model, safe='')}/invoke"
        return Outgoing(path=path, body=parts, dropped=dropped)


def _said(turns: list[Json], system: list[Json]) -> JsonObject:
    if not turns and system:  # the vendor wants somebody to have said something
        return {"messages": [{"role": "user", "content": system}]}
    return {"messages": turns, **({"system": system} if system else {})}


def _hindering(body: JsonObject, thoughts: Reasoning) -> set[str]:
    """Sampling parameters that a Claude model does not take while it thinks."""
    names = {"temperature", "top_p", "top_k"} & body.keys() if thoughts.on else set[str]()
    return {name for name in names if body[name] is not None and body[name] != 1}


def _called_without_thoughts(turns: list[Json]) -> bool:
    """Whether the last answer called tools, and came without thoughts of this model."""
    last = next((one for one in reversed(turns) if dig(one, "role") == "assistant"), None)
    blocks = as_list(dig(last, "content")) or []
    called = any("toolUse" in (as_object(block) or {}) for block in blocks)
    return called and "reasoningContent" not in (as_object(blocks[0]) or {})


def _inference(body: JsonObject, dropped: tuple[str, ...]) -> JsonObject:
    config: JsonObject = {}
    named = {
        "max_tokens": "maxTokens", "max_completion_tokens": "maxTokens",
        "temperature": "temperature", "top_p": "topP",
    }  # fmt: skip
    for name, theirs in named.items():
        if name not in dropped and (value := body.get(name)) is not None:
            config[theirs] = value
    if stops := [one for one in stop_sequences(body) if one]:
        config["stopSequences"] = [*stops]
    return {"inferenceConfig": config} if config else {}


def _output_config(tools: Offered, thoughts: Reasoning) -> JsonObject:
    config: JsonObject = {}
    if tools.text_format is not None:
        config["textFormat"] = tools.text_format
    if thoughts.effort is not None:
        config["effort"] = thoughts.effort
    return {"outputConfig": config} if config else {}


def _additional(
    body: JsonObject, model: str, thoughts: Reasoning, dropped: tuple[str, ...]
) -> JsonObject:
    """What only some models have."""
    fields: JsonObject = {**thoughts.fields}
    if "top_k" not in dropped and (top_k := body.get("top_k")) is not None:
        nova = plain_name(model).startswith("nova")
        fields |= {"inferenceConfig": {"topK": top_k}} if nova else {"top_k": top_k}
    fields |= as_object(body.get("additionalModelRequestFields")) or {}
    return {"additionalModelRequestFields": fields} if fields else {}


def _others(body: JsonObject) -> JsonObject:
    """Parameters whose names and values both differ.

    Raises:
        UnsupportedParameter: There is no such service tier.
    """
    others: JsonObject = {}
    if metadata := as_object(body.get("metadata")):
        others["requestMetadata"] = metadata
    tier = body.get("service_tier")
    if tier is not None and tier not in ("auto", "default"):
        if tier not in _TIERS:
            raise UnsupportedParameter(
                f"`service_tier` is `default`, `flex` or `priority` here, not {tier!r}.",
                param="service_tier",
            )
        others["serviceTier"] = {"type": tier}
    return others
