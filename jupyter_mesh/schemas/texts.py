"""Which strings of a request are text that guards must see, and which are structure or payload.

A string is text unless its place says otherwise, and a name is text unless the API itself gave it:
so no new place for prompts escapes the guards.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import field
from typing import NamedTuple, TypeAlias

from .frozen import frozen
from .held_text import is_unreadable, text_in, with_text
from .json import Json, JsonObject, as_list, as_object, as_str, dig

Change: TypeAlias = Callable[[str], str]


class Contents(NamedTuple):
    """What a request holds, in reading order, repetitions included.

    Attributes:
        texts: What a person or a program wrote: values, long numbers, names the API does not know,
            and what stands in files of text.
        payloads: Images, sound and other files in base64.
        unreadable: Those payloads that no guard can take for text nor for any kind of file.
    """

    texts: tuple[str, ...]
    payloads: tuple[str, ...]
    unreadable: tuple[str, ...] = ()


class _Changes(NamedTuple):
    """What to do with each kind of content."""

    text: Change
    payload: Change
    unreadable: Change


@frozen
class _Place:
    """What may stand somewhere in a body without being text. The items of a list stand where the
    list does. Of `files` and of what is `sealed` what they hold may be text. Numbers from `numbers`
    on are text, since they may be somebody's.
    """

    fields: Mapping[str, _Place] = field(default_factory=dict[str, "_Place"])
    structure: re.Pattern[str] | None = None
    payload: re.Pattern[str] | None = None
    files: bool = False
    sealed: bool = False
    numbers: int = 1_000_000


_UNKNOWN = _Place()
_WORD = _Place(structure=re.compile(r"[a-z][a-z0-9_./+-]{0,63}"))
_KEY = (
    r"(?:[a-z]{0,4}sk|rk|xai|xapp|nvapi|pplx|tvly|pypi|gl[a-z]{1,5}|xox[a-z]|PMAK|GOCSPX|HRKU)-"
    r"|(?:[a-z]{0,4}sk|rk|hf|tgp|r8|jina|lsv2|do[opr]|pscale|sbp?|gh[pousr]|github|npm|rubygems|dckr"
    r"|sntry[su]|gl(?:sa|c)|lin|figd|whsec|shp[a-z]{2}|ntn)_"
    r"|A(?:BSK|GE-|Iza|KIA|SIA|TATT)|IQoJ|SK|dapi|eyJ|sq0|[0-9a-f]{32}-us"
)
"""How keys begin that could pass for an id."""
_ID = _Place(structure=re.compile(rf"(?!{_KEY})[A-Za-z][A-Za-z0-9_-]{{0,127}}"))
_LIFETIME = _Place(structure=re.compile(r"[0-9]{1,3}[mh]"))

_BASE64 = r"[A-Za-z0-9+/]+={0,2}"
_BASE64_URL = r"(?=.{64})[A-Za-z0-9+/_-]+={0,2}"
_MEDIA = r"[A-Za-z]+/[\w.+-]+(?:;[\w.+-]+=[\w.+-]+){0,4}"
_DATA_URL = re.compile(rf"data:{_MEDIA};base64,{_BASE64}", re.ASCII)
_SOUND = re.compile(rf"{_DATA_URL.pattern}|(?=.{{64}}){_BASE64}", re.ASCII)
"""OpenAI takes bare base64 here; what is shorter is no sound."""

_FILE = _Place(payload=_DATA_URL, files=True)
_FETCHED = _Place({"url": _FILE, "detail": _WORD}, payload=_DATA_URL, files=True)
_PART = _Place(
    {
        "type": _WORD,
        "image_url": _FETCHED,
        "video_url": _FETCHED,
        "audio_url": _FETCHED,
        "file": _Place({"file_data": _FILE, "file_id": _ID}),
        "input_audio": _Place({"data": _Place(payload=_SOUND, files=True), "format": _WORD}),
        "cache_control": _Place({"type": _WORD, "ttl": _LIFETIME}),
    }
)
_SEALED = _Place(payload=re.compile(_BASE64_URL, re.ASCII), sealed=True)
_THOUGHTS = _Place(
    {"type": _WORD, "format": _WORD, "model": _ID, "id": _ID, "signature": _SEALED, "data": _SEALED}
)
"""What a model thought, sent back to it: its words, and what only its vendor can read."""
_SIGNED = _Place({"google": _Place({"thought_signature": _SEALED})})
"""What Google signs calls and answers with, where its endpoint of OpenAI's shape has it."""
_TYPED = _Place({"type": _WORD})
_CHOSEN = _Place({"type": _WORD}, structure=_WORD.structure)
_SETTING = _Place(numbers=2**32)
"""Seeds are drawn or read from a clock; cards and accounts are longer."""
_BODY = _Place(
    {
        "model": _Place(structure=re.compile(r"(?s:.*)")),
        "messages": _Place(
            {
                "role": _WORD,
                "content": _PART,
                "tool_call_id": _ID,
                "tool_calls": _Place({"id": _ID, "type": _WORD, "extra_content": _SIGNED}),
                "reasoning_details": _THOUGHTS,
                "extra_content": _SIGNED,
            }
        ),
        "tools": _TYPED,
        "tool_choice": _CHOSEN,
        "response_format": _TYPED,
        "audio": _Place({"voice": _WORD, "format": _WORD}),
        "thinking": _Place({"type": _WORD, "display": _WORD}),
        **dict.fromkeys(("max_completion_tokens", "max_tokens", "seed"), _SETTING),
        **dict.fromkeys(
            ("encoding_format", "modalities", "reasoning_effort", "service_tier", "verbosity"),
            _WORD,
        ),
    }
)

_NAMES = frozenset(
    {
        "additionalProperties", "arguments", "audio", "audio_url", "budget_tokens", "cache_control",
        "content", "data", "default", "description", "detail", "dimensions", "display", "documents",
        "echo", "encoding_format", "enum", "file", "file_data", "file_id", "filename", "format",
        "frequency_penalty", "function", "functions", "id", "image_url", "include_usage", "index",
        "input", "input_audio", "items", "json_schema", "logit_bias", "logprobs",
        "max_completion_tokens", "max_tokens", "messages", "metadata", "modalities", "model", "n",
        "name", "parallel_tool_calls", "parameters", "prediction", "presence_penalty", "prompt",
        "properties", "query", "reasoning_content", "reasoning_details", "reasoning_effort",
        "refusal", "required", "response_format", "role", "schema", "seed", "service_tier",
        "signature", "stop", "store", "stream", "stream_options", "strict", "suffix", "temperature",
        "text", "thinking", "title", "tool_call_id", "tool_calls", "tool_choice", "tools", "top_k",
        "top_logprobs", "top_n", "top_p", "ttl", "type", "url", "user", "verbosity", "video_url",
        "voice",
        # of Google's endpoint
        "extra_content", "google", "thought_signature",
    }
)  # fmt: skip
"""Names the API and JSON Schema give to fields: somebody else's words, wherever they stand."""


def is_payload(text: str) -> bool:
    """Whether `text` is nothing but binary data in a `data:` URL."""
    return text.startswith("data:") and _DATA_URL.fullmatch(text) is not None


def contents(body: JsonObject) -> Contents:
    """What `body` holds."""
    texts: list[str] = []
    payloads: list[str] = []
    unreadable: list[str] = []

    def note_text(text: str) -> str:
        texts.append(text)
        return text

    def note_payload(payload: str) -> str:
        payloads.append(payload)
        return payload

    def note_unreadable(payload: str) -> str:
        unreadable.append(payload)
        return note_payload(payload)

    _changed(body, _BODY, _Changes(note_text, note_payload, note_unreadable))
    return Contents(tuple(texts), tuple(payloads), tuple(unreadable))


def change_contents(body: JsonObject, text: Change, payload: Change) -> JsonObject:
    """A copy with every text and payload changed; the same object when nothing changed."""
    return _object(body, _BODY, _Changes(text, payload, payload))


def split_texts(body: JsonObject) -> Iterator[tuple[str, ...]]:
    """The texts of each message that is given in several parts: a model reads them as one."""
    for message in as_list(body.get("messages")) or ():
        fields = as_object(message) or {}
        parts = as_list(fields.get("content")) or ()
        if len(parts) > 1:
            said = (part if isinstance(part, str) else _text_of(part) for part in parts)
            texts = tuple(text for text in said if text)
            if len(texts) > 1:
                yield texts


def neighbours(body: JsonObject) -> Iterator[tuple[str, str]]:
    """The end of each message and the beginning of the next, and of the next by the same author;
    a prompt and what is to follow it; a name and its value: what is cut between them is still read
    as one.
    """
    for name, value in body.items():
        if name != "messages":
            yield from _pairs(name, value)
    prompt, suffix = as_str(body.get("prompt")), as_str(body.get("suffix"))
    if prompt and suffix:
        yield prompt, suffix
    last: dict[str | None, str] = {}
    before = ""
    for message in as_list(body.get("messages")) or ():
        fields = as_object(message) or {}
        content = fields.get("content")
        parts = [content] if isinstance(content, str) else as_list(content) or ()
        said = (part if isinstance(part, str) else _text_of(part) for part in parts)
        texts = [text for text in said if text]
        if texts:
            role = as_str(fields.get("role"))
            for earlier in dict.fromkeys((before, last.get(role, ""))):
                if earlier:
                    yield earlier, texts[0]
            before = last[role] = texts[-1]


def _pairs(name: str, value: Json) -> Iterator[tuple[str, str]]:
    """Names that are somebody's own, and the texts they are names of."""
    if isinstance(value, str):
        if name and value and name not in _NAMES:
            yield name, value
    elif isinstance(value, dict):
        for inner, item in value.items():
            yield from _pairs(inner, item)
    elif isinstance(value, list):
        kinds = (dict, list) if name in _NAMES else (dict, list, str)
        for item in value:
            if type(item) in kinds:  # there may be very many numbers
                yield from _pairs(name, item)


def _text_of(part: Json) -> str | None:
    if isinstance(text := dig(part, "text"), str):
        return text
    held = dig(part, "file", "file_data")
    return text_in(held) if isinstance(held, str) else None


def _changed(value: Json, place: _Place, to: _Changes) -> Json:
    """`value` with every text and payload changed; identity is kept where nothing changed."""
    if isinstance(value, str):
        return _string(value, place, to)
    if isinstance(value, dict):
        return _object(value, place, to)
    if isinstance(value, list):
        items = [_changed(item, place, to) for item in value]
        return items if any(a is not b for a, b in zip(items, value, strict=True)) else value
    if isinstance(value, int | float) and abs(value) >= place.numbers:
        whole = isinstance(value, float) and value.is_integer()
        written = str(int(value) if whole else value)
        new = to.text(written)
        return value if new == written else new
    return value


def _string(value: str, place: _Place, to: _Changes) -> str:
    if place.structure is not None and place.structure.fullmatch(value):
        return value
    if (place.files or place.sealed) and (held := text_in(value)) is not None:
        new = to.text(held)
        return value if new == held else with_text(value, new)
    if place.files and is_unreadable(value):
        return to.unreadable(value)
    if place.payload is not None and place.payload.fullmatch(value):
        return to.payload(value)
    new = to.text(value)
    return value if new == value else new


def _object(value: JsonObject, place: _Place, to: _Changes) -> JsonObject:
    changed = False
    pairs: JsonObject = {}
    for name, item in value.items():
        new_name = name if name in _NAMES else to.text(name)
        pairs[new_name] = new = _changed(item, place.fields.get(name, _UNKNOWN), to)
        changed = changed or new is not item or new_name != name
    return pairs if changed else value
