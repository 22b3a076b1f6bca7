"""How the fake answers one request; plain data, so that another process can be told over HTTP."""

from __future__ import annotations

from typing import Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, JsonValue

Fault: TypeAlias = Literal[
    "rate_limited",  # 429, with `retry_after`
    "server_error",  # 500 with an error object
    "html_error",  # 502 with a page of HTML
    "unauthorized",  # 401 that repeats the key it was sent, encoded too
    "too_long",  # 400: the prompt does not fit the context, in the vendor's own words
    "rejected",  # 400 that repeats the prompt it was sent
    "redirect",  # 307 to another path of itself
    "error_in_200",  # 200 whose body is an error
    "wrong_type",  # 200 whose body is HTML
    "invalid_json",  # a body or an event that is not JSON
    "cut",  # the connection ends in the middle, in order (FIN)
    "reset_before",  # the connection is reset before any byte (RST)
    "reset_after",  # the connection is reset in the middle (RST)
    "stall",  # nothing comes
    "stall_middle",  # nothing more comes after the first half
    "gzip_bomb",  # a compressed body that unpacks to `huge_bytes`
    "huge",  # an event or body of `huge_bytes`
    "no_done",  # a stream that ends after its last chunk, without [DONE]
    "duplicate",  # every chunk twice
    "error_event",  # an error in the middle of a stream
    "comments",  # comment lines between the events
    "only_comments",  # comment lines and no event, for as long as the client stays
]


class Behaviour(BaseModel):
    """One answer.

    Attributes:
        fault: What goes wrong; None: nothing.
        text: The answer.
        reasoning: What the model thinks before it answers; empty: it does not show any.
        pieces: How a stream cuts it; by default after every word.
        delay: Seconds before the first byte.
        piece_delay: Seconds before each event of a stream.
        write_bytes: Cut what goes over the wire into writes of this many bytes.
        burst: Send the whole stream in one write.
        usage: What to report, in OpenAI's words, which each dialect puts into its own; by default
            words are counted.
        usage_in: Where a stream reports it: in an extra chunk, in the last chunk with a choice, in
            every chunk (counting up), or nowhere; `never` holds for whole answers too.
        finish_reason: Why the answer ends, in OpenAI's word; `length` by itself where
            `max_tokens` cuts it.
        tool_calls: Sent instead of text, in OpenAI's shape.
        logprobs: Whether to send some with every word.
        extra: Unknown fields to add to every object.
        retry_after: Value of `Retry-After`, with `rate_limited` and `server_error`.
        huge_bytes: See `huge` and `gzip_bomb`.
        answer: The exact JSON of a whole answer.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    fault: Fault | None = None
    text: str = "Hello from the fake server, at your service."
    reasoning: str = ""
    pieces: tuple[str, ...] = ()
    delay: float = Field(default=0.0, ge=0)
    piece_delay: float = Field(default=0.0, ge=0)
    write_bytes: int | None = Field(default=None, ge=1)
    burst: bool = False
    usage: dict[str, JsonValue] | None = None
    usage_in: Literal["extra_chunk", "last_choice", "every_chunk", "never"] = "extra_chunk"
    finish_reason: str = "stop"
    tool_calls: tuple[dict[str, JsonValue], ...] = ()
    logprobs: bool = False
    extra: dict[str, JsonValue] = Field(default_factory=dict)
    retry_after: str | None = None
    huge_bytes: int = 17 * 1024 * 1024
    answer: dict[str, JsonValue] | None = None
