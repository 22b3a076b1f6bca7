"""Where a model's files are, and whether they may be opened: asked before any library does.

A checkpoint can carry code in three ways: pickled weights run on opening, `auto_map` and
`custom_generate` name Python files of the repository, and an adapter pulls in another model. All
are refused here, by reading nothing but file names and JSON.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import cast

import orjson

from ..errors import ConfigError
from ..schemas.json import Json, JsonObject, as_object, as_str, dig
from ..spi.engine import ModelSpec

_COMMIT = re.compile(r"[0-9a-f]{40}")
_DATA = ("*.json", "*.safetensors", "*.txt", "*.model", "*.jinja", "*.tiktoken")
_CODE = ("*.py",)


def model_folder(spec: ModelSpec) -> Path:
    """The folder that holds the model; a hub model is fetched first where that is allowed.

    Raises:
        ConfigError: The model is not on this machine, or could not be fetched.
    """
    if spec.path is not None:
        folder = Path(spec.path)
        if not any((folder / name).is_file() for name in ("config.json", "modules.json")):
            raise ConfigError(
                f"The model {spec.name} is not on this machine: {spec.path} holds no config.json. "
                "Set `path` to a folder written by `save_pretrained`."
            )
        return folder
    return _hub_folder(spec, spec.repo or "")


def _hub_folder(spec: ModelSpec, repo: str) -> Path:
    # Its annotations hold a bare `dict`.
    from huggingface_hub import snapshot_download  # pyright: ignore[reportUnknownVariableType]
    from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError

    revision = spec.revision or "main"
    try:
        folder = snapshot_download(
            repo,
            revision=spec.revision,
            local_files_only=not spec.download,
            allow_patterns=[*_DATA, *(_CODE if spec.trust_remote_code else ())],
        )
    except LocalEntryNotFoundError:
        advice = (
            "the hub could not be reached; check the network and proxy settings"
            if spec.download
            else f"set `download: true`, or run `hf download {repo} --revision {revision}`"
        )
        raise ConfigError(
            f"The model {spec.name} is not on this machine: {repo} at {revision} is not in the "
            f"Hugging Face cache; {advice}."
        ) from None
    except HfHubHTTPError as error:
        status = error.response.status_code
        raise ConfigError(
            f"The hub answered {status} for {repo} at {revision}: check `id` and `revision`; for a "
            f"gated model run `hf auth login` and `hf download {repo} --revision {revision}`."
        ) from None
    return Path(folder)


def check_files(folder: Path, spec: ModelSpec) -> None:
    """Refuse files that could run code.

    Raises:
        ConfigError: The weights are not `safetensors`, or the model brings code that `spec` does
            not allow.
    """
    config = as_object(read_json(folder / "config.json"))
    if config is None:
        raise ConfigError(f"The model {spec.name} has no readable config.json; fetch it again.")
    _check_weights(folder, config, spec)
    _check_code(folder, spec)


def _check_weights(folder: Path, config: JsonObject, spec: ModelSpec) -> None:
    if (folder / "adapter_config.json").exists():
        raise ConfigError(
            f"The model {spec.name} is an adapter; merge it into its base model and serve that."
        )
    named = as_str(config.get("transformers_weights"))
    if any(folder.glob("*.safetensors")) and (named is None or "safetensors" in named):
        return
    others = sorted(path.name for path in folder.iterdir() if path.suffix in _PICKLES)
    found = f"only {', '.join(others[:3])}" if others else "none"
    raise ConfigError(
        f"The model {spec.name} has no weights in safetensors ({found}): pickled weights can run "
        "code and are not opened. Save it again with `save_pretrained`."
    )


_PICKLES = frozenset({".bin", ".pt", ".pth", ".ckpt", ".h5", ".msgpack", ".pkl", ".pickle"})


def _check_code(folder: Path, spec: ModelSpec) -> None:
    if (folder / "custom_generate").exists():
        _check_trust(spec, "custom_generate")
    for path in sorted(folder.glob("*.json")):
        mapping = dig(read_json(path), "auto_map")
        if mapping is None:
            continue
        _check_trust(spec, f"`auto_map` in {path.name}")
        if "--" in str(mapping):
            # `owner/name--module.Class`: the pinned revision says nothing about that repository.
            raise ConfigError(
                f"The model {spec.name} wants to run code of another repository "
                f"(`auto_map` in {path.name}), which no revision pins: it is not served."
            )


def _check_trust(spec: ModelSpec, where: str) -> None:
    if not allows_code(spec):
        raise ConfigError(
            f"The model {spec.name} brings its own code ({where}), which is not run. Choose "
            "a model that transformers supports itself, or, when you have read that code, give its "
            "hub `id`, a 40-hex `revision` and `trust_remote_code: true`."
        )


def allows_code(spec: ModelSpec) -> bool:
    """Whether Python code of the repository may run: said so, and pinned to one commit."""
    return (
        spec.trust_remote_code
        and spec.repo is not None
        and _COMMIT.fullmatch(spec.revision or "") is not None
    )


def read_json(path: Path) -> Json:
    """What a JSON file holds, None when there is none or it is no JSON."""
    try:
        return cast(Json, orjson.loads(path.read_bytes()))
    except (OSError, orjson.JSONDecodeError):
        return None
