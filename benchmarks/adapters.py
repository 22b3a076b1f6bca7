"""CPU of our adapters, per call and per event, beside raw HTTP and the vendors' own clients."""

from __future__ import annotations

import json
import time
import urllib.request
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import cast

import aiohttp
from yarl import URL

from jupyter_mesh.schemas.events import Chunk
from jupyter_mesh.spi.provider import Provider
from jupyter_mesh.testing.attempts import attempt

from .processes import start
from .report import Row
from .vendor_upstream import WORDS
from .vendors import PROMPT, VENDORS, Vendor

_ROUNDS = 5


@dataclass(slots=True)
class Sent:
    """A request as our adapter sent it, to be sent again without any adapter."""

    url: URL
    headers: dict[str, str]
    body: bytes


async def adapter_sections(folder: Path, quick: bool) -> dict[str, list[Row]]:
    """A row for each vendor, of whole answers and of streams of 200 words."""
    whole: list[Row] = []
    streams: list[Row] = []
    calls = 20 if quick else 150
    for vendor in VENDORS:
        port_file = folder / f"{vendor.__name__}.port"
        upstream = start(
            ["-m", "benchmarks.vendor_upstream", vendor.name, str(port_file)], port_file, core=1
        )
        try:
            one, two = await _rows(vendor(), f"http://127.0.0.1:{upstream.port}", calls)
        finally:
            upstream.stop()
        whole.append(one)
        streams.append(two)
    return {"adapters, whole answers": whole, f"adapters, streams of {WORDS} words": streams}


async def _rows(vendor: Vendor, address: str, calls: int) -> tuple[Row, Row]:
    provider = vendor.provider(address)
    vendor.connect(address)
    rows: list[Row] = []
    async with aiohttp.ClientSession(auto_decompress=False) as session:
        for stream in (False, True):
            await _ask(provider, vendor.model, stream)
            sent = _last_sent(address)

            async def raw(sent: Sent = sent) -> None:
                async with session.post(sent.url, data=sent.body, headers=sent.headers) as reply:
                    body = await reply.read()
                    assert reply.status == 200, body

            async def adapter(stream: bool = stream) -> None:
                await _ask(provider, vendor.model, stream)

            ways: dict[str, Callable[[], Awaitable[object]]] = {
                "raw HTTP": raw,
                "adapter": adapter,
                "vendor's client": vendor.streamed if stream else vendor.whole,
            }
            rows.append(await _row(vendor.name, ways, calls, WORDS if stream else 1))
    await provider.aclose()
    return rows[0], rows[1]


async def _row(
    name: str, ways: dict[str, Callable[[], Awaitable[object]]], calls: int, parts: int
) -> Row:
    """Contestants take turns, so that what disturbs one disturbs all."""
    seen: dict[str, list[float]] = {way: [] for way in ways}
    for _ in range(_ROUNDS):
        for way, ask in ways.items():
            await ask()
            before = time.process_time()
            for _ in range(calls):
                await ask()
            seen[way].append((time.process_time() - before) / calls)
    costs = {way: median(times) for way, times in seen.items()}
    row: Row = {"vendor": name}
    if parts == 1:
        row |= {f"{way}, CPU ms": cost * 1e3 for way, cost in costs.items()}
    else:
        row |= {f"{way}, CPU us per word": cost * 1e6 / parts for way, cost in costs.items()}
    row["adapter / raw HTTP"] = costs["adapter"] / costs["raw HTTP"]
    row["vendor's client / adapter"] = costs["vendor's client"] / costs["adapter"]
    return row


async def _ask(provider: Provider, model: str, stream: bool) -> None:
    body = {"messages": [{"role": "user", "content": PROMPT}]}
    chunks = 0
    async with aclosing(
        provider.stream(attempt(body=json.loads(json.dumps(body)), model=model, stream=stream))
    ) as events:
        async for event in events:
            chunks += isinstance(event, Chunk)
    assert chunks >= WORDS or not stream


def _last_sent(address: str) -> Sent:
    with urllib.request.urlopen(f"{address}/_requests", timeout=30) as answer:
        last = json.load(answer)["requests"][-1]
    headers = cast("dict[str, str]", last["headers"])
    kept = {name: value for name, value in headers.items() if name != "content-length"}
    url = URL(f"{address}{last['target']}", encoded=True)
    return Sent(url, kept, last["body"].encode())
