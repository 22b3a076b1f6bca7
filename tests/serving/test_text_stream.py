from __future__ import annotations

import random

import pytest
import tokenizers

from jupyter_mesh.serving.text_stream import Detokenizer, StopStrings


def of_bytes(ids: list[int]) -> str:
    """A tokenizer whose tokens are single bytes: the hardest case for whole characters."""
    return bytes(ids).decode(errors="replace")


def pieces(data: bytes) -> list[str]:
    stream = Detokenizer(of_bytes)
    return [*(stream.add(token) for token in data), stream.end()]


@pytest.mark.parametrize(
    "text",
    [
        "plain",
        "naïve café",
        "дом и сад",
        "東京の天気",
        "🚀✨👩‍🚀 up",
        "a\u0301 combining",
        "\ufffd",
    ],
)
def test_pieces_add_up_to_the_text_and_never_split_a_character(text: str) -> None:
    shown = pieces(text.encode())
    assert "".join(shown).rstrip("\ufffd") == text.rstrip("\ufffd")
    assert all(piece in ("", *text) for piece in shown)


def test_bytes_that_are_no_text_are_shown_as_decoding_all_at_once_would_show_them() -> None:
    choose = random.Random(7)
    for _ in range(300):
        data = bytes(
            choose.choice([0x41, 0x80, 0xC3, 0xA9, 0xE2, 0x82, 0xAC, 0xF0, 0x9F, 0x9A, 0x80, 0xFF])
            for _ in range(choose.randrange(1, 40))
        )
        expected = data.decode(errors="replace")
        assert "".join(pieces(data)).rstrip("\ufffd") == expected.rstrip("\ufffd"), data


def test_an_unfinished_character_at_the_end_is_left_out() -> None:
    assert "".join(pieces("ok 🚀".encode()[:-1])) == "ok "


def test_a_real_tokenizer_gives_its_text_back() -> None:
    tokenizer = tokenizers.Tokenizer(tokenizers.models.BPE())
    tokenizer.pre_tokenizer = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = tokenizers.decoders.ByteLevel()
    text = "Straße 東京 🚀👩‍🚀, twice: Straße 東京 🚀👩‍🚀"
    alphabet = tokenizers.pre_tokenizers.ByteLevel.alphabet()
    trainer = tokenizers.trainers.BpeTrainer(
        vocab_size=290, initial_alphabet=alphabet, show_progress=False
    )
    tokenizer.train_from_iterator([text], trainer)
    stream = Detokenizer(tokenizer.decode)
    shown = [stream.add(token) for token in tokenizer.encode(text).ids] + [stream.end()]
    assert "".join(shown) == text
    assert not any("\ufffd" in piece for piece in shown)


@pytest.mark.parametrize(
    ("stops", "texts", "shown", "stopped"),
    [
        ([], ["a", "b"], "ab", False),
        (["END"], ["on", "e E", "N", "D two"], "one ", True),
        (["END"], ["one EN", "d"], "one ENd", False),
        (["END"], ["EEN", "D"], "E", True),
        (["\n\n"], ["a\n", "b\n", "\nc"], "a\nb", True),
        (["xy", "y"], ["axy"], "a", True),
        (["aab"], ["aaab"], "a", True),
        (["END"], ["EN"], "EN", False),
        ([""], ["a"], "a", False),
    ],
)
def test_a_stop_string_ends_the_text_wherever_it_is_cut(
    stops: list[str], texts: list[str], shown: str, stopped: bool
) -> None:
    filter = StopStrings(stops)
    out = ""
    for text in texts:
        new, hit = filter.add(text)
        out += new
        if hit:
            break
    else:
        hit = False
        out += filter.end()
    assert (out, hit) == (shown, stopped)


def test_only_what_may_become_a_stop_string_is_held_back() -> None:
    filter = StopStrings(["</s>"])
    assert filter.add("hello <") == ("hello ", False)
    assert filter.add("b>") == ("<b>", False)
