from __future__ import annotations

import struct
from zlib import crc32

import orjson
import pytest
from botocore.eventstream import EventStreamBuffer

from jupyter_mesh.providers.aws_event_stream import EventStreamParser
from jupyter_mesh.providers.sse import EventTooLong, ServerSentEvent
from jupyter_mesh.testing.fake_bedrock.frames import event, exception, frame, raw_event

EVENTS = [
    event("messageStart", {"role": "assistant"}),
    raw_event("contentBlockDelta", '{"delta": {"text": "Grüße, 東京"}}'.encode()),
    raw_event("empty", b""),
    exception("throttlingException", "Too many requests."),
]
NAMES = ["messageStart", "contentBlockDelta", "empty", "throttlingException"]


@pytest.mark.parametrize("size", [1, 2, 3, 7, 64, 100_000])
def test_events_come_out_however_the_bytes_are_cut(size: int) -> None:
    data, parser = b"".join(EVENTS), EventStreamParser()
    pieces = [data[at : at + size] for at in range(0, len(data), size)]
    found = [one for piece in pieces for one in parser.feed(piece)]
    assert [one.name for one in found] == NAMES
    assert orjson.loads(found[1].data) == {"delta": {"text": "Grüße, 東京"}}
    assert orjson.loads(found[3].data) == {"message": "Too many requests."}
    assert parser.flush() == []


def test_it_reads_what_botocore_reads() -> None:
    buffer = EventStreamBuffer()
    buffer.add_data(b"".join(EVENTS))
    theirs = [message.payload for message in buffer]
    assert [one.data for one in EventStreamParser().feed(b"".join(EVENTS))] == theirs


def test_a_failure_of_the_stream_itself_is_an_event_called_error() -> None:
    headers = {":message-type": "error", ":error-code": "500", ":error-message": "It broke."}
    (one,) = EventStreamParser().feed(frame(headers, b""))
    assert one.name == "error"
    assert orjson.loads(one.data) == {"message": "It broke.", "code": "500"}


def test_the_first_words_of_the_protocol_are_no_event() -> None:
    headers = {":message-type": "event", ":event-type": "initial-response"}
    assert EventStreamParser().feed(frame(headers, b"{}")) == []


def test_headers_of_every_type_are_passed_over() -> None:
    others = b"".join(
        b"\x01x" + bytes([kind]) + value
        for kind, value in [
            (0, b""), (1, b""), (2, b"\x01"), (3, b"\x00\x01"), (4, b"\x00" * 4),
            (5, b"\x00" * 8), (6, b"\x00\x02ab"), (8, b"\x00" * 8), (9, b"\x00" * 16),
        ]
    )  # fmt: skip
    named = b"\x0b:event-type\x07" + struct.pack(">H", 3) + b"abc"
    assert EventStreamParser().feed(_packed(others + named, b"{}")) == [
        ServerSentEvent("abc", b"{}")
    ]


@pytest.mark.parametrize("place", [0, 5, 9, 20, -1])
def test_a_byte_that_changed_on_the_way_is_seen(place: int) -> None:
    data = bytearray(EVENTS[1])
    data[place] ^= 0x10
    with pytest.raises(ValueError, match="checksum"):
        EventStreamParser().feed(bytes(data) + EVENTS[0] * 2)


BROKEN_HEADERS = [
    b"\x05ab",  # a name that is cut
    b"\x01x\x0a",  # a type that does not exist
    b"\x01x\x07\x00\x09ab",  # a value longer than the headers
    b"\x01\xff\x07\x00\x01a",  # a name that is not UTF-8
]


@pytest.mark.parametrize("headers", BROKEN_HEADERS)
def test_broken_headers_are_refused(headers: bytes) -> None:
    with pytest.raises(ValueError, match="headers"):
        EventStreamParser().feed(_packed(headers, b""))


def test_a_frame_shorter_than_its_headers_is_refused() -> None:
    prelude = struct.pack(">II", 20, 400)
    with pytest.raises(ValueError, match="shorter than its headers"):
        EventStreamParser().feed(prelude + struct.pack(">I", crc32(prelude)))


def test_what_is_too_long_is_refused_before_it_is_collected() -> None:
    prelude = struct.pack(">II", 5_000, 0)
    with pytest.raises(EventTooLong):
        EventStreamParser(limit=4_096).feed(prelude + struct.pack(">I", crc32(prelude)))


def test_pages_of_html_are_no_frames() -> None:
    with pytest.raises(ValueError, match="checksum"):
        EventStreamParser().feed(b"<html><body>Bad gateway</body></html>")


def _packed(headers: bytes, payload: bytes) -> bytes:
    prelude = struct.pack(">II", 16 + len(headers) + len(payload), len(headers))
    whole = prelude + struct.pack(">I", crc32(prelude)) + headers + payload
    return whole + struct.pack(">I", crc32(whole))


def test_what_is_whole_before_a_broken_frame_comes_out_first() -> None:
    broken = bytearray(EVENTS[1])
    broken[-1] ^= 0x10
    parser = EventStreamParser()
    assert [one.name for one in parser.feed(EVENTS[0] + bytes(broken))] == ["messageStart"]
    with pytest.raises(ValueError, match="checksum"):
        parser.feed(b"x")
