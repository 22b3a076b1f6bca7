"""What Anthropic refuses, in its own words as far as they are documented."""

from __future__ import annotations

import re

from ...providers.anthropic_models import claude_model
from ...schemas.json import Json, JsonObject, as_int, as_list, as_object, as_str, dig
from ..fake_upstream.dialect import Refusal
from .thoughts import is_signed

VERSIONS = ("2023-06-01", "2026-10-21")
_FIELDS = frozenset(
    {
        "model", "messages", "max_tokens", "system", "metadata", "stop_sequences", "stream",
        "thinking", "tool_choice", "tools", "output_config", "service_tier", "cache_control",
        "container", "context_management", "diagnostics", "inference_geo", "mcp_servers", "speed",
    }
)  # fmt: skip
_SAMPLING = ("temperature", "top_p", "top_k")
_BLOCKS = {
    "user": {"text", "image", "document", "tool_result", "search_result"},
    "assistant": {"text", "tool_use", "thinking", "redacted_thinking"},
    "system": {"text"},
}
_IMAGES = ("image/jpeg", "image/png", "image/gif", "image/webp")
_ID = re.compile(r"[a-zA-Z0-9_-]+")


def check(body: JsonObject, version: str | None, *, counting: bool = False) -> None:
    """Refuse what the vendor would.

    Args:
        body: Of the request.
        version: The header `anthropic-version`.
        counting: Only tokens are to be counted, so that no `max_tokens` is wanted.

    Raises:
        Refusal: It is not a request.
    """
    if version not in VERSIONS:
        raise Refusal(400, "anthropic-version: header is required")
    allowed = _FIELDS if version == VERSIONS[1] else _FIELDS | {*_SAMPLING}
    for name in body:
        if name not in allowed:
            raise Refusal(400, f"{name}: Extra inputs are not permitted")
    for name in ("model", "messages") if counting else ("model", "max_tokens", "messages"):
        if name not in body:
            raise Refusal(400, f"{name}: Field required")
    if not counting and (as_int(body.get("max_tokens")) or 0) < 1:
        raise Refusal(400, "max_tokens: Input should be greater than or equal to 1")
    _check_sampling(body)
    _check_thinking(body)
    _check_tools(body)
    _check_format(dig(body, "output_config", "format", "schema"))
    _check_messages(as_list(body.get("messages")) or [])


def _check_sampling(body: JsonObject) -> None:
    model = as_str(body.get("model")) or ""
    for name in _SAMPLING:
        if name in body and not claude_model(model).samples:
            raise Refusal(400, f"`{name}` is deprecated for this model.")
    temperature = body.get("temperature")
    if temperature is not None and "top_p" in body and claude_model(model).samples_one_way:
        raise Refusal(400, "`temperature` and `top_p` cannot both be specified for this model.")
    if isinstance(temperature, int | float) and not 0 <= temperature <= 1:
        raise Refusal(400, "temperature: range: 0..1")
    if temperature not in (None, 1) and _thinks(body):
        raise Refusal(400, "`temperature` may only be set to 1 when thinking is enabled.")


def _check_thinking(body: JsonObject) -> None:
    model = claude_model(as_str(body.get("model")) or "")
    kind = dig(body, "thinking", "type")
    if kind == "enabled":
        budget = as_int(dig(body, "thinking", "budget_tokens")) or 0
        if budget < 1_024:
            raise Refusal(
                400,
                "thinking.enabled.budget_tokens: Input should be greater than or equal to 1024",
            )
        if budget >= (as_int(body.get("max_tokens")) or budget + 1):
            raise Refusal(400, "`max_tokens` must be greater than `thinking.budget_tokens`.")
    if (kind == "disabled" and model.always_thinks) or (kind == "adaptive" and not model.adaptive):
        raise Refusal(400, f'"thinking.type.{kind}" is not supported for this model.')
    forced = dig(body, "tool_choice", "type") in ("any", "tool")
    if forced and (_thinks(body) or model.always_thinks):
        raise Refusal(400, "Thinking may not be enabled when tool_choice forces tool use.")


def _thinks(body: JsonObject) -> bool:
    return dig(body, "thinking", "type") in ("enabled", "adaptive")


def _check_tools(body: JsonObject) -> None:
    names: set[str] = set()
    for position, one in enumerate(as_list(body.get("tools")) or []):
        tool = as_object(one) or {}
        if dig(tool, "input_schema", "type") != "object":
            raise Refusal(400, f"tools.{position}.custom.input_schema.type: Field required")
        if tool.get("strict") is True:
            _check_format(tool.get("input_schema"))
        name = str(tool.get("name"))
        if name in names:
            raise Refusal(400, "tools: Tool names must be unique.")
        names.add(name)
    choice = as_object(body.get("tool_choice"))
    if choice is not None and not names:
        raise Refusal(400, "tool_choice: may only be specified while providing tools.")
    if choice is not None and choice.get("type") == "tool" and choice.get("name") not in names:
        raise Refusal(400, f"Tool '{choice.get('name')}' not found in provided tools")


def _check_format(schema: Json) -> None:
    """Refuse a schema whose objects are open."""
    if isinstance(schema, list):
        for one in schema:
            _check_format(one)
        return
    fields = as_object(schema)
    if fields is None:
        return
    if fields.get("type") == "object" and fields.get("additionalProperties") is not False:
        raise Refusal(
            400,
            "output_config.format.schema: For 'object' type, 'additionalProperties' must be "
            "explicitly set to false",
        )
    for name, value in fields.items():
        if name in ("properties", "$defs"):
            for one in (as_object(value) or {}).values():
                _check_format(one)
        elif name in ("items", "anyOf", "allOf"):
            _check_format(value)


def _check_messages(messages: list[Json]) -> None:
    if not messages:
        raise Refusal(400, "messages: at least one message is required")
    called: set[str] = set()
    for position, one in enumerate(messages):
        message = as_object(one) or {}
        role = as_str(message.get("role")) or ""
        if role not in _BLOCKS:
            raise Refusal(400, f"messages.{position}.role: Input should be 'user' or 'assistant'")
        where = f"messages.{position}.content"
        blocks = blocks_of(message.get("content"))
        if not blocks:
            raise Refusal(400, f"messages.{position}: all messages must have non-empty content")
        for number, block in enumerate(blocks):
            _check_block(block, role, f"{where}.{number}")
        answered = _ids(blocks, "tool_result", "tool_use_id")
        if missing := called - answered:
            raise Refusal(
                400,
                f"messages.{position - 1}: `tool_use` ids were found without `tool_result` blocks "
                f"immediately after: {', '.join(missing)}.",
            )
        if unknown := answered - called:
            raise Refusal(
                400,
                f"{where}: unexpected `tool_use_id` found in `tool_result` blocks: "
                f"{', '.join(unknown)}.",
            )
        called = _ids(blocks, "tool_use", "id")


def _ids(blocks: list[JsonObject], kind: str, field: str) -> set[str]:
    return {str(block.get(field)) for block in blocks if block.get("type") == kind}


def blocks_of(content: Json) -> list[JsonObject]:
    """The blocks of a content, which may be plain text."""
    if isinstance(content, str):
        return [{"type": "text", "text": content}] if content else []
    return [as_object(one) or {} for one in as_list(content) or []]


def _check_block(block: JsonObject, role: str, where: str) -> None:
    kind = as_str(block.get("type")) or ""
    if kind not in _BLOCKS[role]:
        raise Refusal(400, f"{where}: Input tag '{kind}' found does not match any of the tags")
    match kind:
        case "text" if not block.get("text"):
            raise Refusal(400, "messages: text content blocks must be non-empty")
        case "image" if dig(block, "source", "type") == "base64":
            media = dig(block, "source", "media_type")
            if media not in _IMAGES:
                raise Refusal(400, f"{where}.source.base64.media_type: Input should be {_IMAGES}")
        case "tool_use" if not _ID.fullmatch(as_str(block.get("id")) or ""):
            raise Refusal(400, f"{where}.id: String should match pattern '^[a-zA-Z0-9_-]+$'")
        case "tool_use" if as_object(block.get("input")) is None:
            raise Refusal(400, f"{where}.input: Input should be a valid dictionary")
        case "thinking" if not is_signed(block):
            raise Refusal(400, f"{where}: Invalid `signature` in `thinking` block")
        case "tool_result":
            for one in blocks_of(block.get("content")):
                _check_block(one, "user", where)
        case _:
            pass
