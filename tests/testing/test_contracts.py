"""The contract must fail for providers that break it: one way of breaking each test."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from decimal import Decimal

import pytest

from jupyter_mesh.schemas.catalog import ModelFacts
from jupyter_mesh.schemas.events import Answer, Chunk, Event, Events, Finished, Metered
from jupyter_mesh.schemas.json import JsonObject
from jupyter_mesh.schemas.spend import Usage
from jupyter_mesh.spi.provider import Attempt, Provider, ProviderConfig
from jupyter_mesh.testing.attempts import provider_context
from jupyter_mesh.testing.contracts import ProviderContract

MESSAGE: JsonObject = {"role": "assistant", "content": "hi"}
WHOLE: JsonObject = {
    "object": "chat.completion",
    "choices": [{"index": 0, "message": MESSAGE, "finish_reason": "stop"}],
}


def piece(text: str, reason: str | None = None) -> Chunk:
    choice: JsonObject = {"index": 0, "delta": {"content": text}, "finish_reason": reason}
    return Chunk({"object": "chat.completion.chunk", "choices": [choice]})


COUNT = Metered(Usage(input=3, output=2))
GOOD_WHOLE: list[Event] = [Answer(WHOLE), COUNT, Finished()]
GOOD_STREAM: list[Event] = [piece("h"), piece("i", "stop"), COUNT, Finished()]


class Recited(Provider):
    """Yields the events it was given."""

    name = "recited"

    def __init__(self, whole: list[Event], stream: list[Event]) -> None:
        super().__init__(ProviderConfig(), provider_context())
        self.whole, self.streamed = whole, stream

    async def stream(self, attempt: Attempt) -> Events:
        for event in self.streamed if attempt.stream else self.whole:
            await asyncio.sleep(0)
            yield event


class Contract(ProviderContract):
    """Not named `Test…`: pytest is not to collect it."""

    model = "m"
    seconds = 5.0

    def __init__(self, provider: Provider) -> None:
        self.provider = provider

    @asynccontextmanager
    async def open(self) -> AsyncGenerator[Provider]:
        yield self.provider


CHECKS = [
    name
    for name in vars(ProviderContract)
    if name.startswith("test_") and not any(word in name for word in ("embed", "rank", "gone_on"))
]
CHECKS.remove("test_a_provider")


@pytest.mark.parametrize("check", CHECKS)
def test_a_provider_that_keeps_it_passes(check: str) -> None:
    getattr(Contract(Recited(GOOD_WHOLE, GOOD_STREAM)), check)()


WHOLE_CHECK = "test_a_whole_answer_is_one_answer_a_count_and_an_end"
STREAM_CHECK = "test_a_stream_is_chunks_a_count_and_an_end"
SHAPE_CHECK = "test_a_stream_says_what_a_whole_answer_says_about_its_shape"
COSTLY = Metered(Usage(input=3, output=2), cost=Decimal(1))
BROKEN: list[tuple[str, str, list[Event]]] = [
    ("no count", WHOLE_CHECK, [Answer(WHOLE), Finished()]),
    ("two counts", WHOLE_CHECK, [Answer(WHOLE), COUNT, COUNT, Finished()]),
    ("no end", WHOLE_CHECK, [Answer(WHOLE), COUNT]),
    ("count after the end", WHOLE_CHECK, [Answer(WHOLE), Finished(), COUNT]),
    ("a cost", WHOLE_CHECK, [Answer(WHOLE), COSTLY, Finished()]),
    ("no prompt tokens", WHOLE_CHECK, [Answer(WHOLE), Metered(Usage(output=2)), Finished()]),
    ("raw is another", WHOLE_CHECK, [Answer(WHOLE, b"{}"), COUNT, Finished()]),
    ("an answer in a stream", STREAM_CHECK, [Answer(WHOLE), COUNT, Finished()]),
    ("no text", STREAM_CHECK, [piece("", "stop"), COUNT, Finished()]),
    ("shrinking", STREAM_CHECK, [
        piece("a"),
        Metered(Usage(input=3, output=9), final=False),
        Metered(Usage(input=3, output=4), final=False),
        piece("b", "stop"),
        COUNT,
        Finished(),
    ]),
    ("count not last", STREAM_CHECK, [COUNT, piece("a", "stop"), Finished()]),
    ("no reason", SHAPE_CHECK, [piece("a"), COUNT, Finished()]),
]  # fmt: skip


@pytest.mark.parametrize(("check", "events"), [b[1:] for b in BROKEN], ids=[b[0] for b in BROKEN])
def test_a_provider_that_breaks_it_fails(check: str, events: list[Event]) -> None:
    with pytest.raises(AssertionError):
        getattr(Contract(Recited(events, events)), check)()


def test_facts_of_another_connection_fail() -> None:
    class Mistaken(Recited):
        async def models(self) -> list[ModelFacts]:
            return [ModelFacts(id="x/y", connection="x", name="y", provider="recited")]

    contract = Contract(Mistaken(GOOD_WHOLE, GOOD_STREAM))
    with pytest.raises(AssertionError):
        contract.test_facts_name_the_connection_and_the_model()


def test_changing_the_request_fails() -> None:
    class Meddling(Recited):
        async def stream(self, attempt: Attempt) -> Events:
            attempt.request.body["model"] = "another"
            for event in self.whole:
                yield event

    contract = Contract(Meddling(GOOD_WHOLE, GOOD_STREAM))
    with pytest.raises(AssertionError):
        contract.test_the_request_is_left_as_it_was()


def test_hanging_fails() -> None:
    class Hanging(Recited):
        async def stream(self, attempt: Attempt) -> Events:
            await asyncio.sleep(3_600)
            yield Finished()

    contract = Contract(Hanging([], []))
    contract.seconds = 0.2
    with pytest.raises(TimeoutError):
        contract.test_a_whole_answer_is_one_answer_a_count_and_an_end()
