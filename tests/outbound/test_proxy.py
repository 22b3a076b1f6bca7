from __future__ import annotations

import asyncio

import pytest

from jupyter_mesh.errors import ConfigError
from jupyter_mesh.outbound.faults import Faults
from jupyter_mesh.outbound.http import Deadline, Limits, Upstream
from jupyter_mesh.outbound.proxy import is_loopback, proxy_for
from jupyter_mesh.providers.openai_compatible import OpenAICompatible
from jupyter_mesh.providers.openai_config import OpenAIConfig
from jupyter_mesh.testing.attempts import attempt, provider_context
from tests.providers.reading import events_of

NAMES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")
URL = "https://api.example.com/v1"


@pytest.fixture(autouse=True)
def no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


CASES: list[tuple[dict[str, str], str, str | None]] = [
    ({}, URL, None),
    ({"HTTPS_PROXY": "http://p:3128"}, URL, "http://p:3128"),
    ({"https_proxy": "p:3128"}, URL, "http://p:3128"),
    ({"ALL_PROXY": "http://p:3128"}, URL, "http://p:3128"),
    ({"HTTP_PROXY": "http://p:3128"}, URL, None),
    ({"HTTPS_PROXY": "http://p:3128", "NO_PROXY": "example.com"}, URL, None),
    ({"HTTPS_PROXY": "http://p:3128", "NO_PROXY": "*"}, URL, None),
    ({"HTTPS_PROXY": "http://p:3128", "NO_PROXY": "example.org"}, URL, "http://p:3128"),
    ({"HTTP_PROXY": "http://p:3128"}, "http://127.0.0.1:11434/v1", None),
    ({"HTTP_PROXY": "http://p:3128"}, "http://localhost:8000/v1", None),
    ({"HTTP_PROXY": "http://p:3128"}, "http://10.0.0.5:8000/v1", "http://p:3128"),
]


@pytest.mark.parametrize(("environ", "url", "proxy"), CASES)
def test_the_environments_proxy_is_used_where_it_applies(
    monkeypatch: pytest.MonkeyPatch, environ: dict[str, str], url: str, proxy: str | None
) -> None:
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    assert proxy_for(url) == proxy


def test_a_proxy_of_another_kind_is_refused_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALL_PROXY", "socks5://ada:secret@p:1080")
    with pytest.raises(ConfigError, match="socks5") as raised:
        proxy_for(URL)
    assert "secret" not in raised.value.message


@pytest.mark.parametrize(
    ("host", "local"),
    [
        ("localhost", True),
        ("LOCALHOST.", True),
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("::1", True),
        ("10.0.0.1", False),
        ("localhost.example.com", False),
        ("0.0.0.0", False),
        ("", False),
    ],
)
def test_loopback_is_this_machine_only(host: str, local: bool) -> None:
    assert is_loopback(host) is local


async def test_requests_go_through_the_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[bytes] = []

    async def proxy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(b"HTTP/1.1 418 Teapot\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(proxy, "127.0.0.1", 0)
    monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}")
    config = OpenAIConfig(base_url="http://models.invalid/v1")
    provider = OpenAICompatible(config, provider_context())
    from jupyter_mesh.errors import ProviderRejected

    with pytest.raises(ProviderRejected, match="418"):
        await events_of(provider, attempt())
    assert asked[0].startswith(b"POST http://models.invalid/v1/chat/completions HTTP/1.1\r\n")
    await provider.aclose()
    server.close()


async def test_a_proxy_is_told_who_asks_for_every_address_on_one_connection(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[bytes] = []

    async def proxy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(b"")
        try:
            while True:
                asked.append(await reader.readuntil(b"\r\n\r\n"))
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
        except asyncio.IncompleteReadError:
            writer.close()

    server = await asyncio.start_server(proxy, "127.0.0.1", 0)
    address = f"ada:s%20cret@127.0.0.1:{server.sockets[0].getsockname()[1]}"
    monkeypatch.setenv("HTTP_PROXY", f"http://{address}")
    upstream = Upstream("http://models.invalid/v1", Limits())
    faults = Faults("The connection 'up'", str)
    for path in ("models", "rerank", "models"):
        reply = await upstream.exchange(
            "GET", path, body=None, headers={}, deadline=Deadline.within(10), faults=faults
        )
        assert reply.body == b"{}"
    assert asked[0] == b""
    assert [b"\r\nProxy-Authorization: Basic YWRhOnMgY3JldA==\r\n" in one for one in asked] == [
        False,
        *([True] * 3),
    ]
    await upstream.aclose()
    server.close()
