from __future__ import annotations

import base64
import json
from urllib.parse import quote, quote_plus, urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jupyter_mesh.outbound.scrub import MAX_MESSAGE, scrub
from jupyter_mesh.spi.scrubbing import pattern_of

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


KEY = "sk_live/9f+2?ü=&x"


@pytest.mark.parametrize(
    "leak",
    [
        f"Incorrect API key provided: {KEY}.",
        f"GET https://api/v1?{urlencode({'key': KEY})} failed",
        f"https://api/{quote(KEY, safe='')}/x",
        f"https://api/?k={quote_plus(KEY).lower()}",
        json.dumps({"error": {"key": KEY}}),
        f"credential {base64.b64encode(KEY.encode()).decode()}",
        f"credential {base64.b64encode(b'u:' + KEY.encode()).decode()}",
        f"credential {base64.b64encode(b'us:' + KEY.encode() + b':x').decode()}",
        f"jwt.{base64.urlsafe_b64encode(b'use:' + KEY.encode()).decode().rstrip('=')}.sig",
    ],
)
def test_a_known_secret_is_hidden_in_every_shape(leak: str) -> None:
    assert scrub(leak) == leak, "only knowing it helps"
    clean = scrub(leak, [KEY, "sk_live/9f"])
    assert "[secret]" in clean
    assert KEY not in clean
    assert "9f+2" not in clean


def test_a_secret_of_five_characters_would_blank_out_words() -> None:
    assert scrub("order 12345 failed, 123456 too", ["12345"]) == "order 12345 failed, 123456 too"
    assert scrub("order 12345 failed, 123456 too", ["123456"]) == (
        "order 12345 failed, [secret] too"
    )


@settings(max_examples=200, deadline=None)
@given(st.binary(min_size=1, max_size=40), st.text(min_size=9, max_size=40), st.binary(max_size=9))
def test_base64_around_a_secret_never_decodes_to_it(
    before: bytes, secret: str, after: bytes
) -> None:
    pattern = pattern_of(frozenset({secret}))
    assert pattern is not None
    encoded = base64.b64encode(before + secret.encode() + after).decode()
    assert pattern.sub("", encoded) != encoded


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


def test_of_two_places_the_longer_quote_is_found() -> None:
    prompt = f"{PROMPT[:14]}.{PROMPT}"  # the first place alone would be too short to count
    assert scrub(f"odd: {PROMPT[:40]}", prompts=[prompt]) == "odd: [prompt]"


class Counted(str):
    """A prompt that counts how often somebody looks into it."""

    looks = 0

    def __contains__(self, key: object) -> bool:
        raise AssertionError("searched from end to end")

    def __getitem__(self, key: object) -> str:
        type(self).looks += 1
        return super().__getitem__(key)  # type: ignore[index]


@pytest.mark.parametrize(
    ("quote", "prompt"),
    [
        ("ab" * 800, "ab" * 100_000),
        ((PROMPT * 2000)[-1600:], PROMPT * 2000),
        (("x" + " " * 14) * 100, "y" + ("z" + " " * 14) * 10_000),
        ("nothing of it", PROMPT * 2000),
    ],
)
def test_the_work_grows_with_the_prompt_only_once(quote: str, prompt: str) -> None:
    Counted.looks = 0
    clean = scrub(quote, prompts=[Counted(prompt)])
    assert Counted.looks < len(prompt) / 12 + 100_000
    assert (clean == quote) == (quote == "nothing of it")


def test_a_message_with_too_many_pieces_of_a_prompt_is_left_out_as_a_whole() -> None:
    piece = "context leng"  # one probe, too short for a quote
    prompt = "".join(f"{n:<12}{piece}" for n in range(2000))
    assert scrub(f"the {piece}th is 8192", prompts=[prompt]) == "[prompt]"
    assert "8192" in scrub(f"the {piece}th is 8192", prompts=[prompt[:2400]])
