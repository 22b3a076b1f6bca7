"""What can be asked of a model on this machine, and what it answers."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, TypeAlias

Scalar: TypeAlias = bool | int | float | str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatMessage:
    """One turn; `role` is `system`, `user` or `assistant`."""

    role: str
    content: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Sampling:
    """How tokens are chosen. None means what the model's own generation config says.

    Attributes:
        max_tokens: Of one answer; None fills the context window.
        temperature: 0 is greedy.
        top_k: 0 considers every token.
        repetition_penalty: Over prompt and answer, above 1 discourages repeats.
        presence_penalty: Taken once from a token the answer holds already (OpenAI's).
        frequency_penalty: Taken for each time the answer holds a token already (OpenAI's).
        logit_bias: Added to the logits, by token id.
        stop: Strings that end the answer; not part of it.
        seed: Repeats the same random choices on the same machine.
        n: How many answers.
        logprobs: How many alternatives to report beside each token; None reports nothing.
    """

    max_tokens: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None
    repetition_penalty: float | None = None
    presence_penalty: float = 0.0
    frequency_penalty: float = 0.0
    logit_bias: dict[int, float] = field(default_factory=dict[int, float])
    stop: tuple[str, ...] = ()
    seed: int | None = None
    n: int = 1
    logprobs: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GenerateJob:
    """Write an answer: to `messages` (through the model's chat template), or after `prompt` as is.

    Attributes:
        template: Extra variables of the chat template, such as `enable_thinking`.
    """

    type: Literal["generate"] = "generate"
    messages: tuple[ChatMessage, ...] = ()
    prompt: str | None = None
    sampling: Sampling = field(default_factory=Sampling)
    template: dict[str, Scalar] = field(default_factory=dict[str, Scalar])


@dataclass(frozen=True, slots=True, kw_only=True)
class EncodeJob:
    """Embed, classify or label each of `texts`, as the worker's task says.

    Attributes:
        truncate: Keep only so many tokens of each text; -1 as many as the model takes; None refuses
            longer texts.
    """

    type: Literal["encode"] = "encode"
    texts: tuple[str, ...]
    truncate: int | None = None


Job: TypeAlias = GenerateJob | EncodeJob


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenLogprob:
    """The logarithm of a token's probability, before temperature; `top`: the likeliest."""

    token: str
    logprob: float
    top: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Started:
    """The first output of a generate job: its turn has come, and its prompt has so many tokens."""

    type: Literal["started"] = "started"
    input_tokens: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Delta:
    """More text of answer `index`: whole characters only. `finish` marks its last.

    Attributes:
        tokens: Written since the delta before of this answer.
    """

    type: Literal["delta"] = "delta"
    index: int = 0
    text: str = ""
    tokens: int = 0
    logprobs: tuple[TokenLogprob, ...] = ()
    finish: Literal["stop", "length"] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Vector:
    """The embedding of text `index`: base64 of little-endian float32."""

    type: Literal["vector"] = "vector"
    index: int
    data: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """The class of text `index`, and the probability of each class as in `ModelInfo.labels`."""

    type: Literal["label"] = "label"
    index: int
    label: str
    probs: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """`text[start:end]` (in characters) is a `label`, with the mean probability of its tokens."""

    start: int
    end: int
    label: str
    score: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Spans:
    """What was found in text `index`, from left to right."""

    type: Literal["spans"] = "spans"
    index: int
    spans: tuple[Span, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """Always the last output: the tokens the model read and wrote, counted by its own tokenizer."""

    type: Literal["done"] = "done"
    input_tokens: int
    output_tokens: int = 0


Output: TypeAlias = Started | Delta | Vector | Label | Spans | Done
