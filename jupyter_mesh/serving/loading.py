# pyright: basic
# (transformers' and torch's own annotations are partial)
"""A model from its folder into memory, for one task."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, TypeAlias

from ..errors import ConfigError
from ..spi.engine import ModelInfo, ModelSpec, Task
from .model_files import allows_code, check_files, model_folder
from .sentence_layout import SentenceLayout, read_layout

# transformers annotates these classes partly, and partly otherwise than they behave.
Model: TypeAlias = Any
Tokenizer: TypeAlias = Any


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedModel:
    """A model in memory, ready for inference."""

    spec: ModelSpec
    info: ModelInfo
    model: Model
    tokenizer: Tokenizer
    layout: SentenceLayout


_CLASSES = {
    Task.CHAT: "AutoModelForCausalLM",
    Task.EMBED: "AutoModel",
    Task.CLASSIFY: "AutoModelForSequenceClassification",
    Task.TOKEN_CLASSIFY: "AutoModelForTokenClassification",
}


def load(spec: ModelSpec, on_stage: Callable[[str], None]) -> LoadedModel:
    """Find, check and load a model.

    Args:
        spec: Which, and how.
        on_stage: Told `downloading` and `loading` when each begins.

    Raises:
        ConfigError: A library is missing, the model is not here, unsafe, or not made for the task.
    """
    _require("torch", "transformers")
    if spec.download:
        on_stage("downloading")
    folder = model_folder(spec)
    layout = SentenceLayout(transformer=folder)
    if spec.task is Task.EMBED:
        layout = read_layout(folder, spec.name)
    check_files(layout.transformer, spec)
    on_stage("loading")
    model = _load_weights(layout.transformer, spec)
    tokenizer = _load_tokenizer(layout.transformer, spec)
    if tokenizer.pad_token_id is None:
        # A batch needs some token to fill up with; the mask keeps the model from seeing it.
        tokenizer.pad_token = tokenizer.eos_token
    if model.config.pad_token_id is None:
        model.config.pad_token_id = tokenizer.pad_token_id
    return LoadedModel(
        spec=spec,
        info=_info(model, tokenizer, spec, layout),
        model=model,
        tokenizer=tokenizer,
        layout=layout,
    )


def _require(*libraries: str) -> None:
    missing = [name for name in libraries if find_spec(name) is None]
    if missing:
        raise ConfigError(
            f"Models on this machine need {' and '.join(missing)}: "
            'pip install "jupyter-mesh[local]", then restart the server.'
        )


def _load_weights(folder: Path, spec: ModelSpec) -> Model:
    import torch
    import transformers

    transformers.utils.logging.disable_progress_bar()
    device = _device(spec)
    automatic = "auto" if device == "cuda" else torch.float32
    model, report = getattr(transformers, _CLASSES[spec.task]).from_pretrained(
        folder,
        dtype=automatic if spec.dtype == "auto" else getattr(torch, spec.dtype),
        local_files_only=True,
        output_loading_info=True,
        use_safetensors=True,
        weights_only=True,
        **_code_options(spec),
    )
    _check_complete(report["missing_keys"], spec, getattr(model.config, "architectures", None))
    return model.to(device).eval()


def _load_tokenizer(folder: Path, spec: ModelSpec) -> Tokenizer:
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(folder, local_files_only=True, **_code_options(spec))


def _code_options(spec: ModelSpec) -> dict[str, Any]:
    """Never left to the library's default, which asks on the terminal."""
    if not allows_code(spec):
        return {"trust_remote_code": False}
    return {"trust_remote_code": True, "code_revision": spec.revision}


def _device(spec: ModelSpec) -> str:
    import torch

    if spec.device == "cuda" and not torch.cuda.is_available():
        raise ConfigError(
            f"The model {spec.name} is set to `device: cuda`, but torch sees no GPU here: install "
            "a CUDA build of torch, or set `device: auto`."
        )
    if spec.device == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    return spec.device


def _check_complete(missing: Iterable[str], spec: ModelSpec, saved_as: list[str] | None) -> None:
    """A checkpoint of another task loads, with its head made up at random: refuse that."""
    pooler = "pooler."  # some encoders have one that no task here uses
    lacking = sorted(key for key in missing if pooler not in key)
    if lacking:
        made_for = f" (it was saved as {', '.join(saved_as)})" if saved_as else ""
        raise ConfigError(
            f"The model {spec.name} is not made for `task: {spec.task}`{made_for}: its files lack "
            f"{len(lacking)} weights such as {lacking[0]!r}. Set `task` to one of "
            f"{', '.join(Task)}."
        )


def _info(
    model: Model,
    tokenizer: Tokenizer,
    spec: ModelSpec,
    layout: SentenceLayout,
) -> ModelInfo:
    config = model.config
    if spec.task is Task.CLASSIFY and config.problem_type == "regression":
        raise ConfigError(f"The model {spec.name} gives a score, not classes: it cannot classify.")
    labelled = spec.task in (Task.CLASSIFY, Task.TOKEN_CLASSIFY)
    names: dict[int, str] = dict(config.id2label) if labelled else {}
    width = getattr(config.get_text_config(), "hidden_size", 0) * len(layout.pooling)
    return ModelInfo(
        architecture=type(model).__name__,
        parameters=model.num_parameters(),
        size=model.get_memory_footprint(return_buffers=False),
        dtype=str(model.dtype).removeprefix("torch."),
        device=str(model.device),
        context_window=_context_window(model, tokenizer, layout),
        labels=tuple(names[index] for index in sorted(names)),
        dimensions=width if spec.task is Task.EMBED else None,
    )


_NO_LIMIT = 2**30
"""transformers writes 1e30 where a tokenizer knows no limit."""


def _context_window(model: Model, tokenizer: Tokenizer, layout: SentenceLayout) -> int:
    """The smallest of what the positions, the tokenizer and sentence-transformers' settings say."""
    config = model.config.get_text_config()
    names = ("max_position_embeddings", "n_positions", "max_seq_len", "n_ctx")
    limits = [getattr(config, name, None) for name in names]
    limits += [tokenizer.model_max_length, layout.max_tokens]
    known = [int(limit) for limit in limits if limit and 0 < limit < _NO_LIMIT]
    return min(known, default=_NO_LIMIT)
