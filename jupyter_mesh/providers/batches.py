"""Many texts embedded in several calls, for APIs that take only some in one."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from contextlib import aclosing
from dataclasses import replace

from ..errors import MeshError, ProviderError, ProviderProtocolError, ProviderTimeout
from ..schemas.events import Answer, Event, Events, Metered, Notice
from ..schemas.json import Json, JsonObject, as_list, dig
from ..schemas.spend import Usage
from ..spi.provider import Attempt
from .converted import embedding_answer, estimated

_AT_ONCE = 8
"""Calls under way for one request."""


async def embedded(
    attempt: Attempt, texts: Sequence[str], size: int, ask: Callable[[Attempt], Events]
) -> Events:
    """The vectors of `texts`, in their order, as one answer.

    Once a call fails, none is begun any more. What the others used is told before the failure, and
    the request is not sent again: its vendor would charge for those texts twice.

    Args:
        attempt: What was asked.
        texts: Its inputs.
        size: How many of them fit in a call.
        ask: Makes one call, not streamed.

    Raises:
        MeshError: What came first of the calls' failures.
    """
    if len(texts) <= size:
        async with aclosing(ask(attempt)) as events:
            async for event in events:
                yield event
        return
    parts = [texts[at : at + size] for at in range(0, len(texts), size)]
    calls = _Calls(ask)
    answers = await calls.all(_with(attempt, part) for part in parts)
    rows, usage = _joined(answers)
    if not calls.failures and len(rows) != len(texts):
        calls.failures.append(
            ProviderProtocolError(
                f"{attempt.model} sent {len(rows)} vectors for {len(texts)} texts. Try again."
            )
        )
    if calls.failures:
        failure = calls.failures[0]
        if any(answers):
            yield Metered(usage + calls.lost, model=attempt.model)
            if isinstance(failure, ProviderError):
                failure.processed = True
        raise failure
    for event in answers[0]:
        if isinstance(event, Notice):
            yield event
    whole = embedding_answer(attempt, rows, usage)
    yield whole.answer
    yield Metered(whole.usage, model=attempt.model)
    yield whole.finished


class _Calls:
    """The calls for one request.

    Attributes:
        failures: In the order in which they came.
        lost: An estimate of what those of them used that may be charged.
    """

    def __init__(self, ask: Callable[[Attempt], Events]) -> None:
        self._ask = ask
        self._turns = asyncio.Semaphore(_AT_ONCE)
        self.failures: list[MeshError] = []
        self.lost = Usage()

    async def all(self, attempts: Iterable[Attempt]) -> list[list[Event]]:
        """The events of each, in order; none of those that failed or were not begun."""
        tasks = [asyncio.ensure_future(self._one(attempt)) for attempt in attempts]
        try:
            return await asyncio.gather(*tasks)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _one(self, attempt: Attempt) -> list[Event]:
        async with self._turns:
            if self.failures:
                return []
            try:
                async with aclosing(self._ask(attempt)) as events:
                    return [event async for event in events]
            except MeshError as error:
                self.failures.append(error)
                if isinstance(error, ProviderTimeout) or _processed(error):
                    self.lost += estimated(attempt)
                return []


def _processed(error: MeshError) -> bool:
    return isinstance(error, ProviderError) and error.processed


def _with(attempt: Attempt, texts: Sequence[str]) -> Attempt:
    body: JsonObject = {**attempt.request.body, "input": [*texts]}
    return replace(attempt, request=replace(attempt.request, body=body))


def _joined(answers: Iterable[Sequence[Event]]) -> tuple[list[Json], Usage]:
    """The vectors of several answers, and what all of them used."""
    rows: list[Json] = []
    usage = Usage()
    for events in answers:
        for event in events:
            if isinstance(event, Answer):
                found = as_list(event.data.get("data")) or []
                rows += [dig(row, "embedding") for row in found]
            elif isinstance(event, Metered):
                usage += event.usage
    return rows, usage
