"""Answers in the form that was asked for."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from jupyter_mesh.guards.format import Format, FormatConfig
from jupyter_mesh.schemas.json import JsonObject
from jupyter_mesh.schemas.request import Operation, Request
from jupyter_mesh.spi.guard import GuardedCall

SCHEMA: JsonObject = {
    "type": "object",
    "properties": {"city": {"type": "string"}, "people": {"type": "integer"}},
    "required": ["city"],
    "additionalProperties": False,
}
BY_SCHEMA: JsonObject = {"type": "json_schema", "json_schema": {"name": "c", "schema": SCHEMA}}


async def fault(
    answer: str,
    response_format: JsonObject | None = None,
    *,
    part: str = "content",
    **settings: object,
) -> str | None:
    body: JsonObject = {"model": "a/m", "messages": []}
    if response_format is not None:
        body["response_format"] = response_format
    call = GuardedCall("c", Request(Operation.CHAT, body), part)
    judge = Format(FormatConfig.model_validate(settings))
    verdict = await judge.judge(answer, "response", call)
    assert verdict.score in (0.0, 1.0)
    assert verdict.categories == (("format",) if verdict.score else ())
    return verdict.advice if verdict.score else None


@pytest.mark.parametrize(
    ("answer", "asked", "hint"),
    [
        ('{"city": "Rome"}', {"type": "json_object"}, None),
        ("not json", {"type": "json_object"}, "not JSON only"),
        ('Sure: {"city": "Rome"}', {"type": "json_object"}, "not JSON only"),
        ("not json", {"type": "text"}, None),
        ("not json", None, None),
        ('{"city": "Rome", "people": 3}', BY_SCHEMA, None),
        ('{"people": 3}', BY_SCHEMA, "'city' is a required property"),
        ('{"city": "Rome", "people": "many"}', BY_SCHEMA, "['people']"),
        ('{"city": "Rome"', BY_SCHEMA, "not JSON only"),
        ('```json\n{"city": "Rome"}\n```', BY_SCHEMA, "not JSON only"),
        ("[]", {"type": "json_schema", "json_schema": {"schema": {"type": "nonsense"}}}, None),
    ],
)
async def test_what_the_request_asks_for(
    answer: str, asked: JsonObject | None, hint: str | None
) -> None:
    said = await fault(answer, asked)
    assert (said is None) if hint is None else (said is not None and hint in said), said


@pytest.mark.parametrize(
    ("answer", "settings", "wrong"),
    [
        ("x", {"json_answer": "always"}, True),
        ("[1]", {"json_answer": "always"}, False),
        ('{"city": 1}', {"json_schema": SCHEMA}, True),
        ('{"city": "Rome"}', {"json_schema": SCHEMA}, False),
        ('```json\n{"city": "Rome"}\n```', {"json_schema": SCHEMA, "fenced": True}, False),
        ('```\n{"city": 2}\n```', {"json_schema": SCHEMA, "fenced": True}, True),
        ("  short ", {"shortest": 6}, True),
        ("longer", {"shortest": 6}, False),
        ("longer", {"longest": 6}, False),
        ("longest", {"longest": 6}, True),
    ],
)
async def test_what_the_settings_ask_for(
    answer: str, settings: dict[str, object], wrong: bool
) -> None:
    assert (await fault(answer, None, **settings) is not None) == wrong


@pytest.mark.parametrize("part", ["reasoning_content", "arguments", "refusal"])
async def test_thoughts_and_arguments_have_a_form_of_their_own(part: str) -> None:
    assert await fault("x", {"type": "json_object"}, part=part) is None


async def test_it_may_be_told_not_to_look_at_what_is_asked() -> None:
    assert await fault("x", {"type": "json_object"}, json_answer="never") is None


def test_a_schema_that_is_none_is_refused() -> None:
    with pytest.raises(ValidationError, match="no JSON Schema"):
        FormatConfig(json_schema={"type": "nonsense"})


def test_it_needs_the_whole_answer() -> None:
    assert Format.whole
