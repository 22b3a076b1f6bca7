"""What every audit sink must keep, as tests a plugin author subclasses.

class TestAcme(AuditSinkContract):
    @asynccontextmanager
    async def open(self) -> AsyncGenerator[Opened]:
        async with a_server() as server:
            yield Opened(Acme(Acme.Config(url=server.url), StaticSecrets()), server.records)
"""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass

import pytest
from pydantic import ValidationError

from ..schemas.json import JsonObject
from ..spi.sink import AuditSink


def record(number: int, text: str = "ok") -> JsonObject:
    """A record as the mesh gives it."""
    call: JsonObject = {
        "id": f"call_{number:04}",
        "started_at": "2026-01-31T12:00:00Z",
        "outcome": "answered",
        "requested_model": "up/m",
        "model": "up/m",
    }
    return {
        "id": f"call_{number:04}",
        "writer": "w",
        "number": number,
        "call": {"summary": call, "error_message": text},
    }


@dataclass(frozen=True, slots=True)
class Opened:
    """A sink, and what has arrived behind it."""

    sink: AuditSink
    arrived: Callable[[], Sequence[JsonObject]]


class AuditSinkContract(ABC):
    """The contract of `spi.AuditSink`.

    Attributes:
        seconds: How long any one batch may take.
        loses: Whether the way there may lose records and not know it.
    """

    seconds: float = 20.0
    loses: bool = False

    @abstractmethod
    def open(self) -> AbstractAsyncContextManager[Opened]:
        """A sink that works, with what is behind it, closed on leaving."""

    @abstractmethod
    def open_broken(self) -> AbstractAsyncContextManager[AuditSink]:
        """A sink behind which nobody takes anything."""

    def test_what_was_written_has_arrived_in_order(self) -> None:
        """All of several batches, when `write` returns."""

        async def check(opened: Opened) -> None:
            await opened.sink.write([record(1), record(2)])
            await opened.sink.write([record(3)])
            await self._arrived(opened, 3)
            assert list(opened.arrived()) == [record(1), record(2), record(3)]

        self._run(check)

    def test_any_text_arrives_as_it_is(self) -> None:
        """Line ends, quotes and characters of every plane."""
        odd = record(1, 'a\r\nb\t"c" \\ é 漢 🧶 \x1b[31m <13>1 - ')

        async def check(opened: Opened) -> None:
            await opened.sink.write([odd])
            await self._arrived(opened, 1)
            assert list(opened.arrived()) == [odd]

        self._run(check)

    def test_a_long_record_arrives_whole(self) -> None:
        """One of fifty thousand characters."""
        long = record(1, "x" * 50_000)

        async def check(opened: Opened) -> None:
            await opened.sink.write([long])
            await self._arrived(opened, 1)
            assert list(opened.arrived()) == [long]

        self._run(check)

    def test_what_is_not_taken_raises(self) -> None:
        """Else the mesh would not send it again."""
        if self.loses:
            pytest.skip("its transport tells of no loss")

        async def check() -> None:
            async with self.open_broken() as sink:
                with pytest.raises(Exception):  # noqa: B017, PT011 whatever it raises
                    await sink.write([record(1)])
                await sink.aclose()

        asyncio.run(asyncio.wait_for(check(), self.seconds))

    def test_a_setting_nobody_knows_is_refused(self) -> None:
        """A mistyped one would be ignored."""

        async def check(opened: Opened) -> None:
            kept = opened.sink.config.model_dump(mode="json")
            with pytest.raises(ValidationError):
                type(opened.sink).Config.model_validate({**kept, "no_such_setting": 1})

        self._run(check)

    async def _arrived(self, opened: Opened, count: int) -> None:
        while self.loses and len(opened.arrived()) < count:  # noqa: ASYNC110 nobody announces it
            await asyncio.sleep(0.01)

    def _run(self, check: Callable[[Opened], Awaitable[None]]) -> None:
        async def work() -> None:
            async with self.open() as opened:
                await check(opened)
                await opened.sink.aclose()

        asyncio.run(asyncio.wait_for(work(), self.seconds))
