from __future__ import annotations

import asyncio

import pytest

from jupyter_mesh.errors import (
    ConfigError,
    ContextTooLong,
    ProviderProtocolError,
    ProviderRejected,
    ProviderUnavailable,
)
from jupyter_mesh.serving import protocol as wire
from jupyter_mesh.spi.engine import ModelInfo, ModelSpec, Task
from jupyter_mesh.spi.jobs import (
    ChatMessage,
    Delta,
    Done,
    EncodeJob,
    GenerateJob,
    Label,
    Sampling,
    Span,
    Spans,
    Started,
    TokenLogprob,
    Vector,
)


def to_worker(data: bytes) -> wire.ToWorker | None:
    async def read() -> wire.ToWorker | None:
        return await wire.read_from_gateway(reader_of(data))

    return asyncio.run(read())


def from_worker(data: bytes, limit: int = wire.MAX_FRAME) -> wire.FromWorker | None:
    async def read() -> wire.FromWorker | None:
        return await wire.read_from_worker(reader_of(data), limit=limit)

    return asyncio.run(read())


def reader_of(data: bytes) -> asyncio.StreamReader:
    reader = asyncio.StreamReader()
    reader.feed_data(data)
    reader.feed_eof()
    return reader


CHAT = GenerateJob(
    messages=(ChatMessage(role="user", content="Grüße 🚀\n\x00"),),
    sampling=Sampling(max_tokens=5, stop=("a", "b"), logit_bias={7: -1.5}, seed=2**62, logprobs=0),
    template={"enable_thinking": False, "level": 3},
)
TO_WORKER: list[wire.ToWorker] = [
    wire.Load(model=ModelSpec(name="local/x", task=Task.TOKEN_CLASSIFY, path="/models/x")),
    wire.Submit(id=1, job=CHAT),
    wire.Submit(id=2, job=EncodeJob(texts=("a", "ü"), truncate=-1)),
    wire.Cancel(id=1),
    wire.Ping(id=3),
]
INFO = ModelInfo(
    architecture="BertModel", parameters=5, size=20, dtype="float32", device="cpu",
    context_window=64, labels=("a", "b"), dimensions=3,
)  # fmt: skip
FROM_WORKER: list[wire.FromWorker] = [
    wire.Hello(protocol=1, token="t", pid=7),
    wire.Progress(stage="loading"),
    wire.Ready(model=INFO),
    wire.Result(id=1, output=Started(input_tokens=3)),
    wire.Result(
        id=1,
        output=Delta(
            text="é",
            tokens=2,
            logprobs=(TokenLogprob(token="é", logprob=-0.5, top=(("é", -0.5),)),),
            finish="length",
        ),
    ),
    wire.Result(id=2, output=Vector(index=0, data="AAAA")),
    wire.Result(id=2, output=Label(index=0, label="a", probs=(0.75, 0.25))),
    wire.Result(id=2, output=Spans(index=0, spans=(Span(start=0, end=1, label="X", score=0.5),))),
    wire.Result(id=2, output=Done(input_tokens=3, output_tokens=4)),
    wire.Failed(id=2, code="config_error", message="no", param="input"),
    wire.Pong(id=3, running=1, waiting=2, produced=3, memory=4),
]


@pytest.mark.parametrize("frame", TO_WORKER, ids=lambda frame: frame.type)
def test_a_frame_to_the_worker_arrives_as_it_was_sent(frame: wire.ToWorker) -> None:
    assert to_worker(wire.encode(frame)) == frame


@pytest.mark.parametrize("frame", FROM_WORKER, ids=lambda frame: frame.type)
def test_a_frame_from_the_worker_arrives_as_it_was_sent(frame: wire.FromWorker) -> None:
    assert from_worker(wire.encode(frame)) == frame


def frame(body: bytes) -> bytes:
    return len(body).to_bytes(4, "big") + body


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b"{}",
        b'{"type": "surprise"}',
        b'{"type": "cancel"}',
        b'{"type": "cancel", "id": "x"}',
        b'{"type": "submit", "id": 1, "job": {"type": "delete"}}',
        b"\xff",
    ],
)
def test_what_is_no_frame_is_refused(body: bytes) -> None:
    with pytest.raises(ProviderProtocolError):
        to_worker(frame(body))


def test_a_refusal_does_not_quote_what_was_sent() -> None:
    body = b'{"type": "submit", "id": 1, "job": {"type": "encode", "texts": "my secret prompt"}}'
    with pytest.raises(ProviderProtocolError) as caught:
        to_worker(frame(body))
    assert "secret" not in str(caught.value)


def test_unknown_fields_are_ignored_so_that_fields_can_be_added() -> None:
    body = b'{"type": "cancel", "id": 4, "reason": "new"}'
    assert to_worker(frame(body)) == wire.Cancel(id=4)


@pytest.mark.parametrize("data", [b"", b"\x00\x00", b"\x00\x00\x00\x09{"])
def test_a_cut_stream_is_its_end(data: bytes) -> None:
    assert from_worker(data) is None


def test_a_frame_that_says_it_is_huge_is_refused_unread() -> None:
    with pytest.raises(ProviderProtocolError, match="allowed"):
        from_worker(b"\xff\xff\xff\xff")
    with pytest.raises(ProviderProtocolError, match="4,096 are allowed"):
        from_worker(frame(b" " * 5000), limit=wire.MAX_HELLO)


def test_a_request_that_fits_no_frame_is_rejected_before_it_is_sent() -> None:
    job = EncodeJob(texts=("x" * (wire.MAX_FRAME + 1),))
    with pytest.raises(ProviderRejected) as caught:
        wire.encode(wire.Submit(id=1, job=job))
    assert caught.value.status == 413


@pytest.mark.parametrize(
    "error",
    [
        ConfigError("a"),
        ContextTooLong("b", param="messages"),
        ProviderRejected("c", status=400, param="n"),
        ProviderUnavailable("d"),
    ],
)
def test_an_error_keeps_its_kind_message_and_field_over_the_wire(error: ConfigError) -> None:
    sent = wire.encode(wire.Failed.of(error, id=5))
    received = from_worker(sent)
    assert isinstance(received, wire.Failed)
    again = received.error()
    assert type(again) is type(error)
    assert (again.message, again.param, again.status) == (error.message, error.param, error.status)
