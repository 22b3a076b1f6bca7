"""What a gateway and its screening workers say to each other: four bytes of length, then JSON.

A worker does one thing at a time and answers in order: `Make` with `Made`, `Scan` with one `Found`
or several, either with `Failed`.
"""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass
from typing import Annotated, BinaryIO, Literal, TypeAlias

import orjson
from pydantic import Field, JsonValue, TypeAdapter, ValidationError

SPANS_IN_A_FRAME = 2_000
"""So that reading one keeps nobody waiting."""
_LARGEST_FROM_WORKER = 2**20
_LARGEST_TO_WORKER = 2**30

FoundSpan: TypeAlias = tuple[int, int, int, str, float]
"""The number of the text, then start, end, entity and score."""


class BadFrame(Exception):
    """What came is no frame."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Make:
    """Make a scanner, to be called by a number."""

    type: Literal["make"] = "make"
    number: int
    scanner: str
    settings: dict[str, JsonValue]


@dataclass(frozen=True, slots=True, kw_only=True)
class Forget:
    """Let go of a scanner; not answered."""

    type: Literal["forget"] = "forget"
    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Scan:
    """Look through texts."""

    type: Literal["scan"] = "scan"
    number: int
    texts: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """The worker has started."""

    type: Literal["ready"] = "ready"


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """The scanner is there."""

    type: Literal["made"] = "made"


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Some of what was found; `last` says that this is all."""

    type: Literal["found"] = "found"
    spans: list[FoundSpan]
    last: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """It did not work. `reason` holds nothing of a text."""

    type: Literal["failed"] = "failed"
    reason: str


ToWorker: TypeAlias = Make | Forget | Scan
FromWorker: TypeAlias = Ready | Made | Found | Failed

_to_worker: TypeAdapter[ToWorker] = TypeAdapter(Annotated[ToWorker, Field(discriminator="type")])
_from_worker: TypeAdapter[FromWorker] = TypeAdapter(
    Annotated[FromWorker, Field(discriminator="type")]
)

_SURROGATE = re.compile("[\ud800-\udfff]")


def encode(frame: ToWorker | FromWorker) -> bytes:
    """A frame as bytes, length included."""
    body = orjson.dumps(frame)
    return len(body).to_bytes(4, "big") + body


def encode_scan(number: int, texts: list[str]) -> bytes:
    """A `Scan`; half of a surrogate pair, which JSON cannot carry, goes as another character."""
    try:
        return encode(Scan(number=number, texts=texts))
    except orjson.JSONEncodeError:
        whole = [_SURROGATE.sub("\ufffd", text) for text in texts]
        return encode(Scan(number=number, texts=whole))


async def read_from_worker(reader: asyncio.StreamReader) -> FromWorker | None:
    """The next frame of a worker, None at the end of the stream.

    Raises:
        BadFrame: Something else came.
    """
    try:
        length = int.from_bytes(await reader.readexactly(4), "big")
        if length > _LARGEST_FROM_WORKER:
            raise BadFrame
        return _from_worker.validate_json(await reader.readexactly(length))
    except (asyncio.IncompleteReadError, ConnectionError):
        return None
    except ValidationError:
        raise BadFrame from None


def read_from_gateway(stream: BinaryIO) -> ToWorker | None:
    """The next frame of the gateway, None at the end of the stream.

    Raises:
        BadFrame: Something else came.
    """
    head = stream.read(4)
    length = int.from_bytes(head, "big")
    if len(head) < 4:
        return None
    if length > _LARGEST_TO_WORKER:
        raise BadFrame
    body = stream.read(length)
    return _to_worker.validate_json(body) if len(body) == length else None
