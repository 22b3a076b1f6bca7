"""Attempts and contexts as the pipeline would hand them to a provider."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path

from ..schemas.json import Json, JsonObject
from ..schemas.request import Operation, parse_request
from ..spi.engine import EngineFactory
from ..spi.provider import Attempt, ProviderContext
from ..spi.secrets import SecretStore
from .secrets import StaticSecrets

_REQUIRED: dict[Operation, JsonObject] = {
    Operation.CHAT: {"messages": [{"role": "user", "content": "Say hello to the world."}]},
    Operation.COMPLETION: {"prompt": "Say hello to the world."},
    Operation.EMBEDDING: {"input": ["first text", "second text"]},
    Operation.RERANK: {"query": "blue whale", "documents": ["a red fox", "a blue whale"]},
    Operation.CLASSIFY: {"input": "What a good day."},
    Operation.TOKEN_CLASSIFY: {"input": "Ada met Grace in London."},
    Operation.MODERATION: {"input": "What a good day."},
}


def attempt(
    operation: Operation = Operation.CHAT,
    body: Mapping[str, Json] | None = None,
    *,
    model: str = "fake-model",
    stream: bool = False,
    timeout: float = 30.0,
    idle_timeout: float = 30.0,
) -> Attempt:
    """An attempt at a small valid request; `body` adds and replaces fields."""
    fields: JsonObject = {"model": f"test/{model}", **_REQUIRED[operation], **(body or {})}
    if stream:
        fields["stream"] = True
    return Attempt(
        request=parse_request(operation, fields),
        model=model,
        stream=stream,
        timeout=timeout,
        idle_timeout=idle_timeout,
        call_id="call-1",
    )


def provider_context(
    *,
    connection: str = "test",
    models: dict[str, JsonObject] | None = None,
    longest: dict[str, int] | None = None,
    secrets: SecretStore | None = None,
    state_dir: Path | None = None,
    engine: EngineFactory | None = None,
) -> ProviderContext:
    """What a provider is given of the world; without a folder it gets a new one."""
    return ProviderContext(
        connection=connection,
        secrets=secrets or StaticSecrets(),
        state_dir=state_dir or Path(tempfile.mkdtemp(prefix="mesh-test-")),
        models=models or {},
        longest=longest or {},
        engine=engine,
    )
