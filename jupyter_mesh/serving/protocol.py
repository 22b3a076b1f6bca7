"""The wire between the gateway and a worker: version 1.

Transport: one stream socket. The gateway listens, on a Unix socket in a folder only its user can
enter, or on 127.0.0.1 where the platform has no Unix sockets; the worker connects and stays
connected. When either side closes, the worker ends: its life is the connection's life.

A frame is a 4-byte big-endian length and that many bytes of UTF-8 JSON: an object whose `type`
names one of the frames below; unknown fields are ignored, so fields may be added within a version.
A frame is at most 64 MiB, and `hello` at most 4 KiB.

    worker                         gateway
    hello {protocol, token, pid}     →            the token came on the worker's standard input
                                     ←  load {model}
    progress {stage}                 →            any number of times
    ready {model} | failed {…}       →            after `failed` the worker ends

    then any number of requests at once, each with an `id` the gateway chose:
                                     ←  submit {id, job}
    result {id, output}              →            any number; the last one's output is `done`
    failed {id, code, message, …}    →            or this ends the request
                                     ←  cancel {id}      no more frames of `id` need to come
                                     ←  ping {id}
    pong {id, running, waiting, …}   →

Jobs, outputs and model descriptions are those of `jupyter_mesh.spi`, field by field. `code`
in `failed` is the `code` of the `MeshError` it stands for. Vectors travel as base64 of
little-endian float32.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Annotated, Literal, TypeAlias, TypeVar

import orjson
from pydantic import Field, TypeAdapter, ValidationError

from ..errors import (
    ConfigError,
    ContextTooLong,
    MeshError,
    ProviderProtocolError,
    ProviderRejected,
    ProviderUnavailable,
)
from ..spi.engine import ModelInfo, ModelSpec
from ..spi.jobs import Delta, Done, EncodeJob, GenerateJob, Label, Spans, Started, Vector

_T = TypeVar("_T")

PROTOCOL = 1
MAX_FRAME = 64 * 2**20
MAX_HELLO = 4096

_Job = Annotated[GenerateJob | EncodeJob, Field(discriminator="type")]
_Output = Annotated[Started | Delta | Vector | Label | Spans | Done, Field(discriminator="type")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Hello:
    """The worker's first frame."""

    type: Literal["hello"] = "hello"
    protocol: int
    token: str
    pid: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """Load this model; sent once."""

    type: Literal["load"] = "load"
    model: ModelSpec


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """What the load is doing now."""

    type: Literal["progress"] = "progress"
    stage: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """The model is loaded."""

    type: Literal["ready"] = "ready"
    model: ModelInfo


@dataclass(frozen=True, slots=True, kw_only=True)
class Submit:
    """A job to be done; `id` is new in this connection."""

    type: Literal["submit"] = "submit"
    id: int
    job: _Job


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """One output of request `id`."""

    type: Literal["result"] = "result"
    id: int
    output: _Output


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """Request `id`, or without an id the load, ended with an error."""

    type: Literal["failed"] = "failed"
    id: int | None = None
    code: str
    message: str
    param: str | None = None

    @classmethod
    def of(cls, error: MeshError, id: int | None = None) -> Failed:
        """The frame that stands for `error`."""
        return cls(id=id, code=error.code, message=error.message, param=error.param)

    def error(self) -> MeshError:
        """The error this frame stands for."""
        if self.code == ProviderRejected.code:
            return ProviderRejected(self.message, status=400, param=self.param)
        kind = _ERRORS.get(self.code, ProviderUnavailable)
        return kind(self.message, param=self.param)


_ERRORS: dict[str, type[ConfigError | ContextTooLong | ProviderUnavailable]] = {
    kind.code: kind for kind in (ConfigError, ContextTooLong, ProviderUnavailable)
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancel:
    """Stop working on request `id`."""

    type: Literal["cancel"] = "cancel"
    id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Ping:
    """Answer with a `pong`."""

    type: Literal["ping"] = "ping"
    id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Pong:
    """How the worker is doing; the counts are those of `EngineHealth`."""

    type: Literal["pong"] = "pong"
    id: int
    running: int
    waiting: int
    produced: int
    memory: int


ToWorker: TypeAlias = Load | Submit | Cancel | Ping
FromWorker: TypeAlias = Hello | Progress | Ready | Result | Failed | Pong

_to_worker: TypeAdapter[ToWorker] = TypeAdapter(Annotated[ToWorker, Field(discriminator="type")])
_from_worker: TypeAdapter[FromWorker] = TypeAdapter(
    Annotated[FromWorker, Field(discriminator="type")]
)


def encode(frame: ToWorker | FromWorker) -> bytes:
    """A frame as bytes, length included.

    Raises:
        ProviderRejected: It is larger than a frame may be.
    """
    body = orjson.dumps(frame, option=orjson.OPT_NON_STR_KEYS)
    if len(body) > MAX_FRAME:
        raise ProviderRejected(
            f"The request takes {len(body):,} bytes; a local model takes at most {MAX_FRAME:,}: "
            "send it in parts.",
            status=413,
        )
    return len(body).to_bytes(4, "big") + body


async def read_from_worker(
    reader: asyncio.StreamReader, *, limit: int = MAX_FRAME
) -> FromWorker | None:
    """The next frame of a worker, None at the end of the stream.

    Raises:
        ProviderProtocolError: It is not a frame.
    """
    return None if (body := await _read(reader, limit)) is None else _parse(_from_worker, body)


async def read_from_gateway(reader: asyncio.StreamReader) -> ToWorker | None:
    """The next frame of the gateway, None at the end of the stream.

    Raises:
        ProviderProtocolError: It is not a frame.
    """
    return None if (body := await _read(reader, MAX_FRAME)) is None else _parse(_to_worker, body)


async def _read(reader: asyncio.StreamReader, limit: int) -> bytes | None:
    try:
        length = int.from_bytes(await reader.readexactly(4), "big")
        if length > limit:
            raise ProviderProtocolError(f"A frame of {length:,} bytes came; {limit:,} are allowed.")
        return await reader.readexactly(length)
    except (asyncio.IncompleteReadError, ConnectionError):
        return None


def _parse(adapter: TypeAdapter[_T], body: bytes) -> _T:
    try:
        return adapter.validate_json(body)
    except ValidationError as error:
        # Only the kind and place of each fault: the input may hold a prompt.
        faults = "; ".join(f"{fault['loc']}: {fault['type']}" for fault in error.errors()[:3])
        raise ProviderProtocolError(f"A frame is not of protocol {PROTOCOL}: {faults}.") from None
