"""Answers in the form that was asked for: JSON, a schema, a pattern."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, ClassVar, Literal

import orjson
from pydantic import Field, JsonValue, field_validator

from ..schemas.json import Json, JsonObject, as_object, dig
from ..spi.guard import GuardConfig, GuardedCall, Judge, Verdict

if TYPE_CHECKING:
    from jsonschema.protocols import Validator

_CATEGORY = "format"
_SAID = frozenset({"content", "text", ""})
"""Parts of an answer that have a form; thoughts and arguments of tools have their own."""
_FENCE = re.compile(r"\s*```(?:json)?\s*\n(.*?)\n?\s*```\s*", re.DOTALL)
_LONGEST_REASON = 300


class FormatConfig(GuardConfig):
    """What form an answer must have.

    Attributes:
        json_answer: `asked`: JSON where the request asks for it by `response_format`, after its
            schema; `always`: JSON; `never`: do not look.
        json_schema: A JSON Schema (draft 2020-12) that the answer must fit besides.
        fenced: Take JSON inside a Markdown fence for JSON.
        shortest: Characters, without space around, that it has at least.
        longest: Characters that it has at most.
    """

    json_answer: Literal["asked", "always", "never"] = "asked"
    json_schema: dict[str, JsonValue] | None = None
    fenced: bool = False
    shortest: int = Field(default=0, ge=0)
    longest: int | None = Field(default=None, ge=1)

    @field_validator("json_schema")
    @classmethod
    def _is_a_schema(cls, said: dict[str, JsonValue] | None) -> dict[str, JsonValue] | None:
        if said is not None:
            from jsonschema import Draft202012Validator, SchemaError

            try:
                Draft202012Validator.check_schema(said)
            except SchemaError as error:
                raise ValueError(f"it is no JSON Schema: {error.message}") from None
        return said


class Format(Judge):
    """Judges a whole answer; a wrong form scores 1. For `action: retry` it says what was wrong."""

    Config: type[GuardConfig] = FormatConfig
    name: ClassVar[str] = "format"
    whole: ClassVar[bool] = True

    def __init__(self, config: GuardConfig) -> None:
        super().__init__(config)
        assert isinstance(config, FormatConfig)
        self._settings = config

    async def judge(
        self, text: str, direction: Literal["request", "response"], call: GuardedCall
    ) -> Verdict:
        if direction == "request" or call.part not in _SAID:
            return Verdict(0.0)
        fault = self._fault(text, call.request.body if call.request is not None else {})
        if fault is None:
            return Verdict(0.0)
        advice = f"Your last answer did not have the form that is needed: {fault}. Answer again."
        return Verdict(1.0, (_CATEGORY,), {_CATEGORY: 1.0}, advice)

    def _fault(self, text: str, body: JsonObject) -> str | None:
        said = self._settings
        length = len(text.strip())
        if length < said.shortest:
            return f"it has {length} characters, and {said.shortest} are the least"
        if said.longest is not None and length > said.longest:
            return f"it has {length} characters, and {said.longest} are the most"
        wanted = dig(body, "response_format", "type") in ("json_object", "json_schema")
        asked = wanted and said.json_answer == "asked"
        if not (asked or said.json_answer == "always" or said.json_schema is not None):
            return None
        if said.fenced and (inner := _FENCE.fullmatch(text)):
            text = inner[1]
        try:
            value: Json = orjson.loads(text)
        except orjson.JSONDecodeError as error:
            return f"it is not JSON only ({error})"
        schema = dig(body, "response_format", "json_schema", "schema") if asked else None
        for one in (as_object(schema), said.json_schema):
            if one is not None and (fault := _misfit(value, one)):
                return fault
        return None


def _misfit(value: Json, schema: JsonObject) -> str | None:
    from jsonschema import Draft202012Validator, SchemaError

    try:
        Draft202012Validator.check_schema(schema)
    except SchemaError:
        return None  # the caller's own schema is broken: not the answer's fault
    validator: Validator = Draft202012Validator(schema)
    error = next(iter(validator.iter_errors(value)), None)  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
    if error is None:
        return None
    where = "".join(f"[{step!r}]" for step in error.absolute_path)
    return f"it does not fit the schema at {where or 'its top'}: {error.message[:_LONGEST_REASON]}"
