"""The cases that every provider must pass, whatever its vendor's format: one table.

Each is asked whole and streamed. A capability that a provider lacks must be refused, or left out
with a word about it: never ignored in silence.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from ..errors import (
    ContextTooLong,
    MeshError,
    ProviderProtocolError,
    ProviderRateLimited,
    ProviderRejected,
    ProviderTimeout,
    ProviderUnavailable,
)
from ..schemas.json import Json, JsonObject, dig
from .fake_upstream import Behaviour, Fault
from .outcome import Outcome

Check = Callable[[Outcome], None]
_BREAKING: tuple[Fault, ...] = (
    *("html_error", "wrong_type", "invalid_json", "cut", "reset_before", "reset_after"),
    *("redirect", "gzip_bomb"),
)
_UNREACHABLE = (ProviderUnavailable, ProviderProtocolError)


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One call and what must come of it.

    Attributes:
        name: A sentence's end: "a provider …".
        capability: The column it belongs to in the table of capabilities.
        body: Fields of the request, beside the model.
        told: How the upstream answers, where there is one that can be told.
        check: What must be so of the outcome. It only runs as far as the upstream can be told and
            asked.
        raises: The errors of which one must come instead.
        streams: False: asked whole only. None: streamed only.
        needs_upstream: It means nothing without an upstream that does as it is told.
        timeout: Seconds until the first event, and between two.
    """

    name: str
    capability: str
    body: JsonObject = field(default_factory=dict[str, Json])
    told: Behaviour = field(default_factory=Behaviour)
    check: Check | None = None
    raises: tuple[type[MeshError], ...] = ()
    streams: bool | None = True
    needs_upstream: bool = False
    timeout: float = 20.0

    @property
    def modes(self) -> tuple[bool, ...]:
        """Whether to stream, for each time it is asked."""
        return (True,) if self.streams is None else (False, True) if self.streams else (False,)


def said(text: str) -> Check:
    """The answer has exactly these words, and ended as it should."""

    def check(one: Outcome) -> None:
        assert one.upstream is None or one.text == text
        assert one.reason == "stop"
        assert one.finished.reason == "stop"

    return check


def heard_parameter(name: str, value: Json) -> Check:
    """The upstream was given it."""

    def check(one: Outcome) -> None:
        if (heard := one.heard) is not None:
            assert heard.parameters.get(name) == value

    return check


def heard_turns(*turns: tuple[str, Sequence[str]]) -> Check:
    """The upstream heard these words from these sides."""

    def check(one: Outcome) -> None:
        if (heard := one.heard) is not None:
            joined: list[tuple[str, list[str]]] = []
            for turn in heard.turns:  # a vendor may want one turn of each side after the other
                if joined and joined[-1][0] == turn.role:
                    joined[-1][1].extend(turn.texts)
                else:
                    joined.append((turn.role, [*turn.texts]))
            assert joined == [(role, [*texts]) for role, texts in turns]

    return check


def heard_system(*texts: str) -> Check:
    """The upstream heard these system prompts, in this order."""

    def check(one: Outcome) -> None:
        if (heard := one.heard) is not None:
            told = "\n".join(heard.system)
            places = [told.find(text) for text in texts]
            assert -1 not in places, told
            assert places == sorted(places)
            assert not any(text in said for text in texts for t in heard.turns for said in t.texts)

    return check


def called(*calls: tuple[str, Json]) -> Check:
    """The answer asks for these tools."""

    def check(one: Outcome) -> None:
        assert one.tool_calls == [*calls]
        assert one.reason == "tool_calls"
        assert one.finished.reason == "tool_calls"

    return check


def heard_choice(choice: str) -> Check:
    """The upstream was told to choose tools so."""

    def check(one: Outcome) -> None:
        if (heard := one.heard) is not None:
            if choice == "none" and not heard.tools:
                return  # a vendor without the word is offered no tool
            assert heard.tool_choice == choice

    return check


def _heard_tools(one: Outcome) -> None:
    if (heard := one.heard) is not None:
        assert set(heard.tools) == {"weather", "clock"}
        schema = heard.tools["weather"]
        assert schema["required"] == ["city"], schema
        properties = schema["properties"]
        assert isinstance(properties, dict)
        assert set(properties) == {"city", "days"}


def _heard_results(*results: str) -> Check:
    def check(one: Outcome) -> None:
        if (heard := one.heard) is not None:
            calls = [call for turn in heard.turns for call in turn.calls]
            assert calls == [("weather", {"city": city}) for city in ("Oslo", "Rome")[: len(calls)]]
            told = [text for turn in heard.turns for _, text in turn.results]
            assert [any(result in text for text in told) for result in results] == [True] * len(
                results
            )
            ids = [call for turn in heard.turns for call, _ in turn.results]
            assert ids == (["call_1", "call_2"][: len(ids)] if ids[0] != "weather" else ids)

    return check


def _heard_image(expected: str) -> Check:
    def check(one: Outcome) -> None:
        if (heard := one.heard) is not None:
            assert [image for turn in heard.turns for image in turn.images] == [expected]
            assert [text for turn in heard.turns for text in turn.texts] == ["What is this?"]

    return check


def _heard_any_json(one: Outcome) -> None:
    if (heard := one.heard) is not None:
        assert heard.schema is not None


def _heard_schema(one: Outcome) -> None:
    if (heard := one.heard) is not None:
        assert heard.schema is not None
        properties = heard.schema.get("properties")
        assert isinstance(properties, dict)
        assert set(properties) == {"city"}


def _counted(one: Outcome) -> None:
    usage = one.usage
    assert (usage.input, usage.output, usage.estimated) == (100, 30, False)


def _counted_cached(one: Outcome) -> None:
    assert (one.usage.input, one.usage.cache_read, one.usage.output) == (100, 60, 30)


def _counted_reasoning(one: Outcome) -> None:
    assert (one.usage.output, one.usage.reasoning) == (30, 12)


def _usage_is_told_to_the_client(one: Outcome) -> None:
    last = one.chunks[-1] if one.attempt.stream else one.answer
    usage = last.get("usage")
    assert isinstance(usage, dict)
    assert (usage["prompt_tokens"], usage["completion_tokens"]) == (100, 30)


def _thought(one: Outcome) -> None:
    assert one.reasoning == "First this, then that."
    assert one.text == "Therefore."


def _cut(one: Outcome) -> None:
    assert one.reason == "length"
    assert one.finished.reason == "length"


def _blocked(one: Outcome) -> None:
    assert one.reason == "content_filter"
    assert one.finished.reason == "content_filter"


def _heard_effort(one: Outcome) -> None:
    if (heard := one.heard) is not None:
        assert heard.parameters.get("reasoning_effort")


def _likelihoods(one: Outcome) -> None:
    answers = one.chunks if one.attempt.stream else [one.answer]
    assert any(dig(answer, "choices", 0, "logprobs", "content", 0, "logprob") for answer in answers)


def _two_answers(one: Outcome) -> None:
    assert one.choices == 2


def _wait(seconds: float) -> Check:
    def check(one: Outcome) -> None:
        assert one.error is not None
        assert one.error.retry_after == seconds

    return check


def _status(status: int) -> Check:
    def check(one: Outcome) -> None:
        assert isinstance(one.error, ProviderRejected)
        assert one.error.status == status

    return check


def _began_and_broke(one: Outcome) -> None:
    assert one.text, "what had come is lost"
    assert "Hello from the fake server, at your service.".startswith(one.text)


def _unknown_is_told(one: Outcome) -> None:
    """Passed on, or left out with a word; a refusal counts too."""
    if one.error is None and one.upstream is not None and "frobnicate" not in one.dropped:
        assert b"frobnicate" in one.received[-1].body, "a parameter was lost in silence"


def _model_is_asked_for(one: Outcome) -> None:
    if (heard := one.heard) is not None:
        assert heard.model == one.attempt.model


def user(*parts: Json) -> JsonObject:
    """A request that says this."""
    text = parts[0] if len(parts) == 1 and isinstance(parts[0], str) else [*parts]
    return {"messages": [{"role": "user", "content": text}]}


def dialogue(*turns: tuple[str, Json]) -> JsonObject:
    """A request with these messages."""
    return {"messages": [{"role": role, "content": content} for role, content in turns]}


_SCHEMA: JsonObject = {
    "type": "object",
    "properties": {"city": {"type": "string"}},
    "required": ["city"],
    "additionalProperties": False,
}
_WEATHER: JsonObject = {
    "type": "function",
    "function": {
        "name": "weather",
        "description": "The weather in a city.",
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string"}, "days": {"type": "integer"}},
            "required": ["city"],
        },
    },
}
_CLOCK: JsonObject = {
    "type": "function",
    "function": {"name": "clock", "parameters": {"type": "object", "properties": {}}},
}
_TOOLS: JsonObject = {**user("How is it in Oslo?"), "tools": [_WEATHER, _CLOCK]}


_NAMED: JsonObject = {"name": "weather"}
_CHOICES: tuple[tuple[str, str, Json], ...] = (
    ("auto", "tools", "auto"),
    ("none", "no tools", "none"),
    ("required", "tool choice", "required"),
    ("weather", "tool choice", {"type": "function", "function": _NAMED}),
)


def _call(number: int, name: str, arguments: str) -> JsonObject:
    function: JsonObject = {"name": name, "arguments": arguments}
    return {"id": f"call_{number}", "type": "function", "function": function}


_OSLO = _call(1, "weather", '{"city": "Oslo"}')
_ROME = _call(2, "weather", '{"city": "Rome"}')
_ODD = _call(1, "weather", '{"city": "São \\"P\\" \\n 東京", "days": 3, "deep": {"a": [1, null]}}')
_ODD_ARGUMENTS: Json = {"city": 'São "P" \n 東京', "days": 3, "deep": {"a": [1, None]}}


def _after_tools(*calls: JsonObject) -> JsonObject:
    asked: JsonObject = {"role": "assistant", "content": None, "tool_calls": [*calls]}
    results: list[Json] = [
        {"role": "tool", "tool_call_id": call["id"], "content": f"{4 * number + 4} degrees"}
        for number, call in enumerate(calls)
    ]
    question: JsonObject = {"role": "user", "content": "How is it there?"}
    return {"messages": [question, asked, *results], "tools": [_WEATHER]}


PIXEL = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk"
    "+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
"""A picture of one pixel (PNG, base64)."""


def _picture(url: str) -> JsonObject:
    question: JsonObject = {"type": "text", "text": "What is this?"}
    where: JsonObject = {"url": url}
    return user(question, {"type": "image_url", "image_url": where})


def _reported(**details: Json) -> Behaviour:
    usage: dict[str, Json] = {"prompt_tokens": 100, "completion_tokens": 30, "total_tokens": 130}
    return Behaviour(usage={**usage, **details})


_CACHED = _reported(prompt_tokens_details={"cached_tokens": 60})
_REASONED = _reported(completion_tokens_details={"reasoning_tokens": 12})
_PLAIN = "Say hello to the world."
_ODD_TEXT = 'Grüße, 東京 🚀!\n\n```json\n{"a": "b\\n"}\n```\n\u2028end\t"quoted" '
_TOOL_CALL = Behaviour(tool_calls=(_OSLO,))

CASES: tuple[Case, ...] = (
    # What is said.
    Case(name="answers", capability="chat", told=Behaviour(text="Hi."), check=said("Hi.")),
    Case(
        name="passes every character on",
        capability="chat",
        body=user(_ODD_TEXT),
        told=Behaviour(text=_ODD_TEXT),
        check=said(_ODD_TEXT),
    ),
    Case(
        name="passes long answers on",
        capability="chat",
        told=Behaviour(text="many words " * 2_000, burst=True),
        check=said("many words " * 2_000),
    ),
    Case(
        name="puts together what arrives byte by byte",
        capability="chat",
        told=Behaviour(text="Grüße aus 東京.", write_bytes=1),
        check=said("Grüße aus 東京."),
    ),
    Case(
        name="takes signs of life for no answer",
        capability="chat",
        told=Behaviour(fault="comments"),
        check=said(Behaviour().text),
        streams=None,
    ),
    Case(name="asks for the model", capability="chat", check=_model_is_asked_for),
    Case(
        name="passes system prompts on",
        capability="system prompts",
        body=dialogue(("system", "Be brief."), ("user", _PLAIN)),
        check=heard_system("Be brief."),
    ),
    Case(
        name="keeps several system prompts in order",
        capability="system prompts",
        body=dialogue(("system", "Be brief."), ("developer", "Be kind."), ("user", _PLAIN)),
        check=heard_system("Be brief.", "Be kind."),
    ),
    Case(
        name="passes several turns on",
        capability="multi-turn",
        body=dialogue(("user", "One."), ("assistant", "Two."), ("user", "Three.")),
        check=heard_turns(("user", ["One."]), ("assistant", ["Two."]), ("user", ["Three."])),
    ),
    Case(
        name="keeps what one side says twice in a row",
        capability="multi-turn",
        body=dialogue(("user", "One."), ("user", "Two.")),
        check=heard_turns(("user", ["One.", "Two."])),
    ),
    Case(
        name="takes text in parts",
        capability="multi-turn",
        body=user({"type": "text", "text": "One."}, {"type": "text", "text": "Two."}),
        check=heard_turns(("user", ["One.", "Two."])),
    ),
    # How it is said.
    Case(
        name="limits the answer by max_tokens",
        capability="max tokens",
        body={"max_tokens": 3},
        told=Behaviour(text="one two three four five"),
        check=_cut,
    ),
    Case(
        name="limits the answer by max_completion_tokens",
        capability="max tokens",
        body={"max_completion_tokens": 3},
        told=Behaviour(text="one two three four five"),
        check=heard_parameter("max_tokens", 3),
    ),
    Case(
        name="takes a temperature",
        capability="temperature",
        body={"temperature": 0.25},
        check=heard_parameter("temperature", 0.25),
    ),
    Case(
        name="takes a temperature of zero",
        capability="temperature",
        body={"temperature": 0},
        check=heard_parameter("temperature", 0),
    ),
    Case(
        name="takes top_p",
        capability="top_p",
        body={"top_p": 0.5},
        check=heard_parameter("top_p", 0.5),
    ),
    Case(
        name="takes a stop sequence",
        capability="stop",
        body={"stop": "END"},
        check=heard_parameter("stop", ["END"]),
    ),
    Case(
        name="takes several stop sequences",
        capability="stop",
        body={"stop": ["END", "STOP"]},
        check=heard_parameter("stop", ["END", "STOP"]),
    ),
    Case(
        name="takes a seed", capability="seed", body={"seed": 7}, check=heard_parameter("seed", 7)
    ),
    Case(
        name="takes penalties",
        capability="penalties",
        body={"presence_penalty": 0.5, "frequency_penalty": 0.25},
        check=heard_parameter("presence_penalty", 0.5),
    ),
    Case(
        name="takes a wish for more or less thought",
        capability="reasoning effort",
        body={"reasoning_effort": "low"},
        check=_heard_effort,
    ),
    Case(
        name="tells how likely its words were",
        capability="logprobs",
        body={"logprobs": True},
        told=Behaviour(logprobs=True),
        check=_likelihoods,
        needs_upstream=True,
    ),
    Case(name="writes several answers", capability="n", body={"n": 2}, check=_two_answers),
    Case(
        name="loses no parameter in silence",
        capability="chat",
        body={"frobnicate": "yes"},
        check=_unknown_is_told,
    ),
    # Tools.
    Case(name="offers tools", capability="tools", body=_TOOLS, check=_heard_tools),
    Case(
        name="asks for a tool",
        capability="tools",
        body=_TOOLS,
        told=_TOOL_CALL,
        check=called(("weather", {"city": "Oslo"})),
        needs_upstream=True,
    ),
    Case(
        name="keeps every character of a tool's arguments",
        capability="tools",
        body=_TOOLS,
        told=Behaviour(tool_calls=(_ODD,)),
        check=called(("weather", _ODD_ARGUMENTS)),
        needs_upstream=True,
    ),
    Case(
        name="asks for several tools at once",
        capability="parallel tools",
        body=_TOOLS,
        told=Behaviour(tool_calls=(_OSLO, _ROME)),
        check=called(("weather", {"city": "Oslo"}), ("weather", {"city": "Rome"})),
        needs_upstream=True,
    ),
    Case(
        name="passes the result of a tool on",
        capability="tools",
        body=_after_tools(_OSLO),
        check=_heard_results("4 degrees"),
    ),
    Case(
        name="passes the results of several tools on",
        capability="parallel tools",
        body=_after_tools(_OSLO, _ROME),
        check=_heard_results("4 degrees", "8 degrees"),
    ),
    *(
        Case(
            name=f"lets one choose tools: {word}",
            capability=capability,
            body={**_TOOLS, "tool_choice": choice},
            check=heard_choice(word),
        )
        for word, capability, choice in _CHOICES
    ),
    # The shape of the answer.
    Case(
        name="answers in JSON",
        capability="JSON",
        body={**user("Say it in JSON."), "response_format": {"type": "json_object"}},
        told=Behaviour(text='{"city": "Oslo"}'),
        check=_heard_any_json,
    ),
    Case(
        name="answers by a schema",
        capability="JSON schema",
        body={
            **user("Say it in JSON."),
            "response_format": {
                "type": "json_schema",
                "json_schema": {"name": "place", "schema": _SCHEMA, "strict": True},
            },
        },
        told=Behaviour(text='{"city": "Oslo"}'),
        check=_heard_schema,
    ),
    # What is shown.
    Case(
        name="looks at a picture",
        capability="images",
        body=_picture(f"data:image/png;base64,{PIXEL}"),
        check=_heard_image(PIXEL),
    ),
    Case(
        name="looks at a picture on the web",
        capability="image URLs",
        body=_picture("https://example.com/cat.png"),
        check=_heard_image("https://example.com/cat.png"),
    ),
    # Thinking.
    Case(
        name="keeps thoughts apart from the answer",
        capability="reasoning",
        told=Behaviour(reasoning="First this, then that.", text="Therefore."),
        check=_thought,
        needs_upstream=True,
    ),
    Case(
        name="counts thoughts as part of the answer",
        capability="reasoning tokens",
        told=_REASONED,
        check=_counted_reasoning,
        needs_upstream=True,
    ),
    # What it used.
    Case(
        name="counts what the vendor counted",
        capability="usage",
        told=_reported(),
        check=_counted,
        needs_upstream=True,
    ),
    Case(
        name="tells the client what was used",
        capability="usage",
        body={"stream_options": {"include_usage": True}},
        told=_reported(),
        check=_usage_is_told_to_the_client,
        needs_upstream=True,
    ),
    Case(
        name="counts cached tokens within the prompt's",
        capability="cached tokens",
        told=_CACHED,
        check=_counted_cached,
        needs_upstream=True,
    ),
    # How it ends.
    Case(
        name="says when the vendor's filter stopped it",
        capability="safety blocks",
        told=Behaviour(finish_reason="content_filter"),
        check=_blocked,
        needs_upstream=True,
    ),
    Case(
        name="is told when to ask again",
        capability="errors",
        told=Behaviour(fault="rate_limited", retry_after="7"),
        raises=(ProviderRateLimited,),
        check=_wait(7),
        needs_upstream=True,
    ),
    Case(
        name="knows a broken server",
        capability="errors",
        told=Behaviour(fault="server_error"),
        raises=(ProviderUnavailable,),
        needs_upstream=True,
    ),
    Case(
        name="knows a refused key",
        capability="errors",
        told=Behaviour(fault="unauthorized"),
        raises=(ProviderRejected,),
        check=_status(401),
        needs_upstream=True,
    ),
    Case(
        name="knows a refused request",
        capability="errors",
        told=Behaviour(fault="rejected"),
        raises=(ProviderRejected,),
        check=_status(400),
        needs_upstream=True,
    ),
    Case(
        name="knows a prompt that is too long",
        capability="errors",
        told=Behaviour(fault="too_long"),
        raises=(ContextTooLong,),
        needs_upstream=True,
    ),
    Case(
        name="knows an error with status 200",
        capability="errors",
        told=Behaviour(fault="error_in_200"),
        raises=(ProviderUnavailable, ProviderProtocolError),
        needs_upstream=True,
    ),
    *(
        Case(
            name=f"ends clearly: {fault}",
            capability="errors",
            told=Behaviour(fault=fault),
            raises=_UNREACHABLE,
            needs_upstream=True,
        )
        for fault in _BREAKING
    ),
    Case(
        name="ends clearly when an error comes in mid-stream",
        capability="errors",
        told=Behaviour(fault="error_event", piece_delay=0.002),
        raises=_UNREACHABLE,
        check=_began_and_broke,
        streams=None,
        needs_upstream=True,
    ),
    Case(
        name="waits no longer than it should for the first word",
        capability="errors",
        told=Behaviour(fault="stall"),
        raises=(ProviderTimeout,),
        needs_upstream=True,
        timeout=0.3,
    ),
    Case(
        name="waits no longer than it should for the next word",
        capability="errors",
        told=Behaviour(fault="stall_middle"),
        raises=(ProviderTimeout,),
        check=_began_and_broke,
        streams=None,
        needs_upstream=True,
        timeout=0.3,
    ),
)
"""All of them, in the order of the table's columns."""

CAPABILITIES: tuple[str, ...] = (
    *dict.fromkeys(case.capability for case in CASES),
    *("completions", "embeddings", "embedding dimensions", "reranking", "list of models"),
)
"""The columns of the table."""
