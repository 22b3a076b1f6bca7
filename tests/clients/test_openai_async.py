"""The asynchronous client: many at once, and leaving in the middle."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Any

import openai
import pytest

from jupyter_mesh.testing.fake_openai import Behaviour, FakeOpenAI

from .conftest import Gateway
from .test_openai_client import HELLO, Person

SLOW = Behaviour(text="word " * 2000, piece_delay=0.005)


@asynccontextmanager
async def connect(gateway: Gateway) -> AsyncIterator[openai.AsyncOpenAI]:
    async with openai.AsyncOpenAI(
        base_url=gateway.base_url, api_key=gateway.key, max_retries=0
    ) as client:
        yield client


async def settled(gateway: Gateway, upstream: FakeOpenAI) -> Any:
    """The record of the last call, once the upstream has seen its end."""
    await upstream.wait_for(upstream.requests[-1])
    for _ in range(500):
        call = await asyncio.to_thread(gateway.last_call)
        if call["outcome"] != "pending":
            return call
        await asyncio.sleep(0.01)
    raise TimeoutError("the call stayed open")


async def test_everything_the_synchronous_client_does(
    gateway: Gateway, upstream: FakeOpenAI
) -> None:
    async with connect(gateway) as client:
        whole = await client.chat.completions.create(model="up/m", messages=HELLO)
        assert whole.choices[0].message.content == Behaviour().text
        stream = await client.chat.completions.create(model="up/m", messages=HELLO, stream=True)
        pieces = [c.choices[0].delta.content or "" async for c in stream if c.choices]
        assert "".join(pieces) == Behaviour().text
        parsed = await client.chat.completions.parse(
            model="up/m", messages=HELLO, response_format=Person
        )
        assert isinstance(parsed.choices[0].message.parsed, Person)
        vectors = await client.embeddings.create(model="up/e", input=["a", "b"])
        assert len(vectors.data) == 2
        assert "up/m" in [model.id async for model in client.models.list()]
        with pytest.raises(openai.NotFoundError):
            await client.chat.completions.create(model="up/none", messages=HELLO)


async def test_fifty_streams_at_once_keep_apart(gateway: Gateway) -> None:
    async with connect(gateway) as client:

        async def ask(number: int) -> str:
            message: Any = {"role": "user", "content": f"number {number:03d}"}
            stream = await client.chat.completions.create(
                model="echo/echo", messages=[message], stream=True
            )
            return "".join([c.choices[0].delta.content or "" async for c in stream if c.choices])

        answers = await asyncio.gather(*(ask(number) for number in range(50)))
    for number, answer in enumerate(answers):
        assert f"number {number:03d}" in answer
        assert answer.count("number ") == 1


@pytest.mark.parametrize("how", ["close", "cancel"])
async def test_leaving_a_stream_closes_the_upstream_and_records_what_came(
    gateway: Gateway, upstream: FakeOpenAI, how: str
) -> None:
    upstream.script(SLOW)
    began = asyncio.Event()
    async with connect(gateway) as client:

        async def read() -> None:
            stream = await client.chat.completions.create(model="up/m", messages=HELLO, stream=True)
            words = 0
            async for _ in stream:
                words += 1
                if words == 20:
                    began.set()
                    if how == "close":
                        break
            await stream.close()

        task = asyncio.create_task(read())
        await began.wait()
        if how == "cancel":
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
        else:
            await task
        call = await settled(gateway, upstream)
    assert upstream.requests[-1].end == "client_gone"
    assert upstream.requests[-1].sent_bytes < 200_000
    assert call["outcome"] == "aborted"
    assert call["tokens"]["estimated"] is True
    assert 10 <= call["tokens"]["output"] < 2000
    assert Decimal(call["cost_usd"]) > 0
    everyone = gateway.request("api/budgets").body["budgets"][0]
    assert Decimal(everyone["held_usd"]) == 0


async def test_leaving_before_the_answer_closes_the_upstream_too(
    gateway: Gateway, upstream: FakeOpenAI
) -> None:
    upstream.script(Behaviour(delay=60))
    async with connect(gateway) as client:
        task = asyncio.create_task(client.chat.completions.create(model="up/m", messages=HELLO))
        for _ in range(1000):
            if upstream.requests:
                break
            await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        call = await settled(gateway, upstream)
    assert upstream.requests[-1].end == "client_gone"
    assert call["outcome"] == "aborted"
    assert call["tokens"]["output"] == 0


async def test_a_client_that_gives_up_after_its_timeout_leaves_nothing_running(
    gateway: Gateway, upstream: FakeOpenAI
) -> None:
    upstream.script(Behaviour(delay=60))
    async with connect(gateway) as client:
        with pytest.raises(openai.APITimeoutError):
            await client.chat.completions.create(model="up/m", messages=HELLO, timeout=0.5)
        call = await settled(gateway, upstream)
    assert call["outcome"] == "aborted"
