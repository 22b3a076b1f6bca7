"""Answers in the form that was asked for."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import cast

import pytest
from pydantic import ValidationError

from jupyter_mesh.errors import ModerationUnavailable
from jupyter_mesh.guards.format import Format, FormatConfig
from jupyter_mesh.guards.workers import WorkerPool
from jupyter_mesh.schemas.json import JsonObject
from jupyter_mesh.schemas.request import Operation, Request
from jupyter_mesh.spi.guard import GuardedCall
from jupyter_mesh.spi.happenings import Happening, Happenings
from jupyter_mesh.spi.workers import Workers

from .lent import lent_tools

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
    workers: Workers | None = None,
    settings: JsonObject | None = None,
) -> str | None:
    body: JsonObject = {"model": "a/m", "messages": []}
    if response_format is not None:
        body["response_format"] = response_format
    call = GuardedCall("c", Request(Operation.CHAT, body), part)
    judge = Format(FormatConfig.model_validate(settings or {}))
    judge.start("form", lent_tools(workers))
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
        ('{"people": 3}', BY_SCHEMA, "its top: `required` does"),
        ('{"city": "Rome", "people": "many"}', BY_SCHEMA, "['people']"),
        ('{"city": "Rome"', BY_SCHEMA, "not JSON only"),
        ('```json\n{"city": "Rome"}\n```', BY_SCHEMA, "in a Markdown fence"),
        ('Here:\n```json\n{"city": "Rome"}\n```', BY_SCHEMA, "not JSON only ("),
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
        ('\n``` json \n\n{"city": "Rome"} ```\n', {"json_schema": SCHEMA, "fenced": True}, False),
        ('```yaml\n{"city": "Rome"}\n```', {"json_schema": SCHEMA, "fenced": True}, True),
        ('```{"city": "Rome"}```', {"json_schema": SCHEMA, "fenced": True}, True),
        ("```\n" + "\n" * 100_000, {"json_schema": SCHEMA, "fenced": True}, True),
        ("  short ", {"shortest": 6}, True),
        ("longer", {"shortest": 6}, False),
        ("longer", {"longest": 6}, False),
        ("longest", {"longest": 6}, True),
    ],
)
async def test_what_the_settings_ask_for(answer: str, settings: JsonObject, wrong: bool) -> None:
    assert (await fault(answer, settings=settings) is not None) == wrong


@pytest.mark.parametrize("part", ["reasoning_content", "arguments", "refusal"])
async def test_thoughts_and_arguments_have_a_form_of_their_own(part: str) -> None:
    assert await fault("x", {"type": "json_object"}, part=part) is None


async def test_it_may_be_told_not_to_look_at_what_is_asked() -> None:
    assert await fault("x", {"type": "json_object"}, settings={"json_answer": "never"}) is None


def test_a_schema_that_is_none_is_refused() -> None:
    with pytest.raises(ValidationError, match="no JSON Schema"):
        FormatConfig(json_schema={"type": "nonsense"})


@pytest.mark.parametrize("name", ["$ref", "$dynamicRef"])
@pytest.mark.parametrize("nested", [True, False])
def test_a_schema_that_refers_elsewhere_is_refused(name: str, nested: bool) -> None:
    elsewhere: JsonObject = {name: "https://example.org/schema.json"}
    schema: JsonObject = {"properties": {"a": elsewhere}} if nested else elsewhere
    with pytest.raises(ValidationError, match="nothing is fetched"):
        FormatConfig(json_schema=schema)
    FormatConfig(json_schema={"$ref": "#/$defs/a", "$defs": {"a": {"type": "string"}}})


async def test_the_settings_schema_is_explained_to_the_model_and_a_callers_is_not() -> None:
    told = await fault("{}", settings={"json_schema": SCHEMA})
    assert told is not None
    assert "'city' is a required property" in told
    secretive: JsonObject = {"const": "do as I say"}
    asked: JsonObject = {"type": "json_schema", "json_schema": {"schema": secretive}}
    told = await fault("{}", asked)
    assert told is not None
    assert "`const`" in told
    assert "do as I say" not in told


def asking(schema: JsonObject) -> JsonObject:
    return {"type": "json_schema", "json_schema": {"name": "c", "schema": schema}}


@pytest.mark.filterwarnings("error")
async def test_nothing_that_a_caller_refers_to_is_fetched(tmp_path: Path) -> None:
    file = tmp_path / "schema.json"
    file.write_text('{"const": "from a file"}', "utf-8")
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.2)
        to = f"http://127.0.0.1:{server.getsockname()[1]}/schema"
        for schema in (
            {"$ref": to},
            {"$ref": file.as_uri()},
            {"$dynamicRef": to},
            {"properties": {"a": {"$ref": to}}, "additionalProperties": {"$ref": to}},
            {"$id": to, "$ref": "#/nowhere"},
            {"$id": to, "$ref": "#anchor"},
            {"$schema": to, "allOf": [{"$ref": to}]},
            {"$schema": "http://json-schema.org/draft-04/schema#", "$ref": to},
            {"$id": to, "$recursiveRef": "other"},
        ):
            assert await fault('{"a": 1}', asking(cast(JsonObject, schema))) is None
        with pytest.raises(TimeoutError):
            server.accept()
    assert await fault("1", asking({"$ref": "#/$defs/a", "$defs": {"a": {"const": 2}}}))


DEEP: JsonObject = {
    f"l{n}": {"anyOf": [{"$ref": f"#/$defs/l{n + 1}"}, {"$ref": f"#/$defs/l{n + 1}"}]}
    for n in range(40)
}
SLOW: list[tuple[JsonObject, str]] = [
    ({"pattern": "^(a+)+$"}, '"' + "a" * 64 + '!"'),
    ({"patternProperties": {"^(a+)+$": True}}, '{"' + "a" * 64 + '!": 1}'),
    ({"$ref": "#/$defs/l0", "$defs": {**DEEP, "l40": {"const": 2}}}, "1"),
    ({"$ref": "#"}, "1"),
]


async def test_a_schema_made_to_be_slow_closes_its_own_call_and_no_other() -> None:
    """Without a bound each but the last would take longer than anybody lives."""
    happenings = Happenings()
    told: list[Happening] = []
    happenings.listen(told.append)
    pool = WorkerPool(happenings, count=1)
    try:
        assert await fault("1", asking({"const": 1}), workers=pool) is None
        pids = pool.pids
        for schema, answer in SLOW:
            with pytest.raises(ModerationUnavailable, match="took too long"):
                await fault(answer, asking(schema), workers=pool)
            assert await fault("2", asking({"const": 1}), workers=pool)
        assert (pool.pids, told) == (pids, []), "no process was lost, and nobody was woken"
    finally:
        await pool.aclose()


async def test_an_answer_is_held_against_its_schema_as_a_whole() -> None:
    pool = WorkerPool(Happenings(), count=2)
    try:
        answer = "[" + "1, " * 9_000 + '"x"]'
        numbers: JsonObject = {"items": {"type": "integer"}}
        told = await fault(answer, asking(numbers), workers=pool)
        assert told is not None
        assert "[9000]: `type`" in told
        assert await fault(answer[:-6] + "]", asking(numbers), workers=pool) is None
    finally:
        await pool.aclose()


async def test_a_guard_nobody_started_closes_the_call() -> None:
    judge = Format(FormatConfig(json_schema=SCHEMA))
    with pytest.raises(ModerationUnavailable):
        await judge.judge("{}", "response", GuardedCall("c", None, "content"))


def test_it_needs_the_whole_answer() -> None:
    assert Format.whole
