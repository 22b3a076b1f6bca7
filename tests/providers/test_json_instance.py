from __future__ import annotations

from typing import Literal

import jsonschema
import pytest
from pydantic import BaseModel, Field

from jupyter_mesh.providers.json_instance import Unsatisfiable, json_instance
from jupyter_mesh.schemas.json import Json

SCHEMAS: list[Json] = [
    {"type": "string"},
    {"type": "string", "minLength": 30},
    {"type": "string", "maxLength": 3},
    {"type": "string", "format": "date"},
    {"type": "string", "format": "email"},
    {"type": "string", "format": "uuid"},
    {"type": "string", "pattern": "^[A-Z]{2}-\\d+$", "minLength": 8, "maxLength": 9},
    {"type": "integer"},
    {"type": "integer", "minimum": 5},
    {"type": "integer", "exclusiveMinimum": 5, "exclusiveMaximum": 7},
    {"type": "integer", "maximum": -3},
    {"type": "integer", "minimum": 10, "multipleOf": 7},
    {"type": "number", "exclusiveMinimum": 0.1, "exclusiveMaximum": 0.2},
    {"type": "number", "minimum": -0.5, "maximum": -0.25},
    {"type": "boolean"},
    {"type": "null"},
    {"type": ["null", "integer"]},
    {"enum": ["red", "green"]},
    {"const": {"a": 1}},
    {"type": "array", "items": {"type": "integer"}, "minItems": 3},
    {"type": "array", "items": {"type": "string"}, "minItems": 3, "uniqueItems": True},
    {"type": "array", "items": {"enum": [1, 2, 3]}, "minItems": 3, "uniqueItems": True},
    {
        "type": "array",
        "items": {"type": "integer", "minimum": 5},
        "minItems": 3,
        "uniqueItems": True,
    },
    {"type": "array", "items": {"type": "boolean"}, "minItems": 2, "uniqueItems": True},
    {"type": "array", "prefixItems": [{"type": "integer"}, {"type": "string"}]},
    {"type": "array", "maxItems": 0},
    {"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"]},
    {"type": "object", "required": ["x"], "additionalProperties": {"type": "integer"}},
    {"properties": {"a": {"type": "string"}}, "required": ["a"], "additionalProperties": False},
    {"anyOf": [{"type": "null"}, {"type": "string", "minLength": 2}]},
    {"oneOf": [{"type": "integer"}, {"type": "string"}]},
    {"anyOf": [False, {"type": "integer"}]},
    {
        "allOf": [
            {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]},
            {"properties": {"b": {"type": "integer"}}, "required": ["b"]},
        ]
    },
    {
        "allOf": [{"$ref": "#/$defs/A"}, {"properties": {"b": {"const": 2}}, "required": ["b"]}],
        "$defs": {
            "A": {"type": "object", "properties": {"a": {"const": 1}}, "required": ["a", "b"]}
        },
    },
    {"$ref": "#/$defs/a~1b", "$defs": {"a/b": {"type": "integer"}}},
    {"$ref": "#/$defs/A", "$defs": {"A": {"$ref": "#/$defs/B"}, "B": {"type": "string"}}},
    True,
    {},
]


@pytest.mark.parametrize("schema", SCHEMAS, ids=str)
def test_the_value_satisfies_the_schema(schema: Json) -> None:
    value = json_instance(schema, "some words of the prompt")
    jsonschema.Draft202012Validator(schema).validate(value)
    assert json_instance(schema, "some words of the prompt") == value


class Person(BaseModel):
    name: str
    age: int = Field(ge=0, lt=150)
    email: str | None
    roles: list[Literal["author", "editor"]] = Field(min_length=1)
    score: float = Field(gt=0, lt=1)
    manager: Person | None
    reports: list[Person]
    labels: dict[str, int]
    code: str = Field(pattern=r"^[a-z]+-\d{3}$")


def test_a_recursive_pydantic_model_is_filled() -> None:
    value = json_instance(Person.model_json_schema(), "Ada")
    person = Person.model_validate(value)
    assert person.name == "Ada"
    assert person.roles == ["author"]


IMPOSSIBLE: list[tuple[Json, str]] = [
    (False, "false"),
    ({"type": "spaceship"}, "spaceship"),
    ({"$ref": "#/$defs/missing"}, "nowhere"),
    ({"$ref": "https://example.com/schema"}, "leaves"),
    ({"$ref": "#"}, "deep"),
    ({"$ref": "#/$defs/a", "$defs": {"a": {"$ref": "#/$defs/a"}}}, "deep"),
    ({"allOf": [{"$ref": "#"}]}, "deep|circle"),
    ({"type": "integer", "minimum": 1.2, "maximum": 1.8}, "bounds"),
    ({"type": "number", "minimum": 2, "maximum": 1}, "bounds"),
    ({"type": "array", "minItems": 10**9}, "minItems"),
    ({"type": "string", "minLength": 10**9}, "minLength"),
    ({"type": "string", "pattern": "(?=a)b"}, "pattern"),
    ({"type": "string", "pattern": "^aa$", "minLength": 3}, "pattern"),
    ({"type": "array", "items": {"const": 1}, "minItems": 2, "uniqueItems": True}, "uniqueItems"),
    (
        {
            "type": "array",
            "items": {"type": "integer", "minimum": 0, "maximum": 1},
            "minItems": 3,
            "uniqueItems": True,
        },
        "bounds",
    ),
    ({"anyOf": [False, False]}, "false"),
    ({"type": "object", "required": ["z"], "additionalProperties": False}, "false"),
    (
        {
            "$ref": "#/$defs/a",
            "$defs": {
                "a": {
                    "type": "object",
                    "properties": {"x": {"$ref": "#/$defs/a"}, "y": {"$ref": "#/$defs/a"}},
                    "required": ["x", "y"],
                }
            },
        },
        "large",
    ),
]


@pytest.mark.parametrize(("schema", "reason"), IMPOSSIBLE, ids=lambda value: str(value)[:60])
def test_what_cannot_be_made_is_refused_with_the_reason(schema: Json, reason: str) -> None:
    with pytest.raises(Unsatisfiable, match=reason):
        json_instance(schema)
