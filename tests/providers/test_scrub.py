from __future__ import annotations

import pytest

from jupyter_mesh.providers.scrub import MAX_MESSAGE, scrub

HIDDEN = [
    "Incorrect API key provided: sk-proj-abcdefgh12345678.",
    "Incorrect API key provided: sk-abc12***********wxyz.",
    "header Authorization: Bearer abcdefgh.ijkl_mnop rejected",
    "key gsk_abcdefgh12345678 expired",
    "key nvapi-abcdefgh12345678 expired",
    "key AIzaSyA-abcdefgh12345678 expired",
    "token hf_abcdefgh12345678 expired",
    "token eyJhbGciOiJIUzI1.abcdefgh12345678 expired",
    "cannot reach http://ada:abcdefgh12345678@proxy.example:3128/",
]
SHOWN = [
    "The model `gpt-5-mini` does not exist or you do not have access to it.",
    "max_tokens must be at most 4096, not 100000.",
    "Use the sk-learn pipeline.",
    "Your task-related request failed.",
    "See https://example.com/docs for more.",
    "Rate limit reached for requests per minute.",
]


@pytest.mark.parametrize("message", HIDDEN)
def test_keys_are_hidden_by_their_shape(message: str) -> None:
    clean = scrub(message)
    assert "[secret]" in clean
    assert not any(part in clean for part in ("abcdefgh", "abc12", "wxyz", "12345678"))


@pytest.mark.parametrize("message", SHOWN)
def test_ordinary_messages_stay_as_they_are(message: str) -> None:
    assert scrub(message) == message


def test_known_secrets_are_hidden_whatever_their_shape() -> None:
    assert scrub("the passphrase correct-horse failed", ["correct-horse"]) == (
        "the passphrase [secret] failed"
    )
    assert scrub("longer first: ab-cd-ef", ["ab-cd", "ab-cd-ef"]) == "longer first: [secret]"
    assert scrub("a very short one", ["a"]) == "a very short one"


PROMPT = "Ada Lovelace of 12 St James's Square has an appointment at nine o'clock."
QUOTES = [
    (f"invalid input: {PROMPT}", "invalid input: [prompt]"),
    (f"invalid input: {PROMPT[20:60]} is odd", "invalid input: [prompt] is odd"),
    (f"x {PROMPT[:30]} y {PROMPT[40:]}", "x [prompt] y [prompt]"),
    ("has an appointment", "has an appointment"),  # 18 characters: too few to say whose
]


@pytest.mark.parametrize(("message", "clean"), QUOTES)
def test_passages_of_the_prompt_are_left_out(message: str, clean: str) -> None:
    assert scrub(message, prompts=["another text", PROMPT]) == clean


@pytest.mark.parametrize("offset", range(24))
def test_a_passage_of_24_characters_is_found_wherever_it_stands(offset: int) -> None:
    passage = PROMPT[5:29]
    assert passage not in scrub("." * offset + passage + "!", prompts=[PROMPT])


def test_a_short_prompt_is_left_out_when_quoted_whole() -> None:
    assert scrub("bad value 'Jane Roe 1985'", prompts=["Jane Roe 1985"]) == "bad value '[prompt]'"
    assert scrub("hello is not allowed", prompts=["hello"]) == "hello is not allowed"


def test_messages_are_one_line_of_bounded_length() -> None:
    assert scrub("two\nlines\x1b[31m and\x00more") == "two lines [31m and more"
    assert len(scrub("word " * 1000)) == MAX_MESSAGE


def test_a_huge_message_is_handled_quickly() -> None:
    scrub("sk-" * 500_000, ["sk-x"], ["sk-" * 300_000])
