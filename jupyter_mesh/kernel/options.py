"""The options of `%%llm`: one table, read by the parser, by Tab and by `%llm help`."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any, get_args

from ..client.answer import Format
from ..schemas.json import Json


@dataclass(frozen=True, slots=True)
class Option:
    """One option.

    Attributes:
        flags: As it may be written, the short form first.
        name: The field of `CellOptions` it fills.
        metavar: What its value is, None for a switch.
        read: Makes the value of its text; raises ValueError with what is valid.
        many: May be given several times.
        help: One line.
        values: What Tab offers, where the values are known.
    """

    flags: tuple[str, ...]
    name: str
    metavar: str | None
    help: str
    read: Callable[[str], Any] = str
    many: bool = False
    values: tuple[str, ...] = ()


@dataclass(slots=True)
class CellOptions:
    """What the line of a `%%llm` cell says."""

    model: str | None = None
    system: str | None = None
    temperature: float | None = None
    max_tokens: int | None = None
    param: list[tuple[str, Json]] = field(default_factory=list[tuple[str, Json]])
    format: Format | None = None
    schema: str | None = None
    out: str | None = None
    image: list[str] = field(default_factory=list[str])
    thread: str | None = None
    new: bool = False
    history: int | None = None
    compare: tuple[str, ...] = ()
    max_cost: Decimal | None = None
    dry_run: bool = False
    purpose: str | None = None
    tag: list[tuple[str, Json]] = field(default_factory=list[tuple[str, Json]])
    no_cache: bool = False
    no_stream: bool = False
    no_interpolate: bool = False


def _temperature(text: str) -> float:
    return _in_range(float(text), 0, 2)


def _in_range(number: float, lowest: float, highest: float) -> float:
    if not lowest <= number <= highest:
        raise ValueError
    return number


def _positive(text: str) -> int:
    return int(_in_range(int(text), 1, 10**9))


def _dollars(text: str) -> Decimal:
    try:
        amount = Decimal(text.removeprefix("$"))
    except InvalidOperation as wrong:
        raise ValueError from wrong
    if not amount.is_finite() or amount < 0:
        raise ValueError
    return amount


def _exchanges(text: str) -> int:
    return 0 if text == "off" else int(_in_range(int(text), 0, 100))


def _name(text: str) -> str:
    if not text.isidentifier():
        raise ValueError
    return text


def _models(text: str) -> tuple[str, ...]:
    models = tuple(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))
    if len(models) < 2:
        raise ValueError
    return models


def _pair(text: str) -> tuple[str, Json]:
    """`K=V`; a value that is JSON (a number, true, a list) is sent as such, others as text."""
    key, equals, value = text.partition("=")
    if not equals or not key:
        raise ValueError
    try:
        return key, json.loads(value)
    except ValueError:
        return key, value


def _tag(text: str) -> tuple[str, Json]:
    key, equals, value = text.partition("=")
    if not equals or not key:
        raise ValueError
    return key, value


FORMATS: tuple[str, ...] = get_args(Format)


def _format(text: str) -> str:
    if text not in FORMATS:
        raise ValueError
    return text


OPTIONS: tuple[Option, ...] = (
    Option(("-s", "--system"), "system", "TEXT|NAME", "system prompt, or the name of a string"),
    Option(("-t", "--temperature"), "temperature", "0…2", "sampling temperature", _temperature),
    Option(("--max-tokens",), "max_tokens", "N", "longest answer, in tokens", _positive),
    Option(("-p", "--param"), "param", "K=V", "any other parameter of the model", _pair, many=True),
    Option(("-f", "--format"), "format", "|".join(FORMATS),
           "how the answer is shown; code goes to a new cell and never runs by itself",
           _format, values=FORMATS),
    Option(("--schema",), "schema", "NAME",
           "a pydantic class or JSON schema of the notebook: the answer is validated into it",
           _name),
    Option(("-o", "--out"), "out", "NAME", "keep the Answer in this variable", _name),
    Option(("--image",), "image", "NAME|PATH", "a figure, picture, bytes or file to send along",
           many=True),
    Option(("--thread",), "thread", "NAME",
           "a conversation: what was said in it is sent along and remembered"),
    Option(("--new",), "new", None, "forget what the thread holds, then ask"),
    Option(("--history",), "history", "N|off", "how many earlier exchanges are sent along",
           _exchanges, values=("off",)),
    Option(("--compare",), "compare", "M1,M2,…", "the same prompt to several models, side by side",
           _models),
    Option(("--max-cost",), "max_cost", "USD",
           "refuse the call, or limit its answer, so that the cell costs no more", _dollars),
    Option(("--dry-run",), "dry_run", None,
           "show the final prompt, redactions, tokens and estimated cost; send nothing"),
    Option(("--purpose",), "purpose", "TEXT", "what the call is for"),
    Option(("--tag",), "tag", "K=V", "recorded with the call", _tag, many=True),
    Option(("--no-cache",), "no_cache", None, "do not answer from the gateway's cache"),
    Option(("--no-stream",), "no_stream", None, "show the answer when it is complete"),
    Option(("--no-interpolate",), "no_interpolate", None, "leave {{…}} as it is"),
)  # fmt: skip

BY_FLAG: dict[str, Option] = {flag: option for option in OPTIONS for flag in option.flags}

LATER: dict[str, str] = {
    "--index": "--index comes with retrieval, which this version does not have yet",
    "-k": "-k belongs to --index, which comes with retrieval: this version does not have it yet",
    "--attach": "--attach comes with retrieval, which this version does not have yet; "
    "for text use {{variable}}, for pictures --image",
}
"""Options of the full design that are refused until they work."""
