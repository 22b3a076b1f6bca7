"""One call of a provider, tried: what came of it, and what its upstream had heard."""

from __future__ import annotations

from contextlib import aclosing
from dataclasses import dataclass, field

import orjson

from ..errors import MeshError
from ..schemas.events import Answer, Chunk, Event, Finished, Metered, Notice
from ..schemas.json import Json, JsonObject, as_int, as_list, as_object, as_str, dig
from ..schemas.spend import Usage
from ..spi.provider import Attempt, Provider
from .fake_upstream import FakeUpstream, Heard, Received


@dataclass(slots=True, kw_only=True)
class Outcome:
    """What came of a call.

    Attributes:
        attempt: What was asked.
        events: In order.
        error: What was raised, if anything was.
        received: What its upstream got, if it has one that tells.
        upstream: That upstream.
    """

    attempt: Attempt
    events: list[Event] = field(default_factory=list[Event])
    error: MeshError | None = None
    received: list[Received] = field(default_factory=list[Received])
    upstream: FakeUpstream | None = None

    @property
    def heard(self) -> Heard | None:
        """What the upstream understood; None where nobody can tell."""
        if self.upstream is None:
            return None
        assert self.received, f"nothing was asked of the upstream: {self.error}"
        return self.upstream.dialect.heard(self.received[-1])

    @property
    def answer(self) -> JsonObject:
        """The whole answer."""
        (answer,) = (event for event in self.events if isinstance(event, Answer))
        return answer.data

    @property
    def chunks(self) -> list[JsonObject]:
        """The chunks of a stream."""
        return [event.data for event in self.events if isinstance(event, Chunk)]

    @property
    def dropped(self) -> set[str]:
        """Parameters that the provider says it left out."""
        notices = (one for one in self.events if isinstance(one, Notice))
        return {
            str(name)
            for notice in notices
            if notice.code == "parameters_dropped"
            for name in as_list((notice.details or {}).get("parameters")) or []
        }

    @property
    def text(self) -> str:
        """The words of the first choice."""
        return self._joined("content")

    @property
    def reasoning(self) -> str:
        """What the model thought."""
        return self._joined("reasoning_content") or self._joined("reasoning")

    @property
    def choices(self) -> int:
        """How many answers there are."""
        if not self.attempt.stream:
            return len(as_list(self.answer.get("choices")) or [])
        choices = [one for data in self.chunks for one in as_list(data.get("choices")) or []]
        return len({as_int(dig(choice, "index")) for choice in choices})

    @property
    def reason(self) -> str | None:
        """Why the first choice ended, in OpenAI's word."""
        if not self.attempt.stream:
            return as_str(dig(self.answer, "choices", 0, "finish_reason"))
        reasons = (dig(chunk, "choices", 0, "finish_reason") for chunk in self.chunks)
        said = [reason for reason in reasons if isinstance(reason, str)]
        assert len(said) <= 1, f"a stream says once why it ended, not {said}"
        return said[0] if said else None

    @property
    def tool_calls(self) -> list[tuple[str, Json]]:
        """Name and arguments of each tool call; every one has an id of its own."""
        calls = self._streamed_calls() if self.attempt.stream else self._whole_calls()
        ids = [as_str(call.get("id")) for call in calls]
        assert all(ids), f"a tool call has no id: {calls}"
        assert len(set(ids)) == len(ids), f"tool calls share an id: {ids}"
        return [
            (
                as_str(dig(call, "function", "name")) or "",
                orjson.loads(as_str(dig(call, "function", "arguments")) or "null"),
            )
            for call in calls
        ]

    @property
    def usage(self) -> Usage:
        """The final count."""
        (final,) = (one for one in self.events if isinstance(one, Metered) and one.final)
        return final.usage

    @property
    def finished(self) -> Finished:
        """The end."""
        last = self.events[-1]
        assert isinstance(last, Finished), f"the last event is {last}"
        return last

    def _joined(self, name: str) -> str:
        if not self.attempt.stream:
            return as_str(dig(self.answer, "choices", 0, "message", name)) or ""
        pieces = (
            as_str(dig(choice, "delta", name))
            for chunk in self.chunks
            for choice in as_list(chunk.get("choices")) or []
            if not as_int(dig(choice, "index"))
        )
        return "".join(piece for piece in pieces if piece)

    def _whole_calls(self) -> list[JsonObject]:
        calls = as_list(dig(self.answer, "choices", 0, "message", "tool_calls")) or []
        return [as_object(call) or {} for call in calls]

    def _streamed_calls(self) -> list[JsonObject]:
        calls: dict[int, JsonObject] = {}
        for chunk in self.chunks:
            for piece in as_list(dig(chunk, "choices", 0, "delta", "tool_calls")) or []:
                number = as_int(dig(piece, "index"))
                assert number is not None, "a piece of a tool call has no index"
                call = calls.setdefault(number, {"id": None, "function": {}})
                call["id"] = call["id"] or as_str(dig(piece, "id"))
                function = as_object(call["function"]) or {}
                name = as_str(function.get("name")) or as_str(dig(piece, "function", "name"))
                so_far = as_str(function.get("arguments")) or ""
                more = as_str(dig(piece, "function", "arguments")) or ""
                call["function"] = {"name": name, "arguments": so_far + more}
        return [calls[number] for number in sorted(calls)]


async def try_out(
    provider: Provider, attempt: Attempt, upstream: FakeUpstream | None = None
) -> Outcome:
    """Ask `provider`, and keep what comes of it, errors too."""
    before = len(upstream.requests) if upstream else 0
    outcome = Outcome(attempt=attempt, upstream=upstream)
    try:
        async with aclosing(provider.stream(attempt)) as events:
            async for event in events:
                outcome.events.append(event)
    except MeshError as error:
        outcome.error = error
    if upstream is not None:
        outcome.received = upstream.requests[before:]
    return outcome
