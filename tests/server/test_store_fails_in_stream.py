"""T28: the store fails while an answer is streamed, over real sockets and a real store."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from typing import Any

import aiohttp
import orjson
import pytest
from jupyter_mesh_server.service import Service

from jupyter_mesh.config import Config
from jupyter_mesh.storage import writer
from jupyter_mesh.testing.fake_openai import Behaviour, FakeOpenAI

from .conftest import bearer, new_session

OWNER = "token-of-the-owner"
ASKED = {"model": "up/m", "messages": [{"role": "user", "content": "Go on"}]}


def config_of(upstream: FakeOpenAI) -> Config:
    """A budget that reserves so little that a long answer must top it up."""
    model = {"price": {"input": 1, "output": 10}}
    up = {
        "provider": "openai_compatible",
        "base_url": upstream.base_url,
        "residency": "local",
        "models": {"m": model},
    }
    budget = {"limit_usd": 100, "reserve_output_tokens": 100}
    return Config.model_validate({"connections": {"up": up}, "budgets": [budget], "offers": False})


async def recorded(service: Service, session: aiohttp.ClientSession) -> dict[str, Any]:
    """The one call, once the store has its end."""
    while True:
        async with session.get(f"{service.url}api/calls", headers=bearer(OWNER)) as reply:
            if reply.status == 200:
                (call,) = (await reply.json())["calls"]
                if call["outcome"] != "pending":
                    return call
        await asyncio.sleep(0.02)


async def test_the_stream_ends_with_an_error_and_is_charged_for_what_came(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "BUSY_MS", 50)
    monkeypatch.setattr(writer, "_PROBE_SECONDS", 0.05)
    with FakeOpenAI() as upstream:
        upstream.default = Behaviour(text="word " * 3000, piece_delay=0.002)
        service = await Service.start(
            config_of(upstream), tmp_path, "127.0.0.1", 0, owner_token=OWNER
        )
        async with new_session() as session:
            url, body = f"{service.url}v1/chat/completions", {**ASKED, "stream": True}
            with closing(sqlite3.connect(tmp_path / "mesh.db", isolation_level=None)) as other:
                async with session.post(url, json=body, headers=bearer(OWNER)) as reply:
                    assert reply.status == 200
                    received = await reply.content.readuntil(b"\n\n")
                    other.execute("BEGIN IMMEDIATE")
                    received += await reply.content.read()
                *pieces, last = received.removesuffix(b"\n\n").split(b"\n\n")
                error = orjson.loads(last.removeprefix(b"data: "))["error"]
                assert error["code"] == "audit_unavailable"
                assert b"[DONE]" not in received
                assert 50 < len(pieces) < 3000
                other.execute("ROLLBACK")
            call = await recorded(service, session)
            assert (call["outcome"], call["error_code"]) == ("failed", "audit_unavailable")
            assert Decimal("0.0005") < Decimal(call["cost_usd"]) < Decimal("0.03")
            async with session.get(f"{service.url}api/budgets", headers=bearer(OWNER)) as reply:
                (budget,) = (await reply.json())["budgets"]
            assert Decimal(budget["held_usd"]) == 0
            assert Decimal(budget["spent_usd"]) == Decimal(call["cost_usd"])
        await service.aclose()
