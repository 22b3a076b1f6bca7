"""Running a model on this machine: what a provider asks for, and what an engine answers.

A provider describes a model (`ModelSpec`), gets an `Engine` for it from the `EngineFactory` that
the mesh put into its `ProviderContext`, and submits jobs. How jobs travel to the process that holds
the weights is the engine's business (`jupyter_mesh.serving.protocol` is the wire format of the
engine that ships); these values and those of `jobs` are all that both sides share.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Literal, Protocol

from .jobs import Job, Output


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
        """Load the model unless it is loaded. A caller who gives up does not stop it for others.

        Raises:
            ConfigError: The model cannot be served as configured: not on this machine, unsafe
                files, wrong task, libraries missing.
            ProviderUnavailable: The worker ended; has `retry_after` while it pauses after crashes.
            ProviderTimeout: It took longer than `startup_timeout`.
        """
        ...

    def submit(self, job: Job) -> AsyncGenerator[Output, None]:
        """Start if needed, then answer `job`: outputs as they come, `Done` last.

        Closing the generator stops the work on it at the next token, or takes it out of the queue.

        Raises:
            ContextTooLong: A text, or prompt plus `max_tokens`, exceeds the context window.
            ProviderRejected: The model cannot do what the job asks; `param` names it.
            ConfigError, ProviderTimeout: As `start`.
            ProviderUnavailable: As `start`, or the worker ended before the job did.
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
