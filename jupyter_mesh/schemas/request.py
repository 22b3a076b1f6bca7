"""One request to a model, in OpenAI's shape, and the texts inside it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import cast

from ..errors import InvalidRequest, UnknownParameter
from .json import Json, JsonObject, as_int, as_list, as_object, as_str


class Operation(StrEnum):
    """What is asked of a model; every operation takes the same path."""

    CHAT = "chat"
    COMPLETION = "completion"
    EMBEDDING = "embedding"
    RERANK = "rerank"
    CLASSIFY = "classify"
    TOKEN_CLASSIFY = "token_classify"


FORBIDDEN_PARAMETERS = frozenset(
    {
        "api_base", "api_key", "api_type", "api_version", "base_url", "custom_llm_provider",
        "extra_body", "extra_headers", "headers", "organization", "deployment_id", "azure_endpoint",
        "aws_access_key_id", "aws_secret_access_key", "aws_session_token", "proxy", "timeout_url",
    }
)  # fmt: skip
"""Routing belongs to the gateway: these are refused by name, whatever their value."""

OUTPUT_LIMITS = ("max_completion_tokens", "max_tokens")
"""The fields by which a caller limits the tokens of an answer."""

_ROLES = frozenset({"system", "developer", "user", "assistant", "tool", "function"})
_MAX_MESSAGES = 20_000


@dataclass(frozen=True, slots=True)
class Request:
    """A validated request. `body` is kept as it came, unknown parameters included."""

    operation: Operation
    body: JsonObject

    @property
    def model(self) -> str:
        """The model or alias asked for."""
        return cast(str, self.body["model"])

    @property
    def stream(self) -> bool:
        """Whether the client wants server-sent events."""
        return self.body.get("stream") is True

    @property
    def wants_usage_chunk(self) -> bool:
        """Whether the client itself asked for the final usage chunk of a stream."""
        options = as_object(self.body.get("stream_options"))
        return options is not None and options.get("include_usage") is True

    @property
    def max_tokens(self) -> int | None:
        """The caller's own limit of output tokens for one choice. Of two, the larger: nobody knows
        which of them the provider goes by.
        """
        limits = (as_int(self.body.get(name)) for name in OUTPUT_LIMITS)
        return max((limit for limit in limits if limit is not None), default=None)

    @property
    def choices(self) -> int:
        """How many answers are asked for (`n`)."""
        return as_int(self.body.get("n")) or 1

    @property
    def answers(self) -> int:
        """How many answers are written at most: to each prompt of a list, and those that `best_of`
        throws away again.
        """
        each = max(self.choices, as_int(self.body.get("best_of")) or 1)
        prompts = as_list(self.body.get("prompt")) or []
        tokens = all(isinstance(prompt, int) for prompt in prompts)  # one prompt, as numbers
        return each if tokens else each * len(prompts)

    def with_body(self, **changes: Json) -> Request:
        """A copy with some body fields replaced."""
        return replace(self, body={**self.body, **changes})

    def texts(self) -> Iterator[str]:
        """Every text a person or program put into the request: what guards must see."""
        seen: list[str] = []

        def note(text: str) -> str:
            seen.append(text)
            return text

        self.map_texts(note)
        return iter(seen)

    def map_texts(self, change: Callable[[str], str]) -> Request:
        """A copy with `change` applied to every text; the same object when nothing changed."""
        body: JsonObject = {}
        changed = False
        for name, value in self.body.items():
            body[name] = new = value if name in _NOT_TEXT else _map_strings(value, change, name)
            changed = changed or new is not value
        return replace(self, body=body) if changed else self


_NOT_TEXT = frozenset(
    {
        "model", "stream", "stream_options", "temperature", "top_p", "max_tokens", "n", "seed",
        "max_completion_tokens", "presence_penalty", "frequency_penalty", "logprobs",
        "top_logprobs",
        "encoding_format", "dimensions", "parallel_tool_calls", "service_tier", "store",
        "modalities",
        "reasoning_effort", "logit_bias", "top_n", "echo",
    }
)  # fmt: skip
_STRUCTURE = frozenset(
    {"role", "type", "id", "tool_call_id", "index", "detail", "format", "media_type"}
)


def _map_strings(value: Json, change: Callable[[str], str], key: str) -> Json:
    """`value` with every string changed, except structural ones; identity is kept where nothing
    changed.

    A string in an unknown field counts as text: a new place for prompts must not escape the
    guards. Binary payloads (`data:` URLs, base64 audio) are not text.
    """
    if isinstance(value, str):
        if key in _STRUCTURE or value.startswith("data:") or (key == "data" and len(value) > 512):
            return value
        new = change(value)
        return value if new == value else new
    if isinstance(value, list):
        items = [_map_strings(item, change, key) for item in value]
        return items if any(a is not b for a, b in zip(items, value, strict=True)) else value
    if isinstance(value, dict):
        pairs = {name: _map_strings(item, change, name) for name, item in value.items()}
        return pairs if any(pairs[name] is not value[name] for name in value) else value
    return value


def refuse_routing(names: Iterable[str]) -> None:
    """Refuse fields, of a body or a query, by which a caller would choose where a request goes.

    Raises:
        UnknownParameter: One of `names` is such a field.
    """
    for name in names:
        if name in FORBIDDEN_PARAMETERS:
            raise UnknownParameter(
                f"The gateway decides {name!r}: leave it out, or ask an admin to add a connection.",
                param=name,
            )


def parse_request(operation: Operation, body: object) -> Request:
    """Check what every provider relies on; leave the rest to the provider.

    Raises:
        InvalidRequest: A field is missing or of the wrong type; `param` names it.
        UnknownParameter: A routing field was sent.
    """
    fields = as_object(body)
    if fields is None:
        raise InvalidRequest("The body must be a JSON object.")
    refuse_routing(fields)
    if not as_str(fields.get("model")):
        raise InvalidRequest("Name a `model`; GET models lists those open to you.", param="model")
    _check_numbers(fields)
    _CHECKS[operation](fields)
    return Request(operation, fields)


def _check_numbers(body: JsonObject) -> None:
    for name in (*OUTPUT_LIMITS, "n", "best_of", "top_n"):
        value = body.get(name)
        if value is not None and (as_int(value) is None or not 1 <= cast(int, value) <= 2**31):
            raise InvalidRequest(f"`{name}` must be a positive integer, not {value!r}.", param=name)
    if (choices := as_int(body.get("n"))) is not None and choices > 128:
        raise InvalidRequest("`n` must be at most 128.", param="n")
    if not isinstance(body.get("stream", False), bool | None):
        raise InvalidRequest("`stream` must be true or false.", param="stream")


def _check_chat(body: JsonObject) -> None:
    messages = as_list(body.get("messages"))
    if not messages:
        raise InvalidRequest("`messages` must be a non-empty list.", param="messages")
    if len(messages) > _MAX_MESSAGES:
        raise InvalidRequest(
            f"`messages` holds {len(messages)} items; at most {_MAX_MESSAGES} are taken.",
            param="messages",
        )
    for index, item in enumerate(messages):
        message = as_object(item)
        if message is None:
            raise InvalidRequest(
                f"`messages[{index}]` must be an object.", param=f"messages[{index}]"
            )
        role = message.get("role")
        if role not in _ROLES:
            raise InvalidRequest(
                f"`messages[{index}].role` is {str(role)[:40]!r}; use one of "
                f"{', '.join(sorted(_ROLES))}.",
                param=f"messages[{index}].role",
            )
        if not isinstance(message.get("content"), str | list | None):
            raise InvalidRequest(
                f"`messages[{index}].content` must be a string or a list of parts.",
                param=f"messages[{index}].content",
            )


def _check_prompt(body: JsonObject) -> None:
    if not isinstance(body.get("prompt"), str | list):
        raise InvalidRequest("`prompt` must be a string or a list.", param="prompt")


def _check_input(body: JsonObject) -> None:
    value = body.get("input")
    if not isinstance(value, str | list) or value in ("", []):
        raise InvalidRequest("`input` must be a non-empty string or list.", param="input")


def _check_rerank(body: JsonObject) -> None:
    if not as_str(body.get("query")):
        raise InvalidRequest("`query` must be a non-empty string.", param="query")
    if not as_list(body.get("documents")):
        raise InvalidRequest("`documents` must be a non-empty list.", param="documents")


_CHECKS: dict[Operation, Callable[[JsonObject], None]] = {
    Operation.CHAT: _check_chat,
    Operation.COMPLETION: _check_prompt,
    Operation.EMBEDDING: _check_input,
    Operation.RERANK: _check_rerank,
    Operation.CLASSIFY: _check_input,
    Operation.TOKEN_CLASSIFY: _check_input,
}
