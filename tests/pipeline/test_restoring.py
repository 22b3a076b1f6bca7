"""Any stand-in comes back to the letter, however an answer is cut."""

from __future__ import annotations

import itertools
import json

from hypothesis import given, settings
from hypothesis import strategies as st

from jupyter_mesh.pipeline.chunks import Channel
from jupyter_mesh.pipeline.restoring import Restorer

from .test_redaction import CONTENT, piece, released, text_of

ORIGINALS = {
    "<NAME_1>": "Ada",
    "<NAME_11>": "Bob",
    "<NAME_h0f1e>": "Eve",
    "Mara Quarles": "Ada Byron",
    "Mara": "Ada",
    "Quarles Road": "Elm Street",
    "4000 0082": "4111 1111",
    "mara@example.com": 'a"d\\a@x.org',
}
BITS = [*ORIGINALS, *"MaraQ ules4082<>_.@\n", "Mara Q", "Maras", "xMara", "Mara Quarles Road"]


@settings(max_examples=400, deadline=None)
@given(parts=st.lists(st.sampled_from(BITS)), cuts=st.lists(st.integers(0, 80)))
def test_a_cut_stream_is_restored_like_the_whole(parts: list[str], cuts: list[int]) -> None:
    text = "".join(parts)
    edges = sorted({0, len(text), *(cut for cut in cuts if cut < len(text))})
    pieces = [piece(text[a:b]) for a, b in itertools.pairwise(edges)]
    restorer = Restorer(ORIGINALS)
    chunks = released(restorer, *pieces) + restorer.rest(piece("").data)
    assert text_of(chunks) == Restorer(ORIGINALS).restore(CONTENT, text)


def test_words_that_only_contain_an_invented_one_are_left_alone() -> None:
    said = "Maras xMara Mara, Mara Quarles. Mara_1 4000 00821"
    restored = Restorer(ORIGINALS).restore(CONTENT, said)
    assert restored == "Maras xMara Ada, Ada Byron. Mara_1 4000 00821"


@settings(max_examples=200, deadline=None)
@given(value=st.text(max_size=20))
def test_any_original_makes_valid_json_of_arguments(value: str) -> None:
    channel: Channel = (0, "tool_calls", 0, "function", "arguments")
    restored = Restorer({"<X_1>": value}).restore(channel, '{"a": "<X_1>"}')
    assert json.loads(restored) == {"a": value}


def test_where_json_is_asked_for_the_text_stays_json() -> None:
    restored = Restorer({"<X_1>": 'O"Brien'}, json=True).restore(CONTENT, '{"a": "<X_1>"}')
    assert json.loads(restored) == {"a": 'O"Brien'}
