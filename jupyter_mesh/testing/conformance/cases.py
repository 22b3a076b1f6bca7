"""The cases that every provider must pass, whatever its vendor's format: one table."""

from __future__ import annotations

from ...errors import (
    ContextTooLong,
    MeshError,
    ProviderProtocolError,
    ProviderRateLimited,
    ProviderRejected,
    ProviderTimeout,
    ProviderUnavailable,
)
from ...schemas.json import Json
from ..fake_upstream import Behaviour, Fault
from .case import Case, Check
from .checks import (
    began_and_broke,
    blocked,
    called,
    counted,
    counted_cached,
    counted_reasoning,
    cut,
    heard_any_json,
    heard_choice,
    heard_effort,
    heard_image,
    heard_parameter,
    heard_results,
    heard_schema,
    heard_system,
    heard_tools,
    heard_turns,
    likelihoods,
    model_is_asked_for,
    said,
    status,
    thought,
    two_answers,
    unknown_is_told,
    usage_is_told_to_the_client,
    wait,
)
from .requests import (
    CHOICES,
    ODD,
    ODD_ARGUMENTS,
    ODD_TEXT,
    OSLO,
    PIXEL,
    PLAIN,
    ROME,
    SCHEMA,
    TOOLS,
    after_tools,
    dialogue,
    picture,
    user,
)

_UNREACHABLE = (ProviderUnavailable, ProviderProtocolError)


def _reported(**details: Json) -> Behaviour:
    usage: dict[str, Json] = {"prompt_tokens": 100, "completion_tokens": 30, "total_tokens": 130}
    return Behaviour(usage={**usage, **details})


_CACHED = _reported(prompt_tokens_details={"cached_tokens": 60})
_REASONED = _reported(completion_tokens_details={"reasoning_tokens": 12})
_TOOL_CALL = Behaviour(tool_calls=(OSLO,))


_FAILURES: tuple[tuple[str, Fault, tuple[type[MeshError], ...], Check | None], ...] = (
    ("is told when to ask again", "rate_limited", (ProviderRateLimited,), wait(7)),
    ("knows a broken server", "server_error", (ProviderUnavailable,), None),
    ("knows a refused key", "unauthorized", (ProviderRejected,), status(401)),
    ("knows a refused request", "rejected", (ProviderRejected,), status(400)),
    ("knows a prompt that is too long", "too_long", (ContextTooLong,), None),
    ("knows an error with status 200", "error_in_200", _UNREACHABLE, None),
    ("knows a page of HTML with an error", "html_error", _UNREACHABLE, None),
    ("knows a page of HTML that should be an answer", "wrong_type", _UNREACHABLE, None),
    ("knows broken JSON", "invalid_json", _UNREACHABLE, None),
    ("knows an answer that was cut off", "cut", _UNREACHABLE, None),
    ("knows a connection reset before the answer", "reset_before", _UNREACHABLE, None),
    ("knows a connection reset in the answer", "reset_after", _UNREACHABLE, None),
    ("follows no redirect", "redirect", _UNREACHABLE, None),
    ("unpacks nothing", "gzip_bomb", _UNREACHABLE, None),
)
CASES: tuple[Case, ...] = (
    # What is said.
    Case(name="answers", capability="chat", told=Behaviour(text="Hi."), check=said("Hi.")),
    Case(
        name="passes every character on",
        capability="chat",
        body=user(ODD_TEXT),
        told=Behaviour(text=ODD_TEXT),
        check=said(ODD_TEXT),
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
    Case(name="asks for the model", capability="chat", check=model_is_asked_for),
    Case(
        name="passes system prompts on",
        capability="system prompts",
        body=dialogue(("system", "Be brief."), ("user", PLAIN)),
        check=heard_system("Be brief."),
    ),
    Case(
        name="keeps several system prompts in order",
        capability="system prompts",
        body=dialogue(("system", "Be brief."), ("developer", "Be kind."), ("user", PLAIN)),
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
        check=cut,
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
        check=heard_effort,
    ),
    Case(
        name="tells how likely its words were",
        capability="logprobs",
        body={"logprobs": True},
        told=Behaviour(logprobs=True),
        check=likelihoods,
        needs_upstream=True,
    ),
    Case(name="writes several answers", capability="n", body={"n": 2}, check=two_answers),
    Case(
        name="loses no parameter in silence",
        capability="chat",
        body={"frobnicate": "yes"},
        check=unknown_is_told,
    ),
    # Tools.
    Case(name="offers tools", capability="tools", body=TOOLS, check=heard_tools),
    Case(
        name="asks for a tool",
        capability="tools",
        body=TOOLS,
        told=_TOOL_CALL,
        check=called(("weather", {"city": "Oslo"})),
        needs_upstream=True,
    ),
    Case(
        name="keeps every character of a tool's arguments",
        capability="tools",
        body=TOOLS,
        told=Behaviour(tool_calls=(ODD,)),
        check=called(("weather", ODD_ARGUMENTS)),
        needs_upstream=True,
    ),
    Case(
        name="asks for several tools at once",
        capability="parallel tools",
        body=TOOLS,
        told=Behaviour(tool_calls=(OSLO, ROME)),
        check=called(("weather", {"city": "Oslo"}), ("weather", {"city": "Rome"})),
        needs_upstream=True,
    ),
    Case(
        name="passes the result of a tool on",
        capability="tools",
        body=after_tools(OSLO),
        check=heard_results("4 degrees"),
    ),
    Case(
        name="passes the results of several tools on",
        capability="parallel tools",
        body=after_tools(OSLO, ROME),
        check=heard_results("4 degrees", "8 degrees"),
    ),
    *(
        Case(
            name=f"lets one choose tools: {word}",
            capability=capability,
            body={**TOOLS, "tool_choice": choice},
            check=heard_choice(word),
        )
        for word, capability, choice in CHOICES
    ),
    # The shape of the answer.
    Case(
        name="answers in JSON",
        capability="JSON",
        body={**user("Say it in JSON."), "response_format": {"type": "json_object"}},
        told=Behaviour(text='{"city": "Oslo"}'),
        check=heard_any_json,
    ),
    Case(
        name="answers by a schema",
        capability="JSON schema",
        body={
            **user("Say it in JSON."),
            "response_format": {
                "type": "json_schema",
                "json_schema": {"name": "place", "schema": SCHEMA, "strict": True},
            },
        },
        told=Behaviour(text='{"city": "Oslo"}'),
        check=heard_schema,
    ),
    # What is shown.
    Case(
        name="looks at a picture",
        capability="images",
        body=picture(f"data:image/png;base64,{PIXEL}"),
        check=heard_image(PIXEL),
    ),
    Case(
        name="looks at a picture on the web",
        capability="image URLs",
        body=picture("https://example.com/cat.png"),
        check=heard_image("https://example.com/cat.png"),
    ),
    # Thinking.
    Case(
        name="keeps thoughts apart from the answer",
        capability="reasoning",
        told=Behaviour(reasoning="First this, then that.", text="Therefore."),
        check=thought,
        needs_upstream=True,
    ),
    Case(
        name="counts thoughts as part of the answer",
        capability="reasoning tokens",
        told=_REASONED,
        check=counted_reasoning,
        needs_upstream=True,
    ),
    # What it used.
    Case(
        name="counts what the vendor counted",
        capability="usage",
        told=_reported(),
        check=counted,
        needs_upstream=True,
    ),
    Case(
        name="tells the client what was used",
        capability="usage",
        body={"stream_options": {"include_usage": True}},
        told=_reported(),
        check=usage_is_told_to_the_client,
        needs_upstream=True,
    ),
    Case(
        name="counts cached tokens within the prompt's",
        capability="cached tokens",
        told=_CACHED,
        check=counted_cached,
        needs_upstream=True,
    ),
    # How it ends.
    Case(
        name="says when the vendor's filter stopped it",
        capability="safety blocks",
        told=Behaviour(finish_reason="content_filter"),
        check=blocked,
        needs_upstream=True,
    ),
    *(
        Case(
            name=name,
            capability="errors",
            told=Behaviour(fault=fault, retry_after="7"),
            raises=raises,
            check=check,
            needs_upstream=True,
        )
        for name, fault, raises, check in _FAILURES
    ),
    Case(
        name="ends clearly when an error comes in mid-stream",
        capability="errors",
        told=Behaviour(fault="error_event", piece_delay=0.002),
        raises=_UNREACHABLE,
        check=began_and_broke,
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
        check=began_and_broke,
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
