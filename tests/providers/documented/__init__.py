"""Answers in the forms that vendors' public documentation shows, and what they come to in OpenAI's
shape.

Each names the page whose example it follows: its fields, nulls and events are those of the page;
texts are short, and not all numbers are the page's.
"""

from __future__ import annotations

from dataclasses import dataclass

from jupyter_mesh.schemas.json import Json
from jupyter_mesh.schemas.spend import Usage


@dataclass(frozen=True)
class Exchange:
    """One documented answer.

    Attributes:
        vendor: Who answers.
        page: Where it is documented.
        wire: The answer: JSON, or the events of a stream one after the other.
        usage: Its tokens.
        text: What is said.
        calls: Names and arguments of the tools that it asks for.
        thoughts: What it thought, as far as it shows.
        finish: Why it ends, in OpenAI's word.
        streamed: Whether `wire` is a stream.
        model: That was asked.
    """

    vendor: str
    page: str
    wire: str
    usage: Usage
    text: str = ""
    calls: tuple[tuple[str, Json], ...] = ()
    thoughts: str = ""
    finish: str = "stop"
    streamed: bool = False
    model: str = ""


def sse(*events: str, end: str = "") -> str:
    """Server-sent events of these data, and what stands at the end."""
    return "".join(f"data: {one}\n\n" for one in events) + end


def named(*events: str) -> str:
    """Server-sent events under the names of their types."""
    kinds = (one.split('"type":', 1)[1].split('"')[1] for one in events)
    return "".join(f"event: {kind}\n{sse(one)}" for kind, one in zip(kinds, events, strict=True))
