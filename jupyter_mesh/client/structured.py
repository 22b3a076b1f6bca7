"""Answers of a given shape: what to ask of the model, and how to check what came."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from importlib import import_module
from typing import Any

from ..schemas.json import Json, JsonObject, as_list, as_object, as_str
from .errors import MeshClientError


class AnswerInvalid(ValueError):
    """The text does not have the shape asked for; the message says where."""


class Shape:
    """A pydantic model, dataclass or typed dict, a JSON schema, or (None) any JSON.

    Raises:
        MeshClientError: `source` is something else, or a broken JSON schema (`invalid_argument`).
    """

    def __init__(self, source: object = None) -> None:
        self.response_format, self._check = _understand(source)

    def parse(self, text: str) -> Any:
        """The validated value in `text`, which may stand in a code fence or between sentences.

        Raises:
            AnswerInvalid: There is no JSON in it, or it does not fit.
        """
        reason = "it holds no JSON"
        for value in _json_values(text):
            try:
                return self._check(value)
            except AnswerInvalid as failure:
                reason = str(failure)
                break
        raise AnswerInvalid(reason)

    def explain_failure(self, failure: AnswerInvalid) -> MeshClientError:
        """What a person is told when the second attempt failed too."""
        return MeshClientError(
            f"The model's answer does not fit the schema ({failure}), nor did its second attempt: "
            "try another model or a simpler schema.",
            code="invalid_answer",
        )


_Check = Callable[[Json], Any]


def _understand(source: object) -> tuple[JsonObject, _Check]:
    if source is None:
        return {"type": "json_object"}, lambda value: value
    if (schema := as_object(source)) is not None:
        return _response_format(as_str(schema.get("title")), schema), _schema_check(schema)
    if isinstance(source, type) and source not in (str, int, float, bool, list, dict):
        return _class_format(source)
    raise _not_a_schema(f"A {type(source).__name__}")


def _class_format(source: type) -> tuple[JsonObject, _Check]:
    from pydantic import PydanticUserError, TypeAdapter, ValidationError
    from pydantic_core import PydanticCustomError

    try:
        adapter = TypeAdapter[Any](source)
        schema = as_object(adapter.json_schema()) or {}
    except (PydanticUserError, PydanticCustomError) as failure:
        raise _not_a_schema(f"The class {source.__name__}") from failure

    def check(value: Json) -> Any:
        try:
            return adapter.validate_json(json.dumps(value))
        except ValidationError as failure:
            first = failure.errors(include_url=False)[0]
            where = ".".join(str(part) for part in first["loc"])
            raise AnswerInvalid(f"{where or 'the answer'}: {first['msg']}") from failure

    return _response_format(source.__name__, schema), check


def _schema_check(schema: JsonObject) -> _Check:
    jsonschema: Any = import_module("jsonschema")
    nowhere: Any = import_module("referencing").Registry()  # a `$ref` elsewhere is never fetched

    dialect = jsonschema.validators.validator_for(schema, jsonschema.Draft202012Validator)
    try:
        dialect.check_schema(schema)
    except jsonschema.SchemaError as failure:
        raise MeshClientError(
            f"The JSON schema is wrong at {failure.json_path}: {failure.message}.",
            code="invalid_argument",
        ) from failure
    validator = dialect(schema, registry=nowhere)

    def check(value: Json) -> Json:
        failure = jsonschema.exceptions.best_match(validator.iter_errors(value))
        if failure is not None:
            raise AnswerInvalid(f"{failure.json_path}: {failure.message[:200]}")
        return value

    return check


def _response_format(name: str | None, schema: JsonObject) -> JsonObject:
    safe_name = re.sub(r"[^A-Za-z0-9_-]+", "_", name or "answer")[:64]
    return {
        "type": "json_schema",
        "json_schema": {"name": safe_name, "schema": schema, "strict": _strict_ready(schema)},
    }


def _strict_ready(schema: Json) -> bool:
    """Whether strict mode takes it: every object closed, all of its properties required."""
    if (items := as_list(schema)) is not None:
        return all(_strict_ready(item) for item in items)
    if (part := as_object(schema)) is None:
        return True
    properties = as_object(part.get("properties"))
    if part.get("type") == "object" or properties is not None:
        required = {as_str(name) for name in as_list(part.get("required")) or ()}
        if part.get("additionalProperties") is not False or required != set(properties or ()):
            return False
    return all(_strict_ready(value) for name, value in part.items() if name != "default")


_FENCE = re.compile(r"```[\w-]*\s*\n(.*?)```", re.DOTALL)


def _json_values(text: str) -> Iterator[Json]:
    """JSON values in `text`, the likeliest first."""
    for candidate in (text, *(match.group(1) for match in _FENCE.finditer(text))):
        try:
            yield json.loads(candidate)
        except ValueError:
            continue
    decoder = json.JSONDecoder()
    for start in (match.start() for match in re.finditer(r"[\[{]", text)):
        try:
            value, _ = decoder.raw_decode(text, start)
        except ValueError:
            continue
        yield value
        return


def _not_a_schema(what: str) -> MeshClientError:
    return MeshClientError(
        f"{what} is no schema: give a pydantic model, a dataclass, a TypedDict or a JSON schema.",
        code="invalid_argument",
    )
