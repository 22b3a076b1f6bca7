"""Placeholders are put in and taken out again to the letter, however an answer is cut."""

from __future__ import annotations

import itertools
import json
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jupyter_mesh.pipeline.chunks import Channel, chunk_text, finished, map_texts, texts
from jupyter_mesh.pipeline.redaction import Placeholders
from jupyter_mesh.pipeline.restoring import Restorer
from jupyter_mesh.schemas.events import Chunk
from jupyter_mesh.schemas.json import Json, JsonObject
from jupyter_mesh.spi.guard import Finding
from jupyter_mesh.testing.scripted_provider import chunk

ORIGINALS = {"<NAME_1>": "Ada", "<NAME_11>": "Bob"}
CONTENT: Channel = (0, "content")


def piece(text: str, finish: str | None = None, number: int = 0) -> Chunk:
    data = chunk("m", {"content": text}, finish)
    data["choices"] = [{**data["choices"][0], "index": number}]
    return Chunk(data)


def released(restorer: Restorer, *chunks: Chunk) -> list[Chunk]:
    return [one for given in chunks for one in restorer.chunks(given)]


def text_of(chunks: list[Chunk], number: int = 0) -> str:
    said = (one.data["choices"][0] for one in chunks)
    return "".join(
        chunk_text({"choices": [choice]}) for choice in said if choice["index"] == number
    )


@pytest.mark.parametrize(
    "tail",
    ["<\n", "<NAME\n", "<NAME_\n", "a < b\n", "<NAME_1\n", "<b>", "<OTHER_1", "<NAME_x", "<<"],
)
def test_what_cannot_become_a_placeholder_is_neither_changed_nor_lost(tail: str) -> None:
    restorer = Restorer(ORIGINALS)
    chunks = released(restorer, piece(tail), piece("end")) + restorer.rest(piece("").data)
    assert text_of(chunks) == f"{tail}end"


@pytest.mark.parametrize("tail", ["<\n", "<NAME\n", "a < b", "<OTHER_1", "<NAME_x"])
def test_nothing_is_held_back_that_cannot_become_a_placeholder(tail: str) -> None:
    assert text_of(released(Restorer(ORIGINALS), piece(tail))) == tail


@pytest.mark.parametrize("tail", ["<", "<NA", "<NAME_", "<NAME_1", "x <NAME_11"])
def test_what_may_become_a_placeholder_is_held_back(tail: str) -> None:
    assert text_of(released(Restorer(ORIGINALS), piece(tail))) == tail.partition("<")[0]


@pytest.mark.parametrize("last", ["", "M", "ME_1>!"])
def test_a_held_tail_goes_out_no_later_than_the_end_of_its_choice(last: str) -> None:
    restorer = Restorer(ORIGINALS)
    chunks = released(restorer, piece("is <NA"), piece(last, "stop"))
    assert text_of(chunks) == Restorer(ORIGINALS).restore(CONTENT, f"is <NA{last}")
    assert [bool(finished(one.data)) for one in chunks].index(True) == len(chunks) - 1
    assert restorer.rest(chunks[-1].data) == []


def test_the_end_of_one_choice_does_not_break_off_another() -> None:
    restorer = Restorer(ORIGINALS)
    chunks = released(
        restorer,
        piece("<NAM"),
        piece("<NAME_1", number=1),
        piece("", "stop"),
        piece("1>", number=1),
    )
    assert (text_of(chunks, 0), text_of(chunks, 1)) == ("<NAM", "Bob")


@settings(max_examples=200, deadline=None)
@given(
    parts=st.lists(
        st.sampled_from(["<NAME_1>", "<NAME_11>", "<", "<NAME_", "<b>", "x", ">", "é", "\n"])
    ),
    cuts=st.lists(st.integers(0, 60)),
)
def test_restoring_a_cut_stream_equals_restoring_the_whole(
    parts: list[str], cuts: list[int]
) -> None:
    text = "".join(parts)
    edges = sorted({0, len(text), *(cut for cut in cuts if cut < len(text))})
    pieces = [piece(text[a:b]) for a, b in itertools.pairwise(edges)]
    restorer = Restorer(ORIGINALS)
    chunks = released(restorer, *pieces) + restorer.rest(piece("").data)
    assert text_of(chunks) == Restorer(ORIGINALS).restore(CONTENT, text)


PLACES: list[JsonObject] = [
    {"content": "<NAME_1>"},
    {"content": [{"type": "text", "text": "<NAME_1>"}]},
    {"reasoning_content": "<NAME_1>"},
    {"reasoning": "<NAME_1>"},
    {"reasoning_details": [{"type": "reasoning.text", "text": "<NAME_1>", "index": 0}]},
    {"refusal": "<NAME_1>"},
    {"function_call": {"name": "f", "arguments": "<NAME_1>"}},
    {"tool_calls": [{"index": 3, "function": {"arguments": "<NAME_1>"}}]},
    {"audio": {"id": "a", "transcript": "<NAME_1>", "data": "AAAA"}},
    {"new_field": {"deep": ["<NAME_1>"]}},
]


@pytest.mark.parametrize("delta", PLACES, ids=lambda delta: next(iter(delta)))
@pytest.mark.parametrize("holder", ["delta", "message"])
def test_originals_come_back_at_every_place_of_an_answer(holder: str, delta: JsonObject) -> None:
    choice: Json = {"index": 0, holder: delta}
    restored = map_texts({"choices": [choice]}, Restorer(ORIGINALS).restore)
    assert restored == {"choices": [{"index": 0, holder: swapped(delta)}]}


@pytest.mark.parametrize("delta", PLACES, ids=lambda delta: next(iter(delta)))
def test_a_tail_held_at_any_place_comes_out_at_that_place(delta: JsonObject) -> None:
    restorer = Restorer(ORIGINALS)
    cut = Chunk(chunk("m", cut_short(delta)))
    held, *rest = [*restorer.chunks(cut), *restorer.rest(cut.data)]
    assert chunk_text(held.data) in ("", "f")
    assert [chunk_text(one.data) for one in rest] == ["<NAME_1"]
    places = [[place for place, _, _ in channels(one)] for one in (cut, rest[0])]
    assert places[1][0] in places[0]


def channels(one: Chunk) -> list[tuple[Channel, object, str]]:
    return list(texts(one.data))


def swapped(value: Json) -> Json:
    return _replaced(value, "<NAME_1>", "Ada")


def cut_short(value: Json) -> Json:
    return _replaced(value, "<NAME_1>", "<NAME_1")


def _replaced(value: Json, old: str, new: str) -> Json:
    if isinstance(value, dict):
        return {name: _replaced(item, old, new) for name, item in value.items()}
    if isinstance(value, list):
        return [_replaced(item, old, new) for item in value]
    return new if value == old else value


@pytest.mark.parametrize(
    ("channel", "restored"),
    [
        ((0, "tool_calls", 0, "function", "arguments"), '{"who": "O\\"Brien"}'),
        ((0, "function_call", "arguments"), '{"who": "O\\"Brien"}'),
        ((0, "content"), '{"who": "O"Brien"}'),
    ],
)
def test_originals_are_escaped_inside_the_arguments_of_calls(
    channel: Channel, restored: str
) -> None:
    restorer = Restorer({"<NAME_1>": 'O"Brien'})
    assert restorer.restore(channel, '{"who": "<NAME_1>"}') == restored


def test_the_same_value_always_gets_the_same_placeholder() -> None:
    placeholders = Placeholders()
    findings = [Finding(0, 3, "NAME", 1, "w"), Finding(4, 7, "NAME", 1, "w")]
    assert placeholders.redact("Ada Ada", findings) == "<NAME_1> <NAME_1>"


@pytest.mark.parametrize(
    ("taken", "expected"),
    [
        (("<NAME_1>",), "<NAME_2>"),
        (("a", "x<NAME_2><NAME_1>"), "<NAME_3>"),
        (("<NAME_1", "NAME_1>", "<OTHER_1>", "<NAME_10>"), "<NAME_1>"),
    ],
)
def test_look_alikes_are_passed_over(taken: tuple[str, ...], expected: str) -> None:
    assert Placeholders(taken=taken).placeholder("NAME", "Ada") == expected


def test_many_values_do_not_search_the_texts_again_for_each() -> None:
    class Counted(str):
        looked_at = 0

        def __contains__(self, part: object) -> bool:
            Counted.looked_at += 1
            return super().__contains__(part)

    placeholders = Placeholders(taken=[Counted("nothing")])
    names = {placeholders.placeholder("NAME", str(number)) for number in range(1000)}
    assert len(names) == 1000
    assert Counted.looked_at == 1


def test_what_json_escapes_is_the_value_that_stands_elsewhere_and_leaves_json() -> None:
    placeholders = Placeholders()
    written = json.dumps({"who": 'O"Brien', "of": "x"})
    start = written.index("O\\")
    found = Finding(start, start + len('O\\"Brien'), "NAME", 1, "w")
    assert json.loads(placeholders.redact(written, [found])) == {"who": "<NAME_1>", "of": "x"}
    assert placeholders.redact('O"Brien', [Finding(0, 7, "NAME", 1, "w")]) == "<NAME_1>"
    assert placeholders.originals == {"<NAME_1>": 'O"Brien'}
    masked = placeholders.redact(written, [found], lambda _, value: f'"{value[2:]}\\')
    assert json.loads(masked)["who"] == '"Brien\\'


def test_what_is_no_json_is_taken_as_it_is_written() -> None:
    placeholders = Placeholders()
    assert placeholders.redact("a\\nb c", [Finding(1, 4, "NAME", 1, "w")]) == "a<NAME_1> c"
    assert placeholders.originals == {"<NAME_1>": "\\nb"}


CARD = "4111111111111111"
NUMBERS: list[tuple[str, str]] = [
    (f'{{"card": {CARD}, "amount": 5}}', '{"card": "<CARD_1>", "amount": 5}'),
    (f'{{"card":{CARD}}}', '{"card":"<CARD_1>"}'),
    (f"[{CARD},{CARD}]", '["<CARD_1>","<CARD_1>"]'),
    (f"[-{CARD}, {CARD}.0]", '["<CARD_1>", "<CARD_1>"]'),
    (f'{{"a": "\\" {CARD}, x", "b": {CARD}}}', '{"a": "\\" <CARD_1>, x", "b": "<CARD_1>"}'),
    (f'{{"a": "{CARD}"}}', '{"a": "<CARD_1>"}'),
    (f'{{"{CARD}": 1}}', '{"<CARD_1>": 1}'),
]


@pytest.mark.parametrize(("text", "redacted"), NUMBERS)
def test_what_stands_for_a_number_of_json_leaves_json(text: str, redacted: str) -> None:
    found = [Finding(*one.span(), "CARD", 1.0, "d") for one in re.finditer(CARD, text)]
    placeholders = Placeholders([text])
    assert placeholders.redact(text, found) == redacted
    assert placeholders.originals == {"<CARD_1>": CARD}
    json.loads(redacted)


def test_of_a_number_that_holds_two_findings_nothing_is_left() -> None:
    text = f'{{"a": {CARD}{CARD}}}'
    found = [Finding(7, 23, "CARD", 1.0, "d"), Finding(23, 39, "CARD", 1.0, "d")]
    assert Placeholders([text]).redact(text, found) == '{"a": "<CARD_1>"}'


def test_a_number_in_what_is_no_json_is_replaced_as_it_is_written() -> None:
    text = f"pay({{'card': {CARD}}})"
    found = [Finding(13, 29, "CARD", 1.0, "d")]
    assert Placeholders([text]).redact(text, found) == "pay({'card': <CARD_1>})"
