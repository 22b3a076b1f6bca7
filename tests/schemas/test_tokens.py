"""One estimate of tokens, for what is reserved and for what is charged."""

from __future__ import annotations

from base64 import b64encode

import pytest

from jupyter_mesh.pipeline.call import Produced
from jupyter_mesh.schemas.json import Json
from jupyter_mesh.schemas.request import Operation, Request, parse_request
from jupyter_mesh.schemas.tokens import estimate_all, estimate_tokens, input_tokens_bound

ENGLISH = (
    "All human beings are born free and equal in dignity and rights. They are endowed with reason "
    "and conscience and should act towards one another in a spirit of brotherhood. Everyone is "
    "entitled to all the rights and freedoms set forth in this Declaration, without distinction."
)
GERMAN = (
    "Die Würde des Menschen ist unantastbar. Sie zu achten und zu schützen ist Verpflichtung aller "
    "staatlichen Gewalt. Das Deutsche Volk bekennt sich darum zu unverletzlichen und "
    "unveräußerlichen Menschenrechten als Grundlage jeder menschlichen Gemeinschaft."
)
CHINESE = "人人生而自由，在尊严和权利上一律平等。他们赋有理性和良心，并应以兄弟关系的精神相对待。"
RUSSIAN = "Все люди рождаются свободными и равными в своем достоинстве и правах."
PYTHON = (
    "def mean(values: list[float]) -> float:\n"
    '    """The arithmetic mean."""\n'
    "    if not values:\n"
    '        raise ValueError("no values")\n'
    "    return sum(values) / len(values)\n"
)
TABLE = "id,price,count\n" + "\n".join(f"{i},{i * 1.37:.2f},{i * 7}" for i in range(100, 140))

# Counted with OpenAI's o200k_base.
COUNTED = [
    ("English", ENGLISH, 51),
    ("German", GERMAN, 52),
    ("Chinese", CHINESE, 35),
    ("Russian", RUSSIAN, 17),
    ("Python", PYTHON, 39),
    ("CSV", TABLE, 324),
]


@pytest.mark.parametrize(("text", "tokens"), [c[1:] for c in COUNTED], ids=[c[0] for c in COUNTED])
def test_the_estimate_is_within_fifteen_percent(text: str, tokens: int) -> None:
    assert estimate_tokens(text) == pytest.approx(tokens, rel=0.15)


def test_only_the_empty_text_has_no_tokens() -> None:
    assert estimate_tokens("") == 0
    assert all(estimate_tokens(text) >= 1 for text in ("a", " ", "\n", "é", "𝕏", "\u200b"))


def test_more_text_never_has_fewer_tokens() -> None:
    for text in (ENGLISH, CHINESE, RUSSIAN, PYTHON, TABLE):
        counts = [estimate_tokens(text[:end]) for end in range(0, len(text), 10)]
        assert counts == sorted(counts)


@pytest.mark.parametrize(
    ("text", "alike"),
    [
        ("getUserName", "get user name"),
        ("HTTPServer", "HTTPS erver"),
        ("1234567", "123 456 7"),
        ("a !=== b", "a . b"),
        ("a\n\n    b", "a\nb"),
        ("a    b", "a  b"),
        ("a\tb", "a b"),
    ],
)
def test_texts_are_counted_by_their_parts(text: str, alike: str) -> None:
    assert estimate_tokens(" ".join([text] * 50)) == estimate_tokens(" ".join([alike] * 50))


@pytest.mark.parametrize(
    ("more", "fewer"), [("camelCase", "camelcase"), ("1 2 3", "123"), ("a\nb", "a b")]
)
def test_near_misses_are_counted_apart(more: str, fewer: str) -> None:
    assert estimate_tokens(" ".join([more] * 50)) > estimate_tokens(" ".join([fewer] * 50))


ODD = ["", "a", "1a" * 300, "\ud800", "𝕏" * 40, "é" * 90, "\n" * 500, ", . " * 200, "中" * 700]


def requests(text: str) -> list[tuple[Operation, dict[str, Json]]]:
    message: Json = {"role": "user", "content": text}
    parts: Json = [{"type": "text", "text": text}, {"type": "text", "text": text}]
    return [
        (Operation.CHAT, {"model": "m", "messages": [message, message, message]}),
        (Operation.CHAT, {"model": "m", "messages": [{"role": "user", "content": parts}]}),
        (Operation.COMPLETION, {"model": "m", "prompt": text}),
        (Operation.EMBEDDING, {"model": "m", "input": [text, "b"]}),
    ]


@pytest.mark.parametrize("text", [*ODD, ENGLISH, GERMAN, CHINESE, RUSSIAN, PYTHON, TABLE])
def test_what_is_reserved_is_never_less_than_what_is_charged(text: str) -> None:
    for operation, body in requests(text):
        request = parse_request(operation, body)
        assert input_tokens_bound(request) >= estimate_all(request.texts())


@pytest.mark.parametrize("text", ["x" * 100_000, "\n" * 100_000, "_" * 100_000])
def test_what_is_no_language_is_not_reserved_for_next_to_nothing(text: str) -> None:
    request = parse_request(Operation.COMPLETION, {"model": "m", "prompt": text})
    assert input_tokens_bound(request) >= 25_000


def test_what_was_written_is_counted_once_however_often_it_is_asked_for() -> None:
    produced = Produced()
    counts: list[int] = []
    for word in ENGLISH.split(" "):
        produced.text.append(f"{word} ")
        counts.append(produced.tokens())
        assert produced.tokens() == counts[-1]
    assert counts == sorted(counts)
    assert counts[-1] == pytest.approx(estimate_tokens(ENGLISH), rel=0.15)


def held(kind: str, data: bytes, part: str = "file", place: str = "file_data") -> Request:
    url = f"data:{kind};base64,{b64encode(data).decode()}" if kind else b64encode(data).decode()
    message: Json = {"role": "user", "content": [{"type": part, part: {place: url}}]}
    return parse_request(Operation.CHAT, {"model": "m", "messages": [message]})


def test_a_document_of_text_is_reserved_for_like_the_same_text() -> None:
    text = ENGLISH * 500
    document = held("text/plain", text.encode())
    said: Json = {"role": "user", "content": text}
    plain = parse_request(Operation.CHAT, {"model": "m", "messages": [said]})
    assert estimate_all(document.texts()) == estimate_tokens(text)
    assert input_tokens_bound(plain) <= input_tokens_bound(document)
    assert input_tokens_bound(document) <= input_tokens_bound(plain) + 1_500


BINARY = bytes(range(256)) * 4_000


@pytest.mark.parametrize(
    ("request_", "least", "most"),
    [
        (held("application/pdf", BINARY), 512_000, 513_000),
        (held("application/octet-stream", BINARY), 512_000, 513_000),
        (held("text/plain", BINARY), 512_000, 513_000),
        (held("audio/wav", BINARY), 64_000, 65_000),
        (held("", BINARY, "input_audio", "data"), 64_000, 65_000),
        (held("image/png", BINARY, "image_url", "url"), 1_500, 1_600),
        (held("application/pdf", b"%PDF-"), 1_500, 1_600),
    ],
)
def test_a_file_is_reserved_for_by_its_size_a_picture_by_what_vendors_see_of_it(
    request_: Request, least: int, most: int
) -> None:
    assert least <= input_tokens_bound(request_) <= most
