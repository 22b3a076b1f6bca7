"""Every field in which a client can send a string or a model answer with one, as the vendors' own
clients declare them, and what becomes of it: `python -m tests.schemas.api_fields` writes the table
that `test_api_fields.py` holds.
"""

from __future__ import annotations

import types
import typing
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin

import orjson
from anthropic.types import message_create_params
from jupyter_mesh_server.messages_request import chat_body as from_messages
from jupyter_mesh_server.openai_shapes import InputRequest, RerankRequest
from jupyter_mesh_server.responses_request import chat_body as from_responses
from openai.types import (
    Completion,
    completion_create_params,
    embedding_create_params,
    moderation_create_params,
)
from openai.types.chat import ChatCompletion, ChatCompletionChunk
from openai.types.chat import completion_create_params as chat_create_params
from openai.types.responses import response_create_params
from pydantic import BaseModel
from typing_extensions import get_type_hints, is_typeddict

from jupyter_mesh.errors import MeshError
from jupyter_mesh.pipeline.chunks import texts
from jupyter_mesh.schemas.request import Operation, Request, parse_request

TABLE = Path(__file__).with_name("api_fields.txt")
MAIL = "bob@corp.com"
WORD = "codename"
"""What may pass for a word of the API."""
Wrap = Callable[[Any], Any]

_HI = [{"role": "user", "content": "hi"}]


class Api(typing.NamedTuple):
    """A route's body as its client declares it, one that is valid, and how it is read."""

    declared: Any
    valid: dict[str, Any]
    read: Callable[[dict[str, Any]], Request]


def _as(operation: Operation) -> Callable[[dict[str, Any]], Request]:
    return lambda body: parse_request(operation, body)


APIS: Mapping[str, Api] = {
    "/v1/chat/completions": Api(
        chat_create_params.CompletionCreateParamsNonStreaming,
        {"messages": _HI},
        _as(Operation.CHAT),
    ),
    "/v1/completions": Api(
        completion_create_params.CompletionCreateParamsNonStreaming,
        {"prompt": "hi"},
        _as(Operation.COMPLETION),
    ),
    "/v1/responses": Api(
        response_create_params.ResponseCreateParamsNonStreaming,
        {"input": "hi"},
        lambda body: parse_request(Operation.CHAT, {"model": "m", **from_responses(body)}),
    ),
    "/anthropic/v1/messages": Api(
        message_create_params.MessageCreateParamsNonStreaming,
        {"messages": _HI, "max_tokens": 9},
        lambda body: parse_request(Operation.CHAT, {"model": "m", **from_messages(body)}),
    ),
    "/anthropic/v1/messages/count_tokens": Api(None, {}, _as(Operation.CHAT)),
    "/v1/embeddings": Api(
        embedding_create_params.EmbeddingCreateParams, {"input": "hi"}, _as(Operation.EMBEDDING)
    ),
    "/v1/moderations": Api(
        moderation_create_params.ModerationCreateParams, {"input": "hi"}, _as(Operation.MODERATION)
    ),
    "/v1/rerank": Api(RerankRequest, {"query": "hi", "documents": ["a"]}, _as(Operation.RERANK)),
    "/v1/classify": Api(InputRequest, {"input": "hi"}, _as(Operation.CLASSIFY)),
}
"""Of all routes that read a body for a model; `count_tokens` reads that of `messages`."""


ANSWERS: Mapping[str, tuple[Any, ...]] = {
    "/v1/chat/completions answer": (ChatCompletion, ChatCompletionChunk),
    "/v1/completions answer": (Completion,),
}
"""The other APIs' answers are made of these."""


def table() -> list[str]:
    """`ROUTE FIELD: FATE`, in order, of all that is passed on."""
    fates = [*_fates(), *_answers()]
    passed = [one for one in fates if one[2] not in ("refused", "left out")]
    return sorted({f"{route} {path}: {fate}" for route, path, fate in passed})


def _answers() -> Iterator[tuple[str, str, str]]:
    for route, declared in ANSWERS.items():
        for one in declared:
            for path, wrap in strings(one, "", lambda value: value, ()):
                read = any(MAIL in text for _, _, text in texts(wrap(MAIL)))
                yield route, path.replace("<", " <", 1).strip(), "text" if read else "not read"


def _fates() -> Iterator[tuple[str, str, str]]:
    for route, api in APIS.items():
        if api.declared is None:
            continue
        for name, hint in _fields(api.declared).items():
            for path, wrap in strings(hint, name, lambda value: value, ()):
                fates = [
                    _fate(api, {"model": "m", **api.valid, name: wrap(planted)}, planted)
                    for planted in (MAIL, WORD)
                ]
                yield route, path, _named(*fates)


def _fate(api: Api, body: dict[str, Any], planted: str) -> str:
    try:
        request = api.read(body)
    except MeshError:
        return "refused"
    if any(planted in text for text in request.texts()):
        return "text"
    if any(planted in one for one in request.contents.unreadable):
        return "refused under a rule"
    return "passes" if planted in orjson.dumps(request.body).decode() else "left out"


def _named(mail: str, word: str) -> str:
    if mail == word:
        return mail
    return "text, but for words of the API" if mail == "text" else f"{mail}; a word: {word}"


def _fields(declared: Any) -> dict[str, Any]:
    if _is_model(declared):
        return {name: field.annotation for name, field in declared.model_fields.items()}
    return get_type_hints(declared, include_extras=True)


def strings(hint: Any, path: str, wrap: Wrap, above: tuple[Any, ...]) -> Iterator[tuple[str, Wrap]]:
    """Where a string may stand in what is so declared, and how to build the value around it."""
    hint = _bare(hint)
    origin, arguments = get_origin(hint), get_args(hint)
    if hint is str or hint in (object, Any) or origin is Literal:
        if origin is not Literal or any(isinstance(one, str) for one in arguments):
            yield path, wrap
    elif origin in (Union, types.UnionType):
        for one in arguments:
            yield from strings(one, path, wrap, above)
    elif is_typeddict(hint) or _is_model(hint):
        if above.count(hint) < 1:
            yield from _of_object(hint, path, wrap, (*above, hint))
    elif origin is dict:
        yield f"{path}.{{name}}", lambda value: wrap({value: 1})
        yield from strings(arguments[1], f"{path}.*", lambda value: wrap({"k": value}), above)
    elif arguments and origin is not None:
        yield from strings(arguments[0], f"{path}[]", lambda value: wrap([value]), above)


def _of_object(
    hint: Any, path: str, wrap: Wrap, above: tuple[Any, ...]
) -> Iterator[tuple[str, Wrap]]:
    label = f"{path}<{hint.__name__}>"
    for name, item in _fields(hint).items():

        def around(value: Any, name: str = name) -> Any:
            return wrap({**_sample(hint), name: value})

        yield from strings(item, f"{label}.{name}", around, above)


def _is_model(hint: Any) -> bool:
    return isinstance(hint, type) and issubclass(hint, BaseModel)


def _bare(hint: Any) -> Any:
    while get_origin(hint) in (typing.Required, typing.NotRequired, typing.Annotated):
        hint = get_args(hint)[0]
    if isinstance(hint, typing.TypeAliasType if hasattr(typing, "TypeAliasType") else ()):
        return _bare(hint.__value__)
    return hint


def _sample(hint: Any) -> Any:
    """A value as it is declared, as small as possible."""
    hint = _bare(hint)
    origin, arguments = get_origin(hint), get_args(hint)
    if is_typeddict(hint):
        fields = _fields(hint).items()
        return {name: _sample(one) for name, one in fields if get_origin(one) is typing.Required}
    if origin is Literal:
        return arguments[0]
    if origin in (Union, types.UnionType):
        return _sample(str if str in arguments else arguments[0])
    if hint is str:
        return "x"
    if _is_model(hint):
        return {}
    if hint in (int, float):
        return 1
    if hint is bool:
        return True
    return {} if origin is dict or hint is object else []


if __name__ == "__main__":
    TABLE.write_text("\n".join(table()) + "\n", "utf-8")
