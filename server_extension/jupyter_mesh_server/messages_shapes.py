"""Anthropic's bodies, as far as the gateway itself reads or promises them."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, JsonValue

from .openai_shapes import ModelRequest, Open


class MessageParam(Open):
    """One turn of a conversation."""

    role: Literal["user", "assistant", "system"]
    content: str | list[JsonValue]


class CountRequest(ModelRequest):
    """A conversation whose tokens are to be counted."""

    messages: list[MessageParam]
    system: str | list[JsonValue] | None = None
    tools: list[JsonValue] | None = None


class MessagesRequest(CountRequest):
    """A conversation to continue."""

    max_tokens: int
    stream: bool = False


class MessageAnswer(Open):
    """A whole message."""

    id: str
    type: Literal["message"]
    role: Literal["assistant"]
    model: str
    content: list[JsonValue]
    stop_reason: str | None
    stop_sequence: str | None
    usage: dict[str, JsonValue]


class TokenCount(Open):
    """How many tokens a prompt has."""

    input_tokens: int = Field(description="An estimate: nothing is sent to the vendor.")


class ModelInfo(Open):
    """A model or alias."""

    id: str
    type: Literal["model"]
    display_name: str
    created_at: str
    max_input_tokens: int | None
    max_tokens: int | None


class ModelPage(Open):
    """Models and aliases open to the caller, all of them on one page."""

    data: list[ModelInfo]
    has_more: bool
    first_id: str | None
    last_id: str | None
