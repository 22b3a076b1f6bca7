"""What a fake upstream understood of a request: the same words for every vendor's format."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from ...schemas.json import Json, JsonObject


@dataclass(slots=True, kw_only=True)
class Said:
    """One turn.

    Attributes:
        texts: In order.
        images: Base64 of each, or its URL.
        calls: Name and arguments of each tool call.
        results: For each tool's result: the id of the call (its name, where a vendor has no ids)
            and the text.
    """

    role: Literal["user", "assistant"]
    texts: list[str] = field(default_factory=list[str])
    images: list[str] = field(default_factory=list[str])
    calls: list[tuple[str, Json]] = field(default_factory=list[tuple[str, Json]])
    results: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])


@dataclass(slots=True, kw_only=True)
class Heard:
    """A chat request.

    Attributes:
        model: As the vendor is asked for it.
        system: System prompts, in order.
        turns: What was said; one role after the other, or as the vendor allows.
        tools: The schema of each tool's arguments, by its name.
        tool_choice: `auto`, `none`, `required`, or a tool's name; None: nothing was said.
        schema: The schema that the answer must have; {} for any JSON; None: free text.
        parameters: `max_tokens`, `temperature`, `top_p`, `stop` (a list), `seed`, `n`,
            `presence_penalty`, `frequency_penalty`, `logprobs`, `reasoning_effort`: those that were
            given, under OpenAI's names. Of the last two anything that is true will do.
    """

    model: str
    system: list[str] = field(default_factory=list[str])
    turns: list[Said] = field(default_factory=list[Said])
    tools: dict[str, JsonObject] = field(default_factory=dict[str, JsonObject])
    tool_choice: str | None = None
    schema: JsonObject | None = None
    parameters: JsonObject = field(default_factory=dict[str, Json])
