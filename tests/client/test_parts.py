"""The client's parts that need no gateway: streams' bytes, pictures, tables, threads."""

from __future__ import annotations

import io
from base64 import b64decode
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from jupyter_mesh.client import MeshClientError
from jupyter_mesh.client.answer import ANSWER_MIME, Answer, printable
from jupyter_mesh.client.draft import Draft
from jupyter_mesh.client.figures import count, dollars, duration
from jupyter_mesh.client.images import MAX_IMAGE_BYTES, image_part
from jupyter_mesh.client.sse import EventParser
from jupyter_mesh.client.structured import Shape
from jupyter_mesh.client.tables import text_table
from jupyter_mesh.client.threads import Exchange, Threads
from jupyter_mesh.schemas.events import Notice

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 8


@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000])
def test_events_are_found_however_the_bytes_are_cut(size: int) -> None:
    raw = (
        'data: {"a": "ü"}\n\n: a comment\n\ndata:no space\r\n\r\n'
        "event: x\ndata: one\ndata: two\n\n\ndata: [DONE]\n\ndata: unfinished"
    ).encode()
    parser = EventParser()
    seen = [event for at in range(0, len(raw), size) for event in parser.feed(raw[at : at + size])]
    assert seen == ['{"a": "ü"}', "no space", "one\ntwo", "[DONE]"]


class Figure:
    def savefig(self, file: io.BytesIO, format: str) -> None:
        assert format == "png"
        file.write(PNG)


class Axes:
    figure = Figure()


class Pillow:
    def save(self, file: io.BytesIO, format: str) -> None:
        assert format == "PNG"
        file.write(PNG)


class Shown:
    data = b"\xff\xd8\xff\xe0"


@pytest.mark.parametrize(
    ("source", "media_type"),
    [
        (PNG, "image/png"), (bytearray(PNG), "image/png"), (Figure(), "image/png"),
        (Axes(), "image/png"), (Pillow(), "image/png"), (Shown(), "image/jpeg"),
        (b"GIF89a..", "image/gif"), (b"RIFF\0\0\0\0WEBPVP8 ", "image/webp"),
    ],
)  # fmt: skip
def test_a_picture_of_any_kind_becomes_a_data_url(source: Any, media_type: str) -> None:
    part: Any = image_part(source)
    head, _, data = part["image_url"]["url"].partition(",")
    assert head == f"data:{media_type};base64"
    assert b64decode(data)


@pytest.mark.parametrize(
    ("source", "line"),
    [
        (b"<svg onload=...>", "not a PNG"), (b"", "not a PNG"), (b"RIFF1234WAVE", "not a PNG"),
        (3, "A int is not a picture"), ("no/such.png", "No such file"),
        (PNG + b"\0" * MAX_IMAGE_BYTES, "at most 10 MiB"),
    ],
)  # fmt: skip
def test_what_is_no_picture_is_refused_in_one_line(source: object, line: str) -> None:
    with pytest.raises(MeshClientError, match=line) as failure:
        image_part(source)
    assert "\n" not in failure.value.message


def test_a_file_that_is_too_large_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "large.png"
    with path.open("wb") as file:
        file.truncate(MAX_IMAGE_BYTES + 1)
    with pytest.raises(MeshClientError, match=r"large\.png is larger than 10 MiB"):
        image_part(path)


@pytest.mark.parametrize(
    ("schema", "strict"),
    [
        ({"type": "object", "properties": {"a": {}}, "required": ["a"],
          "additionalProperties": False}, True),
        ({"type": "object", "properties": {"a": {}}, "required": ["a"]}, False),
        ({"type": "object", "properties": {"a": {}, "b": {}}, "required": ["a"],
          "additionalProperties": False}, False),
        ({"type": "object", "properties": {"a": {"type": "object", "properties": {"b": {}}}},
          "required": ["a"], "additionalProperties": False}, False),
    ],
)  # fmt: skip
def test_strict_mode_is_asked_for_only_where_it_is_possible(schema: Any, strict: bool) -> None:
    shape: Any = Shape(schema).response_format
    assert shape["json_schema"]["strict"] is strict


def test_a_schema_never_fetches_another_host() -> None:
    schema: Any = {"type": "object", "properties": {"a": {"$ref": "http://127.0.0.1:1/x.json"}}}
    with pytest.raises(Exception, match="Unresolvable"):
        Shape(schema).parse('{"a": 1}')


def test_plain_text_cannot_drive_a_terminal() -> None:
    assert printable("a\x1b]0;owned\x07b\x9b31mc\r\nd\te\x7f") == "a]0;ownedb31mc\nd\te"
    shown = Answer(text="\x1b[2Jx")._repr_mimebundle_()
    assert shown["text/plain"] == "[2Jx"
    assert set(shown) == {ANSWER_MIME, "text/plain"}


def test_reasoning_stays_out_of_the_text() -> None:
    draft = Draft("m")
    draft.add({"choices": [{"delta": {"reasoning_content": "hm"}}]})
    draft.add({"choices": [{"delta": {"content": "yes"}, "finish_reason": "stop"}]})
    draft.note("secret", "…")
    answer = draft.answer()
    assert (answer.text, answer.reasoning, answer.finish_reason) == ("yes", "hm", "stop")
    assert answer.notices == (Notice("secret", "…"),)


@pytest.mark.parametrize(
    ("amount", "shown"),
    [
        ("0", "$0.00"), ("0E-12", "$0.00"), ("0.0012", "$0.0012"), ("0.00000025", "$0.00000025"),
        ("0.5", "$0.50"), ("0.4213", "$0.42"), ("0.00100", "$0.001"), ("0.099", "$0.099"),
        ("0.0995", "$0.10"), ("0.00001", "$0.00001"), ("1E-7", "$0.0000001"), ("0.995", "$1.00"),
        ("1", "$1.00"), ("1.005", "$1.01"), ("1234.567", "$1,234.57"), ("0.000012345", "$0.000012"),
        ("-0.25", "−$0.25"),
    ],
)  # fmt: skip
def test_money_is_written_as_the_front_end_writes_it(amount: str, shown: str) -> None:
    assert dollars(Decimal(amount)) == shown


@pytest.mark.parametrize(
    ("milliseconds", "shown"),
    [
        (0, "0 ms"), (0.3, "0.30 ms"), (90.4, "90 ms"), (999.4, "999 ms"), (999.6, "1 s"),
        (1234, "1.2 s"), (59_949, "59.9 s"), (59_960, "1 min 0 s"), (125_000, "2 min 5 s"),
    ],
)  # fmt: skip
def test_times_are_written_as_the_front_end_writes_them(milliseconds: float, shown: str) -> None:
    assert duration(milliseconds / 1000) == shown


@pytest.mark.parametrize(
    ("number", "shown"), [(0, "0 rows"), (1, "1 row"), (2, "2 rows"), (1816, "1,816 rows")]
)
def test_a_number_agrees_with_its_noun(number: int, shown: str) -> None:
    assert count(number, "row") == shown


def test_columns_are_as_wide_as_their_widest_cell() -> None:
    assert text_table(("a", "bb"), [("xxx", "y")]) == "a    bb\n───  ──\nxxx  y"


def test_threads_are_kept_by_notebook_and_name() -> None:
    threads = Threads()
    question = {"role": "user", "content": "q"}
    for document, name in [("a.ipynb", "x"), ("a.ipynb", "x"), ("a.ipynb", "y"), ("b.ipynb", "x")]:
        threads.remember(document, name, Exchange((question,), "r"))
    assert len(threads.messages("a.ipynb", "x", 1)) == 2
    assert len(threads.messages("a.ipynb", "x", 9)) == 4
    assert threads.messages("a.ipynb", "x", 0) == []
    assert threads.forget("a.ipynb", "x") == 2
    assert threads.names("a.ipynb") == ["y"]
    assert len(threads.exchanges("b.ipynb", "x")) == 1
    threads.follow_rename("b.ipynb", "c.ipynb")
    assert threads.names("b.ipynb") == []
    assert threads.names("c.ipynb") == ["x"]
