"""Answers in the form that was asked for: JSON, a schema, a pattern."""

from __future__ import annotations

from typing import ClassVar, Literal

import orjson
from pydantic import Field, JsonValue, field_validator

from ..errors import ModerationUnavailable
from ..schemas.json import JsonObject, as_object, dig
from ..spi.guard import GuardConfig, GuardedCall, GuardTools, Judge, Verdict
from .schema_fit import UNDECIDED, SchemaScanner, refers_elsewhere, schema_text

_CATEGORY = "format"
_SAID = frozenset({"content", "text", ""})
"""Parts of an answer that have a form; thoughts and arguments of tools have their own."""
_FENCE = "```"
_NO_SETTINGS: JsonObject = {}


class FormatConfig(GuardConfig):
    """What form an answer must have.

    Attributes:
        json_answer: `asked`: JSON where the request asks for it by `response_format`, after its
            schema; `always`: JSON; `never`: do not look.
        json_schema: A JSON Schema (draft 2020-12) that the answer must fit besides. It refers to
            its own parts only.
        fenced: Take JSON inside a Markdown fence for JSON; without it such an answer, which many
            models give, does not have the form.
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
            if refers_elsewhere(said):
                raise ValueError("a `$ref` that does not begin with `#`: nothing is fetched")
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
        self._tools: GuardTools | None = None

    def start(self, name: str, tools: GuardTools) -> None:
        self._tools = tools

    def categories(self) -> frozenset[str]:
        return frozenset({_CATEGORY})

    async def judge(
        self, text: str, direction: Literal["request", "response"], call: GuardedCall
    ) -> Verdict:
        if direction == "request" or call.part not in _SAID:
            return Verdict(0.0)
        fault = await self._fault(text, call.request.body if call.request is not None else {})
        if fault is None:
            return Verdict(0.0)
        advice = f"Your last answer did not have the form that is needed: {fault}. Answer again."
        return Verdict(1.0, (_CATEGORY,), {_CATEGORY: 1.0}, advice)

    async def _fault(self, text: str, body: JsonObject) -> str | None:
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
        if said.fenced:
            text = _unfenced(text)
        try:
            orjson.loads(text)
        except orjson.JSONDecodeError as error:
            if _unfenced(text) != text:
                return "it is not JSON only, it stands in a Markdown fence"
            return f"it is not JSON only ({error})"
        schema = as_object(dig(body, "response_format", "json_schema", "schema")) if asked else None
        if schema is None and said.json_schema is None:
            return None
        return await self._misfit(schema_text(said.json_schema, schema, text))

    async def _misfit(self, text: str) -> str | None:
        if self._tools is None:
            raise ModerationUnavailable("The guard for the form of answers was not started.")
        [found] = await self._tools.workers.scan(SchemaScanner, _NO_SETTINGS, [text])
        if any(span.entity == UNDECIDED for span in found):
            raise ModerationUnavailable("To hold an answer against its schema took too long.")
        return found[0].entity if found else None


def _unfenced(text: str) -> str:
    """What stands in a Markdown fence around all of `text`, or `text`."""
    inner = text.strip()
    if len(inner) < 2 * len(_FENCE) or not (inner.startswith(_FENCE) and inner.endswith(_FENCE)):
        return text
    language, line_break, said = inner[len(_FENCE) : -len(_FENCE)].partition("\n")
    return said.strip() if line_break and language.strip() in ("", "json") else text
