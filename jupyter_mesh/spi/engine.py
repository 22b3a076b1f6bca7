"""Running a model on this machine: what a provider asks for, and what an engine answers.

A provider describes a model (`ModelSpec`), gets an `Engine` for it from the `EngineFactory` that
the mesh put into its `ProviderContext`, and submits jobs. How jobs travel to the process that holds
the weights is the engine's business (`jupyter_mesh.serving.protocol` is the wire format of the
engine that ships); these values are all that both sides share.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Literal, Protocol, TypeAlias

Scalar: TypeAlias = bool | int | float | str | None


class Task(StrEnum):
    """What a model is loaded for; one worker serves one model for one task."""

    CHAT = "chat"
    EMBED = "embed"
    CLASSIFY = "classify"
    TOKEN_CLASSIFY = "token-classify"


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelSpec:
    """Which model to load and how.

    Attributes:
        name: `connection/model`, for messages, logs and file names.
        path: An absolute local folder; None when `repo` is given.
        repo: A Hugging Face hub id such as `Qwen/Qwen3-0.6B`; None when `path` is given.
        revision: Branch, tag or 40-hex commit of `repo`; None means the default branch.
        dtype: Of the weights; `auto` is the checkpoint's own on a GPU and float32 on a CPU.
        device: `auto` takes a CUDA device where there is one.
        max_batch: Texts that go through the model together, and the most answers (`n`) of one chat.
        download: Whether files of `repo` that are missing here may be fetched.
        trust_remote_code: Whether Python code of `repo` may run; needs a 40-hex `revision`.
    """

    name: str
    task: Task
    path: str | None = None
    repo: str | None = None
    revision: str | None = None
    dtype: Literal["auto", "float32", "bfloat16", "float16"] = "auto"
    device: Literal["auto", "cpu", "cuda"] = "auto"
    max_batch: int = 16
    download: bool = False
    trust_remote_code: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineSpec:
    """A model and the life of its worker.

    Attributes:
        state_dir: Where the worker's log and socket live.
        startup_timeout: Seconds a start may take, loading (and downloading) included.
        idle_unload: Seconds without a job after which the worker is stopped; None keeps it.
    """

    model: ModelSpec
    state_dir: Path
    startup_timeout: float = 600.0
    idle_unload: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelInfo:
    """What is known of a model once it is loaded.

    Attributes:
        architecture: The class that runs it, such as `LlamaForCausalLM`.
        parameters: How many numbers it holds.
        size: Bytes of its weights in memory.
        context_window: Most tokens of one input (for `chat`, of input and output together).
        labels: Names of the classes, in the order of their probabilities.
        dimensions: Length of an embedding, None for other tasks.
    """

    architecture: str
    parameters: int
    size: int
    dtype: str
    device: str
    context_window: int
    labels: tuple[str, ...] = ()
    dimensions: int | None = None


# ── jobs ────────────────────────────────────────────────────────────────────────────────────────────


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


# ── outputs ─────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenLogprob:
    """The logarithm of a token's probability, before temperature; `top` are the likeliest tokens."""

    token: str
    logprob: float
    top: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Delta:
    """More text of answer `index`: whole characters only. `finish` marks its last."""

    type: Literal["delta"] = "delta"
    index: int = 0
    text: str = ""
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


Output: TypeAlias = Delta | Vector | Label | Spans | Done


# ── the engine ──────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineHealth:
    """How an engine is doing.

    Attributes:
        state: `stopped` starts on the next job; `failed` does so too, after a pause.
        stage: What a start is doing now: `starting`, `downloading`, `loading`.
        running: Jobs in the model now.
        waiting: Jobs in the queue.
        produced: Tokens written (or texts encoded) since the worker started.
        memory: Resident bytes of the worker.
    """

    state: Literal["stopped", "starting", "ready", "failed"]
    stage: str = ""
    pid: int | None = None
    running: int = 0
    waiting: int = 0
    produced: int = 0
    memory: int = 0


class Engine(Protocol):
    """One model on this machine, for any number of concurrent jobs: first come, first served."""

    @property
    def info(self) -> ModelInfo | None:
        """What is known of the model; None until it has been loaded once."""
        ...

    async def start(self) -> ModelInfo:
        """Load the model unless it is loaded. A caller who gives up does not stop the load for others.

        Raises:
            ConfigError: The model cannot be served as configured: not on this machine, unsafe
                files, wrong task, libraries missing.
            ProviderUnavailable: The worker ended or took too long; has `retry_after` while it
                pauses after crashes.
        """
        ...

    def submit(self, job: Job) -> AsyncGenerator[Output, None]:
        """Start if needed, then answer `job`: outputs as they come, `Done` last.

        Closing the generator stops the work on it at the next token, or takes it out of the queue.

        Raises:
            ContextTooLong: A text, or prompt plus `max_tokens`, exceeds the context window.
            ProviderRejected: The model cannot do what the job asks; `param` names it.
            ConfigError, ProviderUnavailable: As `start`, or the worker ended before the job did.
        """
        ...

    async def health(self) -> EngineHealth:
        """How it is doing; never starts anything."""
        ...

    async def aclose(self) -> None:
        """Stop the worker at once; jobs under way end with `ProviderUnavailable`."""
        ...


class EngineFactory(Protocol):
    """Makes engines; nothing is started before the first job."""

    def __call__(self, spec: EngineSpec, /) -> Engine:
        """An engine for one model."""
        ...
