"""One request to a model, in OpenAI's shape, and the texts inside it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import field, replace
from enum import StrEnum
from typing import cast

from ..errors import InvalidRequest, UnknownParameter
from .frozen import frozen
from .json import Json, JsonObject, as_int, as_list, as_object, as_str
from .texts import Change, Contents, change_contents, contents, neighbours, split_texts


class Operation(StrEnum):
    """What is asked of a model; every operation takes the same path."""

    CHAT = "chat"
    COMPLETION = "completion"
    EMBEDDING = "embedding"
    RERANK = "rerank"
    CLASSIFY = "classify"
    TOKEN_CLASSIFY = "token_classify"
    MODERATION = "moderation"


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


@frozen
class Request:
    """A validated request. `body` is kept as it came, unknown parameters included."""

    operation: Operation
    body: JsonObject
    _contents: Contents | None = field(default=None, init=False, repr=False, compare=False)

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
        largest: int | None = None
        for name in OUTPUT_LIMITS:
            limit = as_int(self.body.get(name))
            if limit is not None and (largest is None or limit > largest):
                largest = limit
        return largest

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
        prompts = as_list(self.body.get("prompt"))
        if not prompts:
            return each
        tokens = all(isinstance(prompt, int) for prompt in prompts)  # one prompt, as numbers
        return each if tokens else each * len(prompts)

    def with_body(self, **changes: Json) -> Request:
        """A copy with some body fields replaced."""
        return replace(self, body={**self.body, **changes})

    @property
    def contents(self) -> Contents:
        """The texts and payloads in the body. Looked for once, since many steps ask."""
        if self._contents is None:
            object.__setattr__(self, "_contents", contents(self.body))
        assert self._contents is not None
        return self._contents

    def texts(self) -> tuple[str, ...]:
        """Every text a person or program put into the request: what guards must see."""
        return self.contents.texts

    def texts_as_numbered(self) -> Iterator[str]:
        """The same, but for repetitions; the messages last, so that what a longer conversation adds
        comes behind all that was there.
        """
        rest: JsonObject = {name: value for name, value in self.body.items() if name != "messages"}
        return iter(dict.fromkeys([*contents(rest).texts, *self.texts()]))

    def split_texts(self) -> tuple[tuple[str, ...], ...]:
        """The texts of each message that is given in several parts: guards see them joined, too."""
        return tuple(split_texts(self.body))

    def neighbours(self) -> tuple[tuple[str, str], ...]:
        """The last text of each message and the first of the next."""
        return tuple(neighbours(self.body))

    @property
    def token_numbers(self) -> int:
        """Tokens given as numbers of a model's vocabulary, which no guard can read."""
        return _count_numbers(self.body.get("input")) + _count_numbers(self.body.get("prompt"))

    def require_text(self) -> None:
        """Raises InvalidRequest when the input is token numbers, or a file that is neither text in
        UTF-8 nor of a known kind: no guard could read them.
        """
        if self.token_numbers:
            name = "input" if _count_numbers(self.body.get("input")) else "prompt"
            raise InvalidRequest(
                f"`{name}` must be text: token numbers cannot be screened (LangChain: "
                "`check_embedding_ctx_length=False`).",
                param=name,
            )
        if self.contents.unreadable:
            raise InvalidRequest(
                "A file in a message is not base64 of text in UTF-8, nor does it begin like a "
                "picture, sound or document, so it cannot be screened: send it as UTF-8, or its "
                "text as a message.",
                param="messages",
            )

    def change(self, text: Change, payload: Change = str) -> Request:
        """A copy with every text and payload changed; the same object when nothing changed."""
        body = change_contents(self.body, text, payload)
        return self if body is self.body else replace(self, body=body)


def _count_numbers(value: Json) -> int:
    if isinstance(value, list):
        return sum(map(_count_numbers, value))
    return 1 if isinstance(value, int | float) and not isinstance(value, bool) else 0


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
            raise InvalidRequest(f"`{name}` must be an integer from 1 to {2**31}.", param=name)
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
        if not isinstance(role, str) or role not in _ROLES:
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
    Operation.MODERATION: _check_input,
}
