"""What every provider must keep, as tests a plugin author subclasses.

    class TestAcme(ProviderContract):
        model = "acme-1"

        @asynccontextmanager
        async def open(self) -> AsyncGenerator[Provider]:
            provider = Acme(Acme.Config(), provider_context())
            yield provider
            await provider.aclose()

They need pytest and nothing else: every test runs an event loop of its own. The cases of
`conformance` are among them; say in `cannot` what your API does not have.
"""

from __future__ import annotations

import asyncio
import base64
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, aclosing, suppress
from copy import deepcopy
from typing import ClassVar
from urllib.parse import quote

import orjson
import pytest
from pydantic import ValidationError

from ..errors import InvalidRequest, ProviderRejected
from ..schemas.catalog import Capability
from ..schemas.events import Answer, Chunk, Event, Finished, Metered
from ..schemas.json import Json, JsonObject, as_list, as_str, dig
from ..schemas.request import Operation
from ..spi.provider import Attempt, Provider
from .attempts import attempt
from .conformance import CASES, Case
from .fake_upstream import FakeUpstream
from .outcome import Outcome, try_out

_PARALLEL = 8


class ProviderContract(ABC):
    """The contract of `spi.Provider`: events in order, one final count, prompt closing.

    Attributes:
        title: What the table of capabilities calls the provider; empty: it is not in the table.
        model: The provider's own name of a chat model that the opened provider can reach.
        embedding_model: One that embeds, if there is any.
        rerank_model: One that ranks documents, if there is any.
        completion_model: One that goes on with a text, if there is any.
        cannot: Capabilities (`conformance.CAPABILITIES`) that the vendor's API does not have. They
            must be refused, or left out with a notice.
        body: Fields to add to every chat request.
        seconds: How long any one answer may take.
    """

    title: ClassVar[str] = ""
    model: ClassVar[str]
    embedding_model: ClassVar[str | None] = None
    rerank_model: ClassVar[str | None] = None
    completion_model: ClassVar[str | None] = None
    cannot: ClassVar[frozenset[str]] = frozenset()
    body: ClassVar[dict[str, Json]] = {}
    seconds: ClassVar[float] = 60.0

    @abstractmethod
    def open(self) -> AbstractAsyncContextManager[Provider]:
        """A provider that works, with whatever it needs behind it, closed on leaving."""

    def upstream(self) -> FakeUpstream | None:
        """What stands in for the vendor behind the provider that is open; None: nothing that can be
        told what to answer. Override where there is one.
        """
        return None

    @pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
    def test_a_provider(self, case: Case) -> None:
        async def check(provider: Provider) -> None:
            for streams in case.modes:
                await self._conform(provider, case, streams)

        self._run(check)

    async def assert_upstream_closed(self, provider: Provider) -> None:
        """Assert that `provider` has nothing under way upstream. Override where that shows."""
        return

    def test_a_whole_answer_is_one_answer_a_count_and_an_end(self) -> None:
        async def check(provider: Provider) -> None:
            events = await _events(provider, self._attempt())
            kinds = [type(event) for event in events]
            assert kinds == [Answer, Metered, Finished], f"events came as {kinds}"
            answer = events[0]
            assert isinstance(answer, Answer)
            assert as_list(answer.data.get("choices")), "the answer has no choices"
            assert dig(answer.data, "choices", 0, "message", "role") == "assistant"
            _check_raw(answer)
            _check_count(events)

        self._run(check)

    def test_a_stream_is_chunks_a_count_and_an_end(self) -> None:
        async def check(provider: Provider) -> None:
            events = await _events(provider, self._attempt(stream=True))
            assert isinstance(events[-1], Finished), "the last event must be Finished"
            assert sum(isinstance(event, Finished) for event in events) == 1
            assert not any(isinstance(event, Answer) for event in events)
            chunks = [event for event in events if isinstance(event, Chunk)]
            assert _text(chunks), "no text was streamed"
            for chunk in chunks:
                _check_raw(chunk)
                assert chunk.usage_only <= (not chunk.data.get("choices"))
            _check_count(events)

        self._run(check)

    def test_a_stream_says_what_a_whole_answer_says_about_its_shape(self) -> None:
        async def check(provider: Provider) -> None:
            events = await _events(provider, self._attempt(stream=True))
            chunks = [event for event in events if isinstance(event, Chunk)]
            reasons = [dig(chunk.data, "choices", 0, "finish_reason") for chunk in chunks]
            assert any(reasons), "no chunk says why the answer ended"
            kinds = {str(chunk.data.get("object")) for chunk in chunks}
            assert kinds == {"chat.completion.chunk"}, f"objects are {kinds}"

        self._run(check)

    def test_closing_after_the_first_chunk_stops_the_upstream_and_leaves_the_provider_usable(
        self,
    ) -> None:
        async def check(provider: Provider) -> None:
            async with aclosing(provider.stream(self._attempt(stream=True))) as events:
                async for _ in events:
                    break
            await self.assert_upstream_closed(provider)
            await _events(provider, self._attempt())

        self._run(check)

    def test_cancelling_a_call_stops_it_and_leaves_the_provider_usable(self) -> None:
        async def check(provider: Provider) -> None:
            task = asyncio.ensure_future(_events(provider, self._attempt(stream=True)))
            await asyncio.sleep(0)
            ended = task.done()  # as that of a provider that never has to wait
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
                assert ended, "a cancelled call went on to its end"
            await self.assert_upstream_closed(provider)
            await _events(provider, self._attempt())

        self._run(check)

    def test_many_calls_at_once_keep_apart(self) -> None:
        async def check(provider: Provider) -> None:
            attempts = [self._attempt(stream=bool(number % 2)) for number in range(_PARALLEL)]
            for events in await asyncio.gather(*(_events(provider, one) for one in attempts)):
                assert isinstance(events[-1], Finished)
                _check_count(events)

        self._run(check)

    def test_the_request_is_left_as_it_was(self) -> None:
        async def check(provider: Provider) -> None:
            for stream in (False, True):
                one = self._attempt(stream=stream)
                before = deepcopy(one.request.body)
                await _events(provider, one)
                assert one.request.body == before

        self._run(check)

    def test_facts_name_the_connection_and_the_model(self) -> None:
        async def check(provider: Provider) -> None:
            for facts in await provider.models():
                assert facts.connection == provider.context.connection
                assert facts.id == f"{facts.connection}/{facts.name}"
                assert facts.operations, f"{facts.id} can do nothing"
            chat = provider.facts(self.model)
            assert Operation.CHAT in chat.operations
            assert Capability.STREAM in chat.capabilities

        self._run(check)

    def test_unknown_settings_are_refused(self) -> None:
        async def check(provider: Provider) -> None:
            with pytest.raises(ValidationError):
                type(provider).Config.model_validate({"no_such_setting": 1})

        self._run(check)

    def test_closing_twice_is_harmless(self) -> None:
        async def check(provider: Provider) -> None:
            await provider.aclose()
            await provider.aclose()

        self._run(check)

    def test_embeddings_take_the_same_path(self) -> None:
        model = self.embedding_model

        async def check(provider: Provider) -> None:
            if model is None:
                await self._refuses(provider, Operation.EMBEDDING)
                return
            events = await _events(provider, attempt(Operation.EMBEDDING, model=model))
            assert [type(event) for event in events] == [Answer, Metered, Finished]
            assert isinstance(events[0], Answer)
            vectors = as_list(events[0].data.get("data")) or []
            assert len(vectors) == 2
            assert all(as_list(dig(vector, "embedding")) for vector in vectors)
            _check_count(events)

        self._run(check)

    def test_embeddings_have_the_dimensions_that_are_asked_for(self) -> None:
        model = self.embedding_model
        if model is None:
            return  # refused, as the test above sees

        async def check(provider: Provider) -> None:
            body: JsonObject = {"dimensions": 4}
            one = attempt(Operation.EMBEDDING, body, model=model)
            outcome = await try_out(provider, one, self.upstream())
            if "embedding dimensions" in self.cannot:
                _check_refusal(outcome, body)
                return
            assert outcome.error is None
            assert len(as_list(dig(outcome.answer, "data", 0, "embedding")) or []) == 4

        self._run(check)

    def test_documents_are_ranked_best_first(self) -> None:
        model = self.rerank_model

        async def check(provider: Provider) -> None:
            if model is None:
                await self._refuses(provider, Operation.RERANK)
                return
            events = await _events(provider, attempt(Operation.RERANK, model=model))
            assert [type(event) for event in events] == [Answer, Metered, Finished]
            assert isinstance(events[0], Answer)
            results = as_list(events[0].data.get("results")) or []
            assert [dig(result, "index") for result in results] == [1, 0]
            scores = [dig(result, "relevance_score") for result in results]
            assert all(isinstance(score, float) for score in scores)
            _check_count(events)

        self._run(check)

    def test_a_text_is_gone_on_with(self) -> None:
        model = self.completion_model

        async def check(provider: Provider) -> None:
            if model is None:
                await self._refuses(provider, Operation.COMPLETION)
                return
            events = await _events(provider, attempt(Operation.COMPLETION, model=model))
            assert isinstance(events[0], Answer)
            assert as_str(dig(events[0].data, "choices", 0, "text"))
            _check_count(events)

        self._run(check)

    def test_the_vendor_is_asked_for_its_models(self) -> None:
        async def check(provider: Provider) -> None:
            upstream = self.upstream()
            if upstream is None:
                return
            names = [facts.name for facts in await provider.probe()]
            asked = [one for one in upstream.requests if one.method == "GET"]
            if "list of models" in self.cannot:
                assert not asked
            else:
                assert asked, "nobody was asked"
                assert names, "no model was found"
                assert len(set(names)) == len(names)

        self._run(check)

    async def _conform(self, provider: Provider, case: Case, streams: bool) -> None:
        upstream = self.upstream()
        if upstream is None and case.needs_upstream and case.capability not in self.cannot:
            return
        if upstream is not None:
            upstream.script(case.told)
        one = attempt(
            body={**self.body, **case.body},
            model=self.model,
            stream=streams,
            timeout=case.timeout,
            idle_timeout=case.timeout,
        )
        outcome = await try_out(provider, one, upstream)
        if upstream is not None:
            upstream.forget()
            _check_secrecy(outcome, upstream)
        if case.capability in self.cannot:
            _check_refusal(outcome, case.body)
            return
        if case.raises:
            assert isinstance(outcome.error, case.raises), f"came to {outcome.error!r}"
            assert not any(isinstance(event, Finished) for event in outcome.events)
        else:
            assert outcome.error is None, f"refused: {outcome.error}"
            assert isinstance(outcome.events[-1], Finished)
        if case.check is not None:
            case.check(outcome)

    async def _refuses(self, provider: Provider, operation: Operation) -> None:
        one = attempt(operation, model=self.model)
        outcome = await try_out(provider, one, self.upstream())
        assert outcome.error is not None, f"{operation} is answered, but nothing says that it is"
        assert outcome.error.message
        assert not outcome.received, "it was sent all the same"

    def _attempt(self, *, stream: bool = False) -> Attempt:
        return attempt(body=self.body, model=self.model, stream=stream)

    def _run(self, check: Callable[[Provider], Awaitable[None]]) -> None:
        async def within_time() -> None:
            async with asyncio.timeout(self.seconds), self.open() as provider:
                await check(provider)

        asyncio.run(within_time())


def _check_secrecy(outcome: Outcome, upstream: FakeUpstream) -> None:
    """The credential that was sent stands in no error, however the upstream repeats it."""
    if outcome.error is None:
        return
    for received in outcome.received:
        key = upstream.dialect.credential(received)
        if key:
            shapes = (key, quote(key, safe=""), base64.b64encode(key.encode()).decode())
            assert not any(shape in str(outcome.error) for shape in shapes), "it tells the key"


def _check_refusal(outcome: Outcome, asked: JsonObject) -> None:
    """What the API does not have was refused before anything was sent, or left out with a word, or
    is nothing that one asks for (thoughts that are never shown, tokens never told apart).
    """
    if outcome.error is not None:
        assert isinstance(outcome.error, (InvalidRequest, ProviderRejected)), repr(outcome.error)
        assert not outcome.received, f"it was sent all the same: {outcome.error}"
        return
    wished = [name for name in asked if name not in ("messages", "tools", "stream_options")]
    left_out = outcome.dropped.intersection(wished)
    assert left_out or not wished, f"ignored in silence: {wished}"
    assert wished or "messages" not in asked, "what was said was ignored in silence"


async def _events(provider: Provider, one: Attempt) -> list[Event]:
    async with aclosing(provider.stream(one)) as events:
        return [event async for event in events]


def _check_count(events: Sequence[Event]) -> None:
    """Exactly one final count, right before the end; interim counts only grow."""
    counts = [event for event in events if isinstance(event, Metered)]
    assert [count.final for count in counts].count(True) == 1, "one final Metered is due"
    assert counts[-1].final, "no Metered may follow the final one"
    assert events[-2] is counts[-1], "the final Metered stands right before Finished"
    outputs = [count.usage.output for count in counts[:-1]]
    assert outputs == sorted(outputs), "interim counts must not shrink"
    usage = counts[-1].usage
    assert usage.input > 0, "the prompt has no tokens"
    assert usage.cache_read + usage.cache_write + usage.input_audio <= usage.input
    assert usage.reasoning + usage.output_audio <= usage.output
    assert all(count.cost is None for count in counts), "Price adds the cost, not the provider"


def _check_raw(event: Chunk | Answer) -> None:
    if event.raw is not None:
        assert orjson.loads(event.raw) == event.data, "raw and data differ"
        if isinstance(event, Chunk):
            assert b"\n" not in event.raw, "a chunk's raw text must be one line"


def _text(chunks: Sequence[Chunk]) -> str:
    parts = (as_str(dig(chunk.data, "choices", 0, "delta", "content")) for chunk in chunks)
    return "".join(part for part in parts if part)
