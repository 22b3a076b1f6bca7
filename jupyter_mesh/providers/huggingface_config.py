"""What `mesh.yaml` says about models on this machine."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from ..errors import ConfigError
from ..schemas.json import JsonObject
from ..schemas.policy import Duration
from ..spi.engine import EngineSpec, ModelSpec, Task
from ..spi.provider import ProviderConfig

Dtype = Literal["auto", "float32", "bfloat16", "float16"]
Device = Literal["auto", "cpu", "cuda"]

_HUB_ID = re.compile(r"[\w.-]+(/[\w.-]+)?")
_COMMIT = re.compile(r"[0-9a-f]{40}")


class HuggingFaceConfig(ProviderConfig):
    """Settings of a connection to models on this machine; most can be set for a model too.

    Attributes:
        device: `auto` takes a CUDA device where there is one.
        dtype: Of the weights; `auto` is the checkpoint's own on a GPU and float32 on a CPU.
        max_batch: Texts that go through a model together, and the most answers (`n`) of one chat.
        download: Whether model files that are missing here may be fetched from the hub.
        startup_timeout: How long a model may take to load, and to download.
        idle_unload: Unload a model that nobody has asked for so long; never by default.
    """

    device: Device = "auto"
    dtype: Dtype = "auto"
    max_batch: int = Field(default=16, ge=1, le=1024)
    download: bool = False
    startup_timeout: Duration = timedelta(minutes=10)
    idle_unload: Duration | None = None


class LocalModel(BaseModel):
    """What stands beside a model's name; None takes the connection's setting.

    Attributes:
        path: A local folder.
        id: A Hugging Face hub id; without `path` and `id`, the model's name is one.
        revision: Branch, tag or 40-hex commit of the hub's repository.
        task: What the model is loaded for.
        trust_remote_code: Run Python code of the repository; needs a 40-hex `revision`.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    path: Path | None = None
    id: str | None = None
    revision: str | None = None
    task: Task = Task.CHAT
    trust_remote_code: bool = False
    device: Device | None = None
    dtype: Dtype | None = None
    max_batch: int | None = Field(default=None, ge=1, le=1024)
    download: bool | None = None
    startup_timeout: Duration | None = None
    idle_unload: Duration | None = None

    @model_validator(mode="after")
    def _agrees(self) -> LocalModel:
        if self.path is not None and self.id is not None:
            raise ValueError("give `path` or `id`, not both")
        if self.path is not None and self.revision is not None:
            raise ValueError("a folder has no `revision`; give the hub's `id` instead of `path`")
        pinned = _COMMIT.fullmatch(self.revision or "") is not None
        if self.trust_remote_code and not pinned:
            raise ValueError(
                "`trust_remote_code` needs `revision` to be the 40-hex commit whose code was read"
            )
        return self


def local_models(connection: str, models: Mapping[str, JsonObject]) -> dict[str, LocalModel]:
    """The models of a connection, checked.

    Raises:
        ConfigError: The message names the key at fault and, for an unknown one, the nearest valid.
    """
    checked: dict[str, LocalModel] = {}
    for name, options in models.items():
        try:
            model = LocalModel.model_validate(options)
        except ValidationError as error:
            raise ConfigError(f"connections.{connection}.models.{name}{_fault(error)}.") from None
        if model.path is None:
            model = model.model_copy(update={"id": model.id or name})
            if not _HUB_ID.fullmatch(model.id or ""):
                raise ConfigError(
                    f"connections.{connection}.models.{name}: {model.id!r} is no hub id such as "
                    "Qwen/Qwen3-0.6B; give the model's `path` or `id`."
                )
        checked[name] = model
    return checked


def engine_spec(name: str, model: LocalModel, config: HuggingFaceConfig, state: Path) -> EngineSpec:
    """How the engine is to run a model.

    Args:
        name: `connection/model`.
        model: What stands beside its name.
        config: The connection's settings.
        state: The folder for sockets and logs.
    """
    idle = model.idle_unload or config.idle_unload
    return EngineSpec(
        model=ModelSpec(
            name=name,
            task=model.task,
            path=str(model.path.expanduser().absolute()) if model.path else None,
            repo=model.id,
            revision=model.revision,
            dtype=model.dtype or config.dtype,
            device=model.device or config.device,
            max_batch=model.max_batch or config.max_batch,
            download=config.download if model.download is None else model.download,
            trust_remote_code=model.trust_remote_code,
        ),
        state_dir=state,
        startup_timeout=(model.startup_timeout or config.startup_timeout).total_seconds(),
        idle_unload=idle.total_seconds() if idle else None,
    )


def _fault(error: ValidationError) -> str:
    """The first fault: where it is, and what would be right."""
    fault = error.errors(include_url=False)[0]
    where = "".join(f".{part}" for part in fault["loc"])
    if fault["type"] != "extra_forbidden":
        return f"{where}: {fault['msg'].removeprefix('Value error, ')}"
    valid = list(LocalModel.model_fields)
    close = difflib.get_close_matches(str(fault["loc"][-1]), valid, n=1)
    hint = f"did you mean {close[0]!r}?" if close else f"there are: {', '.join(valid)}"
    return f"{where}: no such key ({hint})"
