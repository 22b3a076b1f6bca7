"""What `echo` says: a short Markdown text about the prompt, or JSON where a schema asks for it."""

from __future__ import annotations

import re
from collections.abc import Iterator

import orjson

from ..errors import ProviderRejected
from ..schemas.json import Json, as_list, as_str, dig
from ..schemas.request import Operation, Request
from .json_instance import Unsatisfiable, json_instance

_PIECES = re.compile(r"\S+\s*|\s+")
_QUOTED = 240


def pieces_of(text: str) -> list[str]:
    """`text` cut after every word and its space; a piece is what `echo` counts as one token."""
    return _PIECES.findall(text)


def answer_texts(request: Request) -> list[str]:
    """One text for each prompt: several only for a completion of several prompts.

    Raises:
        ProviderRejected: The request asks for what only a language model can do.
    """
    if request.operation is Operation.COMPLETION:
        prompts = request.body.get("prompt")
        listed = [prompts] if isinstance(prompts, str) else as_list(prompts) or []
        return [_about(_text_only(prompt), 1, 0) for prompt in listed]
    messages = as_list(request.body.get("messages")) or []
    prompt = next(filter(None, (_said_by_user(one) for one in reversed(messages))), "")
    if asks_for_json(request):
        return [_instance(dig(request.body, "response_format", "json_schema", "schema"), prompt)]
    return [_about(prompt, len(messages), sum(_attachments(one) for one in messages))]


def asks_for_json(request: Request) -> bool:
    """Whether the answer is to be JSON."""
    return dig(request.body, "response_format", "type") in ("json_schema", "json_object")


def _text_only(prompt: Json) -> str:
    if not isinstance(prompt, str):
        raise ProviderRejected(
            "The offline demo reads text, not token numbers: send `prompt` as text.",
            status=400,
            param="prompt",
        )
    return prompt


def _about(prompt: str, messages: int, attachments: int) -> str:
    words = len(prompt.split())
    quote = prompt.strip()[:_QUOTED] + ("…" if len(prompt.strip()) > _QUOTED else "")
    lines = [
        "**Offline demo**: this is `echo`, not a language model. It repeats what it was sent.",
        "",
        *(f"> {line}" for line in quote.splitlines() or ["(nothing)"]),
        "",
        "| messages | words | characters |",
        "|---:|---:|---:|",
        f"| {messages} | {words} | {len(prompt)} |",
    ]
    if attachments:
        lines += ["", f"Attachments it did not look at: {attachments}."]
    return "\n".join(lines)


def _instance(schema: Json, prompt: str) -> str:
    words = " ".join(prompt.split())[:60]
    if schema is None:
        return orjson.dumps({"echo": prompt}).decode()
    try:
        return orjson.dumps(json_instance(schema, words)).decode()
    except Unsatisfiable as error:
        raise ProviderRejected(
            f"The offline demo cannot fill this schema: {error}.",
            status=400,
            param="response_format",
        ) from None


def _said_by_user(message: Json) -> str:
    if dig(message, "role") != "user":
        return ""
    return "\n".join(_texts(dig(message, "content")))


def _texts(content: Json) -> Iterator[str]:
    if isinstance(content, str):
        yield content
    for part in as_list(content) or ():
        if text := as_str(dig(part, "text")):
            yield text


def _attachments(message: Json) -> int:
    parts = as_list(dig(message, "content")) or ()
    return sum(1 for part in parts if dig(part, "type") not in (None, "text"))
