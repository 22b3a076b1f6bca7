"""How sentence-transformers lays out an embedding model beside its weights.

`modules.json` lists the stages: Transformer, Pooling, perhaps Normalize; each has a folder with its
settings. A model without it is averaged over its tokens and normalised to length 1.
Source: https://sbert.net/docs/sentence_transformer/usage/custom_models.html
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ..errors import ConfigError
from ..schemas.json import Json, JsonObject, as_int, as_list, as_object, as_str, dig
from .model_files import read_json


@dataclass(frozen=True, slots=True, kw_only=True)
class SentenceLayout:
    """What stands around the transformer of an embedding model.

    Attributes:
        transformer: The folder with config, tokenizer and weights.
        pooling: Ways in which tokens become one vector; several are concatenated.
        normalize: Whether vectors are scaled to length 1.
        max_tokens: The longest text it was made for, None where nothing says so.
        prompt: Put before every text.
        lower_case: Whether texts are lower-cased first.
    """

    transformer: Path
    pooling: tuple[str, ...] = ("mean",)
    normalize: bool = True
    max_tokens: int | None = None
    prompt: str = ""
    lower_case: bool = False


POOLINGS = {
    "cls": "pooling_mode_cls_token",
    "max": "pooling_mode_max_tokens",
    "mean": "pooling_mode_mean_tokens",
    "mean_sqrt_len_tokens": "pooling_mode_mean_sqrt_len_tokens",
    "weightedmean": "pooling_mode_weightedmean_tokens",
    "lasttoken": "pooling_mode_lasttoken",
}
"""Each way by its name since release 6, and the flag that older releases write instead."""


def read_layout(folder: Path, name: str) -> SentenceLayout:
    """The layout of the model in `folder`.

    Raises:
        ConfigError: It has a stage that is not served here, or names a folder outside its own.
    """
    modules = as_list(read_json(folder / "modules.json"))
    if not modules:
        return SentenceLayout(transformer=folder)
    stages = [(_kind(module), _stage_folder(folder, module, name)) for module in modules]
    kinds = [kind for kind, _ in stages]
    if kinds not in (["Transformer", "Pooling"], ["Transformer", "Pooling", "Normalize"]):
        raise ConfigError(
            f"The embedding model {name} has the stages {', '.join(kinds)}; served are "
            "Transformer, Pooling and Normalize."
        )
    transformer, pooling = stages[0][1], as_object(read_json(stages[1][1] / "config.json")) or {}
    prompt = _default_prompt(folder)
    if prompt and pooling.get("include_prompt") is False:
        raise ConfigError(f"The embedding model {name} pools without its prompt: not served here.")
    settings = as_object(read_json(transformer / "sentence_bert_config.json")) or {}
    return SentenceLayout(
        transformer=transformer,
        pooling=_pooling(pooling, name),
        normalize="Normalize" in kinds,
        max_tokens=as_int(settings.get("max_seq_length")),
        prompt=prompt,
        lower_case=settings.get("do_lower_case") is True,
    )


def _kind(module: Json) -> str:
    """The class name of a stage, wherever that release of the library keeps it."""
    return (as_str(dig(module, "type")) or "?").rpartition(".")[2]


def _stage_folder(folder: Path, module: Json, name: str) -> Path:
    path = Path(as_str(dig(module, "path")) or "")
    if path.is_absolute() or ".." in path.parts:
        raise ConfigError(f"The model {name} names a folder outside its own in modules.json.")
    return folder / path


def _pooling(config: JsonObject, name: str) -> tuple[str, ...]:
    modes = config.get("pooling_mode") or [
        mode for mode, flag in POOLINGS.items() if config.get(flag) is True
    ]
    chosen = [modes] if isinstance(modes, str) else as_list(modes) or []
    if not chosen or any(mode not in POOLINGS for mode in chosen):
        raise ConfigError(
            f"The embedding model {name} pools by {chosen}; served are {', '.join(POOLINGS)}."
        )
    return tuple(str(mode) for mode in chosen)


def _default_prompt(folder: Path) -> str:
    config = read_json(folder / "config_sentence_transformers.json")
    chosen = as_str(dig(config, "default_prompt_name"))
    return as_str(dig(config, "prompts", chosen)) or "" if chosen else ""
