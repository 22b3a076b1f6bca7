"""Values that patterns find, and ways in which a text may hide them."""

from __future__ import annotations

import json
import textwrap
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from urllib.parse import quote

from jupyter_mesh.pipeline.pseudonyms import Pseudonyms


def values() -> list[str]:
    """Ten each of five kinds, valid by their check digits where they have some."""
    random = Random(11)
    made = Pseudonyms(b"values", "", ())
    cards = [made.of("CREDIT_CARD", f"4111 1111 1111 {n:04}") for n in range(10)]
    ibans = [made.of("IBAN_CODE", f"DE89 3704 0044 0532 0130 {n:02}") for n in range(10)]
    mails = [made.of("EMAIL_ADDRESS", f"person{n}@example.org") for n in range(10)]
    phones = [f"+49 30 {random.randrange(10**6, 10**7)}" for _ in range(10)]
    ssns = [
        f"{random.randrange(100, 600)}-{random.randrange(10, 99)}-{random.randrange(1000, 9999)}"
        for _ in range(10)
    ]
    return [one for one in [*cards, *ibans, *mails, *phones, *ssns] if one is not None]


@dataclass(frozen=True)
class Hidden:
    """Messages that hold a value, and the bits of them that must not be sent."""

    messages: list[dict[str, object]]
    bits: list[str]


Way = Callable[[str], Hidden]


def in_text(write: Callable[[str], str], around: str = "Please use {} today.") -> Way:
    """Written otherwise, in the midst of a sentence."""

    def way(value: str) -> Hidden:
        written = write(value)
        middle = len(written) // 2
        text = around.replace("{}", written)
        return Hidden([user(text)], [written[:middle], written[middle:]])

    return way


def user(content: object) -> dict[str, object]:
    return {"role": "user", "content": content}


def arguments(text: str) -> list[dict[str, object]]:
    call = {"id": "c1", "type": "function", "function": {"name": "send", "arguments": text}}
    return [user("go on"), {"role": "assistant", "content": None, "tool_calls": [call]}]


def in_arguments(value: str) -> Hidden:
    text = json.dumps({"note": f'he said "now"\n{value}\nand\tleft'})
    return Hidden(arguments(text), [value])


def in_escaped_arguments(value: str) -> Hidden:
    written = "".join(f"\\u{ord(char):04x}" for char in value)
    return Hidden(arguments(f'{{"note": "{written}"}}'), [written])


def in_nested_json(value: str) -> Hidden:
    inner = json.dumps({"to": f"a\n{value}\nb"})
    return Hidden(arguments(json.dumps({"body": inner})), [value])


def in_base64(value: str) -> Hidden:
    code = b64encode(f"the customer's number is {value}, keep it".encode()).decode()
    return Hidden([user(f'import base64\nprint(base64.b64decode("{code}"))')], [code])


def in_base64_for_urls(value: str) -> Hidden:
    code = urlsafe_b64encode(f"?>{value}<?".encode()).decode().rstrip("=")
    return Hidden([user(f"https://example.net/?q={code}")], [code])


def in_base64_lines(value: str) -> Hidden:
    text = f"{'some words before it ' * 6}{value}{' and some after it' * 6}"
    lines = textwrap.wrap(b64encode(text.encode()).decode(), 76)
    return Hidden([user("\n".join(["Decode this:", *lines, "please"]))], lines)


def in_parts(value: str) -> Hidden:
    middle = len(value) // 2
    halves = [value[:middle], value[middle:]]
    return Hidden([user([{"type": "text", "text": half} for half in halves])], halves)


def in_two_messages(value: str) -> Hidden:
    middle = len(value) // 2
    halves = [value[:middle], value[middle:]]
    return Hidden([user(f"It is {halves[0]}"), user(f"{halves[1]} as I said")], halves)


def in_messages_apart(value: str) -> Hidden:
    middle = len(value) // 2
    halves = [value[:middle], value[middle:]]
    between = {"role": "assistant", "content": "And the rest?"}
    return Hidden([user(f"It is {halves[0]}"), between, user(halves[1])], halves)


def in_a_frame(value: str) -> Hidden:
    rows = [f"{n:<4}{name:<8}{one:>30}" for n, (name, one) in enumerate([("a", "1"), ("b", value)])]
    return Hidden([user("\n".join([f"    {'name':<8}{'value':>30}", *rows]))], [value])


def full_width(value: str) -> str:
    return "".join(chr(ord(char) + 0xFEE0) if "!" <= char <= "~" else char for char in value)


def wide_digits(value: str) -> str:
    return "".join(chr(0x0660 + int(char)) if char.isdigit() else char for char in value)


def in_code(value: str) -> Hidden:
    middle = len(value) // 2
    halves = [value[:middle], value[middle:]]
    return Hidden([user(f'x = "{halves[0]}" + "{halves[1]}"')], halves)


WAYS: dict[str, Way] = {
    "as it is": in_text(str),
    "in a data frame's text": in_a_frame,
    "in arguments, beside escapes": in_arguments,
    "in arguments, as \\uXXXX": in_escaped_arguments,
    "in JSON inside JSON": in_nested_json,
    "percent-encoded": in_text(lambda value: quote(value, safe="")),
    "as HTML entities": in_text(lambda value: "".join(f"&#{ord(char)};" for char in value)),
    "full-width characters": in_text(full_width),
    "digits of another script": in_text(wide_digits),
    "zero-width joiners between": in_text("\u200d".join),
    "soft hyphens between": in_text("\u00ad".join),
    "no-break spaces": in_text(lambda value: value.replace(" ", "\u00a0")),
    "base64 in code": in_base64,
    "base64 for URLs": in_base64_for_urls,
    "base64 in lines": in_base64_lines,
    "cut over the parts of a message": in_parts,
    "cut over two messages": in_two_messages,
    "cut, with an answer between": in_messages_apart,
    "added up in code": in_code,
    "spaces between all characters": in_text(" ".join),
    "in hexadecimal": in_text(lambda value: value.encode().hex()),
    "backwards": in_text(lambda value: value[::-1]),
}
