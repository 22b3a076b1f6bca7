"""One chat request, complete: what is sent, and for whom."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from ..schemas.json import Json, JsonObject, as_int
from ..schemas.request import OUTPUT_LIMITS
from .caller import caller_headers
from .images import image_part

Prompt: TypeAlias = str | Sequence[JsonObject]
"""A question, or messages in OpenAI's shape."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatCall:
    """A chat request.

    Attributes:
        model: Model or alias.
        messages: In OpenAI's shape.
        parameters: Body fields beside model and messages, such as `temperature`.
        document: Path of the notebook it belongs to; None: the one that is running.
        thread: Name of the conversation that it is a turn of.
        cache: False asks the gateway not to answer from its cache.
    """

    model: str
    messages: tuple[JsonObject, ...]
    parameters: JsonObject = field(default_factory=dict[str, Json])
    document: str | None = None
    purpose: str | None = None
    thread: str | None = None
    tags: Mapping[str, Json] | None = None
    cache: bool = True

    @property
    def max_tokens(self) -> int | None:
        """The caller's own limit of output tokens; the larger of two."""
        limits = (as_int(self.parameters.get(name)) for name in OUTPUT_LIMITS)
        return max((limit for limit in limits if limit is not None), default=None)

    @property
    def answers(self) -> int:
        """How many answers are written at most."""
        return max(as_int(self.parameters.get(name)) or 1 for name in ("n", "best_of"))

    def body(self, *, stream: bool) -> JsonObject:
        """The JSON body; usage is asked for in streams too."""
        body: JsonObject = {
            "model": self.model,
            "messages": list(self.messages),
            **self.parameters,
        }
        if stream:
            body |= {"stream": True, "stream_options": {"include_usage": True}}
        return body

    def headers(self) -> dict[str, str]:
        """Attribution and cache headers."""
        return caller_headers(
            document=self.document,
            purpose=self.purpose,
            thread=self.thread,
            tags=self.tags,
            cache=self.cache,
        )

    def with_parameters(self, **parameters: Json) -> ChatCall:
        """A copy with some body fields set."""
        return replace(self, parameters={**self.parameters, **parameters})

    def repaired(self, answer: str, reason: str) -> ChatCall:
        """The same call with the model's answer and what was wrong with it: its second chance."""
        complaint = (
            f"That answer does not fit the schema: {reason}. "
            "Answer again with the corrected JSON and nothing else."
        )
        return replace(
            self,
            messages=(
                *self.messages,
                {"role": "assistant", "content": answer},
                {"role": "user", "content": complaint},
            ),
        )


def messages_of(
    prompt: Prompt,
    *,
    system: str | None = None,
    images: Iterable[object] = (),
    earlier: Iterable[JsonObject] = (),
) -> tuple[JsonObject, ...]:
    """Messages for a prompt: the system's first, then what was said before, then the question.

    Raises:
        MeshClientError: A picture cannot be used (`invalid_argument`).
    """
    first: list[JsonObject] = [{"role": "system", "content": system}] if system else []
    if not isinstance(prompt, str):
        return (*first, *earlier, *prompt)
    parts = [image_part(image) for image in images]
    content: Json = [{"type": "text", "text": prompt}, *parts] if parts else prompt
    return (*first, *earlier, {"role": "user", "content": content})
