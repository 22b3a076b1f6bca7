"""OpenAI's bodies, as far as the gateway itself reads or promises them; for the API's description.

Bodies are checked by `jupyter_mesh.schemas.request` and passed on with every field they came with.
"""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue


class Open(BaseModel):
    """A body with more fields than are named here; they are passed on."""

    model_config = ConfigDict(extra="allow")


class StreamOptions(Open):
    """Options of a streamed answer."""

    include_usage: bool = False


class Message(Open):
    """One message of a conversation."""

    role: Literal["system", "developer", "user", "assistant", "tool", "function"]
    content: str | list[JsonValue] | None = None


class ModelRequest(Open):
    """A body that names a model."""

    model: str = Field(description="A model (`connection/name`) or an alias.")


class ChatRequest(ModelRequest):
    """A conversation to continue."""

    messages: list[Message]
    stream: bool = False
    stream_options: StreamOptions | None = None
    max_completion_tokens: int | None = None
    temperature: float | None = None


class ResponsesRequest(ModelRequest):
    """What to answer, with the whole conversation: the gateway keeps none."""

    input: str | list[JsonValue]
    instructions: str | None = None
    max_output_tokens: int | None = None
    stream: bool = False
    tools: list[JsonValue] | None = None


class ResponsesAnswer(Open):
    """A whole response."""

    id: str
    object: Literal["response"]
    created_at: int
    model: str
    status: Literal["completed", "incomplete", "failed"]
    output: list[JsonValue]
    usage: dict[str, JsonValue] | None = None


class CompletionRequest(ModelRequest):
    """A text to continue."""

    prompt: str | list[JsonValue]
    stream: bool = False
    stream_options: StreamOptions | None = None
    max_tokens: int | None = None


class InputRequest(ModelRequest):
    """Texts to embed or to classify."""

    input: str | list[JsonValue]


class ModerationRequest(Open):
    """Texts to be judged by the guards of the mesh."""

    input: str | list[JsonValue] = Field(
        description="A text, several, or one in parts of type `text`."
    )
    model: str | None = Field(
        default=None,
        description="`mesh/guards`, or any of OpenAI's names for its own; may be left out.",
    )


class ModerationResult(Open):
    """What is against one text."""

    flagged: bool
    categories: dict[str, bool]
    category_scores: dict[str, float]
    category_applied_input_types: dict[str, list[str]]


class ModerationAnswer(Open):
    """A result for each text."""

    id: str
    model: str
    results: list[ModerationResult]


class RerankRequest(ModelRequest):
    """Documents to order by relevance to a query."""

    query: str
    documents: list[JsonValue]
    top_n: int | None = None


class ChatAnswer(Open):
    """A whole answer."""

    id: str
    object: Literal["chat.completion"]
    created: int
    model: str
    choices: list[JsonValue]
    usage: dict[str, JsonValue] | None = None


class CompletionAnswer(ChatAnswer):
    """A whole continuation."""

    object: Literal["text_completion"]  # pyright: ignore[reportIncompatibleVariableOverride]


class ListAnswer(Open):
    """One item for each input."""

    object: Literal["list"]
    data: list[JsonValue]
    model: str
    usage: dict[str, JsonValue] | None = None


class RerankAnswer(Open):
    """The documents, most relevant first."""

    results: list[JsonValue]
    model: str


class Model(Open):
    """A model or alias."""

    id: str
    object: Literal["model"]
    created: int = Field(description="Always 0: a gateway does not know.")
    owned_by: str


class ModelList(Open):
    """Models and aliases open to the caller."""

    object: Literal["list"]
    data: list[Model]
