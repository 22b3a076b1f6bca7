from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_mesh.providers.sse import EventParser, EventTooLong, ServerSentEvent

CASES: list[tuple[bytes, list[tuple[str, bytes]]]] = [
    (b"data: a\n\n", [("message", b"a")]),
    (b"data:a\n\n", [("message", b"a")]),
    (b"data:  a\n\n", [("message", b" a")]),
    (b"data: a\r\n\r\n", [("message", b"a")]),
    (b"data: a\r\r", [("message", b"a")]),
    (b"data: a\ndata: b\n\n", [("message", b"a\nb")]),
    (b"data: a\r\ndata: b\r\rdata: c\n\n", [("message", b"a\nb"), ("message", b"c")]),
    (b"event: error\ndata: a\n\ndata: b\n\n", [("error", b"a"), ("message", b"b")]),
    (b": comment\n\ndata: a\n\n", [("message", b"a")]),
    (b"id: 1\nretry: 5\ndata: a\n\n", [("message", b"a")]),
    (b"\xef\xbb\xbfdata: a\n\n", [("message", b"a")]),
    (b"data\n\ndata: a\n\n", [("message", b"a")]),
    (b"event: x\n\ndata: a\n\n", [("message", b"a")]),
    (b"data: a\n", []),
    (b"database: a\n\n", []),
    (b"Data: a\n\n", []),
    (b"\n\n\n", []),
    (b"", []),
]


def events_of(pieces: list[bytes], *, flush: bool = False) -> list[tuple[str, bytes]]:
    parser = EventParser()
    events: list[ServerSentEvent] = []
    for piece in pieces:
        events += parser.feed(piece)
    if flush:
        events += parser.flush()
    return [tuple(event) for event in events]


@pytest.mark.parametrize(("stream", "events"), CASES)
def test_events_are_read_as_the_standard_says(
    stream: bytes, events: list[tuple[str, bytes]]
) -> None:
    assert events_of([stream]) == events


@pytest.mark.parametrize(("stream", "events"), CASES)
def test_single_bytes_give_the_same_events(stream: bytes, events: list[tuple[str, bytes]]) -> None:
    assert events_of([stream[i : i + 1] for i in range(len(stream))]) == events


@given(
    st.lists(
        st.sampled_from([b"data: x", b"data:", b"event: e", b": c", b"", b"\n", b"\r", b"\r\n"])
    ),
    st.data(),
)
def test_how_the_bytes_are_cut_never_matters(parts: list[bytes], data: st.DataObject) -> None:
    stream = b"".join(parts)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=6)))
    pieces = [stream[a:b] for a, b in zip([0, *cuts], [*cuts, len(stream)], strict=True)]
    assert events_of(pieces, flush=True) == events_of([stream], flush=True)


def test_an_event_without_its_blank_line_comes_at_the_end() -> None:
    assert events_of([b"data: a\n\ndata: [DONE]"], flush=True) == [
        ("message", b"a"),
        ("message", b"[DONE]"),
    ]


@pytest.mark.parametrize(
    "stream", [b"data: " + b"a" * 200, b"data: aaaa\n" * 50, b"data\n" * 200, b": " + b"c" * 200]
)
def test_nothing_is_collected_past_the_limit(stream: bytes) -> None:
    parser = EventParser(limit=100)
    pieces = [stream[start : start + 7] for start in range(0, len(stream), 7)]
    with pytest.raises(EventTooLong):
        all(parser.feed(piece) is not None for piece in pieces)


def test_many_events_together_may_exceed_the_limit_of_one() -> None:
    assert len(EventParser(limit=100).feed(b"data: aaaaaaaaaa\n\n" * 1000)) == 1000
