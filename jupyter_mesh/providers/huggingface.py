"""`huggingface`: models that run on this machine, one worker process each.

A model is named by a local folder or a hub id, and loaded when it is first asked. Which process
runs it is the engine's business (`jupyter_mesh.spi.engine`); this file turns requests into jobs and
outputs into events.
"""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from decimal import Decimal
from pathlib import Path
from typing import ClassVar

import orjson

from ..errors import ConfigError, ProviderRejected
from ..schemas.catalog import Capability, ModelFacts, Residency
from ..schemas.events import Events
from ..schemas.json import Json, as_int, as_object
from ..schemas.request import Operation
from ..schemas.spend import Price
from ..spi.engine import Engine, EngineSpec, ModelInfo, Task
from ..spi.jobs import EncodeJob
from ..spi.provider import Attempt, Provider, ProviderConfig, ProviderContext
from .huggingface_answers import chunks, encoded, whole
from .huggingface_config import HuggingFaceConfig, engine_spec, local_models
from .huggingface_jobs import OPERATIONS, job_of

_CHAT_CAPABILITIES = frozenset({Capability.STREAM, Capability.LOGPROBS})
_WINDOW_KEYS = ("max_position_embeddings", "n_positions", "max_seq_len", "n_ctx")


class HuggingFace(Provider):
    """Serves models of this machine with `transformers`."""

    Config: type[ProviderConfig] = HuggingFaceConfig
    name: ClassVar[str] = "huggingface"
    label: ClassVar[str] = "Hugging Face, on this machine"
    local: ClassVar[bool] = True

    def __init__(self, config: ProviderConfig, context: ProviderContext) -> None:
        super().__init__(config, context)
        assert isinstance(config, HuggingFaceConfig)
        self._specs = {
            name: engine_spec(f"{context.connection}/{name}", model, config, context.state_dir)
            for name, model in local_models(context.connection, context.models).items()
        }
        self._engines: dict[str, Engine] = {}

    async def ready(self, model: str) -> None:
        await self._engine(model).start()

    async def stream(self, attempt: Attempt) -> Events:
        engine = self._engine(attempt.model)
        job = job_of(attempt.request, self._specs[attempt.model].model)
        info = await engine.start()
        _check_dimensions(attempt, info)
        async with aclosing(engine.submit(job)) as outputs:
            if isinstance(job, EncodeJob):
                events = encoded(attempt, info, outputs)
            else:
                events = (chunks if attempt.stream else whole)(attempt, outputs)
            async with aclosing(events):
                async for event in events:
                    yield event

    def facts(self, name: str) -> ModelFacts:
        spec = self._specs.get(name)
        if spec is None:
            return super().facts(name)
        engine = self._engines.get(name)
        info = engine.info if engine else None
        return ModelFacts(
            id=spec.model.name,
            connection=self.context.connection,
            name=name,
            provider=self.name,
            operations=OPERATIONS[spec.model.task],
            capabilities=_CHAT_CAPABILITIES if spec.model.task is Task.CHAT else frozenset(),
            context_window=info.context_window if info else _window_on_disk(spec),
            price=Price(input=Decimal(0), output=Decimal(0), source="local"),
            residency=Residency.LOCAL,
            trains_on_requests=False,
            description=_described(spec, info),
        )

    async def aclose(self) -> None:
        engines, self._engines = list(self._engines.values()), {}
        await asyncio.gather(*(engine.aclose() for engine in engines))

    def _engine(self, name: str) -> Engine:
        spec = self._specs.get(name)
        if spec is None:
            raise ProviderRejected(
                f"{self.context.connection} has no model {name!r}; it has "
                f"{', '.join(self._specs) or 'none'}.",
                status=404,
                param="model",
            )
        if name not in self._engines:
            if self.context.engine is None:
                raise ConfigError(
                    f"This server runs no models itself: remove {self.context.connection!r}, or "
                    "point it to a server that does (`provider: openai_compatible`)."
                )
            self._engines[name] = self.context.engine(spec)
        return self._engines[name]


def _check_dimensions(attempt: Attempt, info: ModelInfo) -> None:
    wanted = attempt.request.body.get("dimensions")
    if attempt.request.operation is Operation.EMBEDDING and wanted not in (None, info.dimensions):
        raise ProviderRejected(
            f"{attempt.model} makes vectors of {info.dimensions} numbers and cannot make others: "
            "leave `dimensions` out.",
            status=400,
            param="dimensions",
        )


def _described(spec: EngineSpec, info: ModelInfo | None) -> str:
    # Everybody who may use the model reads this, so not the whole path.
    source = spec.model.repo or Path(spec.model.path or "").name
    if info is None:
        return f"{source}, loaded on first use"
    return (
        f"{source}: {info.architecture}, {_short(info.parameters, 1000, ('', 'k', 'M', 'B', 'T'))} "
        f"parameters, {_short(info.size, 1024, ('B', 'KiB', 'MiB', 'GiB', 'TiB'))} in {info.dtype} "
        f"on {info.device}"
    )


def _short(number: float, step: int, units: tuple[str, ...]) -> str:
    """A number with the unit that keeps it below `step`."""
    for unit in units[:-1]:
        if number < step:
            return f"{number:.3g} {unit}".rstrip()
        number /= step
    return f"{number:.3g} {units[-1]}"


def _window_on_disk(spec: EngineSpec) -> int | None:
    """What a folder's config.json says before the model is loaded; the tokenizer may say less."""
    if spec.model.path is None:
        return None
    try:
        config: Json = orjson.loads((Path(spec.model.path) / "config.json").read_bytes())
    except (OSError, orjson.JSONDecodeError):
        return None
    fields = as_object(config) or {}
    text = as_object(fields.get("text_config")) or fields
    return next((size for key in _WINDOW_KEYS if (size := as_int(text.get(key)))), None)
