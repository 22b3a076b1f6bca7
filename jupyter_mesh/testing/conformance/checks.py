"""What must be so of an outcome."""

from __future__ import annotations

from collections.abc import Sequence

from ...errors import ProviderRejected
from ...schemas.json import Json, dig
from ..outcome import Outcome
from .case import Check


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


def heard_tools(one: Outcome) -> None:
    """The upstream heard of both tools, with the schemas of their arguments."""
    if (heard := one.heard) is not None:
        assert set(heard.tools) == {"weather", "clock"}
        schema = heard.tools["weather"]
        assert schema["required"] == ["city"], schema
        properties = schema["properties"]
        assert isinstance(properties, dict)
        assert set(properties) == {"city", "days"}


def heard_results(*results: str) -> Check:
    """The upstream heard which tools had been called, and what they answered."""

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


def heard_image(expected: str) -> Check:
    """The upstream saw this picture, beside the question."""

    def check(one: Outcome) -> None:
        if (heard := one.heard) is not None:
            assert [image for turn in heard.turns for image in turn.images] == [expected]
            assert [text for turn in heard.turns for text in turn.texts] == ["What is this?"]

    return check


def heard_any_json(one: Outcome) -> None:
    """The upstream was told to answer in JSON."""
    if (heard := one.heard) is not None:
        assert heard.schema is not None


def heard_schema(one: Outcome) -> None:
    """The upstream was given the schema."""
    if (heard := one.heard) is not None:
        assert heard.schema is not None
        properties = heard.schema.get("properties")
        assert isinstance(properties, dict)
        assert set(properties) == {"city"}


def counted(one: Outcome) -> None:
    """The count is the vendor's, class by class."""
    usage = one.usage
    assert (usage.input, usage.output, usage.estimated) == (100, 30, False)


def counted_cached(one: Outcome) -> None:
    """Cached tokens are counted, and are part of the prompt's."""
    assert (one.usage.input, one.usage.cache_read, one.usage.output) == (100, 60, 30)


def counted_reasoning(one: Outcome) -> None:
    """Thoughts are counted, and are part of the answer's."""
    assert (one.usage.output, one.usage.reasoning) == (30, 12)


def usage_is_told_to_the_client(one: Outcome) -> None:
    """The answer says in OpenAI's words what was used."""
    last = one.chunks[-1] if one.attempt.stream else one.answer
    usage = last.get("usage")
    assert isinstance(usage, dict)
    assert (usage["prompt_tokens"], usage["completion_tokens"]) == (100, 30)


def thought(one: Outcome) -> None:
    """Thoughts came beside the answer, not in it."""
    assert one.reasoning == "First this, then that."
    assert one.text == "Therefore."


def cut(one: Outcome) -> None:
    """The answer ended because it was long enough."""
    assert one.reason == "length"
    assert one.finished.reason == "length"


def blocked(one: Outcome) -> None:
    """The answer ended because the vendor's filter stopped it."""
    assert one.reason == "content_filter"
    assert one.finished.reason == "content_filter"


def heard_effort(one: Outcome) -> None:
    """The upstream was told how much to think."""
    if (heard := one.heard) is not None:
        assert heard.parameters.get("reasoning_effort")


def likelihoods(one: Outcome) -> None:
    """The answer says how likely its words were."""
    answers = one.chunks if one.attempt.stream else [one.answer]
    assert any(dig(answer, "choices", 0, "logprobs", "content", 0, "logprob") for answer in answers)


def two_answers(one: Outcome) -> None:
    """There are two."""
    assert one.choices == 2


def wait(seconds: float) -> Check:
    """The error says how many seconds to wait."""

    def check(one: Outcome) -> None:
        assert one.error is not None
        assert one.error.retry_after == seconds

    return check


def status(status: int) -> Check:
    """The refusal has the vendor's status."""

    def check(one: Outcome) -> None:
        assert isinstance(one.error, ProviderRejected)
        assert one.error.status == status

    return check


def began_and_broke(one: Outcome) -> None:
    """What had come before it broke was passed on, once."""
    assert one.text, "what had come is lost"
    assert "Hello from the fake server, at your service.".startswith(one.text)


def unknown_is_told(one: Outcome) -> None:
    """Passed on, or left out with a word; a refusal counts too."""
    if one.error is None and one.upstream is not None and "frobnicate" not in one.dropped:
        assert b"frobnicate" in one.received[-1].body, "a parameter was lost in silence"


def model_is_asked_for(one: Outcome) -> None:
    """The upstream was asked for the model by its own name."""
    if (heard := one.heard) is not None:
        assert heard.model == one.attempt.model
