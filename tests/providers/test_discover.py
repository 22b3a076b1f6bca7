from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import pytest
from aiohttp import web

from jupyter_mesh.providers.anthropic_config import AnthropicConfig
from jupyter_mesh.providers.cohere_config import CohereConfig
from jupyter_mesh.providers.discover import Discovery, LocalPorts, discover, hosted_services
from jupyter_mesh.providers.openai_config import OpenAIConfig
from jupyter_mesh.schemas.catalog import Residency
from jupyter_mesh.schemas.json import Json
from jupyter_mesh.testing.fake_openai import FakeOpenAI

KEY = "sk-test-0123456789"


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def nowhere(**ports: int) -> LocalPorts:
    return LocalPorts(
        **{"ollama": free_port(), "vllm": free_port(), "lm_studio": free_port(), **ports}
    )


@asynccontextmanager
async def ollama(tags: Json, version: Json = "0.12.3") -> AsyncGenerator[int]:
    app = web.Application()

    async def tell_version(_: web.Request) -> web.Response:
        return web.json_response({"version": version})

    async def tell_tags(_: web.Request) -> web.Response:
        return web.json_response({"models": tags})

    app.router.add_get("/api/version", tell_version)
    app.router.add_get("/api/tags", tell_tags)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    yield runner.addresses[0][1]
    await runner.cleanup()


VARIABLES = [
    ("OPENAI_API_KEY", "openai", "https://api.openai.com/v1"),
    ("ANTHROPIC_API_KEY", "anthropic", "https://api.anthropic.com"),
    ("MISTRAL_API_KEY", "mistral", "https://api.mistral.ai/v1"),
    ("GEMINI_API_KEY", "gemini", "https://generativelanguage.googleapis.com/v1beta/openai"),
    ("GOOGLE_API_KEY", "gemini", "https://generativelanguage.googleapis.com/v1beta/openai"),
    ("CO_API_KEY", "cohere", "https://api.cohere.com"),
    ("COHERE_API_KEY", "cohere", "https://api.cohere.com"),
    ("GROQ_API_KEY", "groq", "https://api.groq.com/openai/v1"),
    ("DEEPSEEK_API_KEY", "deepseek", "https://api.deepseek.com/v1"),
    ("TOGETHER_API_KEY", "together", "https://api.together.xyz/v1"),
    ("OPENROUTER_API_KEY", "openrouter", "https://openrouter.ai/api/v1"),
    ("NVIDIA_API_KEY", "nvidia", "https://integrate.api.nvidia.com/v1"),
]


@pytest.mark.parametrize(("variable", "name", "address"), VARIABLES)
def test_a_key_in_the_environment_is_offered_by_reference(
    variable: str, name: str, address: str
) -> None:
    (found,) = hosted_services({variable: KEY})
    assert found.id == name
    assert found.config["base_url"] == address
    assert found.config["api_key"] == f"env:{variable}"
    assert found.residency is Residency.EXTERNAL
    assert variable in found.title
    assert "Billed by" in found.price_note
    assert KEY not in repr(found)
    kinds = {"openai": OpenAIConfig, "anthropic": AnthropicConfig, "cohere": CohereConfig}
    kinds[found.provider].model_validate(found.config)


@pytest.mark.parametrize("environ", [{}, {"OPENAI_API_KEY": ""}, {"OPENAI_API_KEY": "  "}])
def test_without_a_key_nothing_is_offered(environ: dict[str, str]) -> None:
    assert hosted_services(environ) == []


def test_two_names_for_one_service_are_one_offer() -> None:
    found = hosted_services({"GEMINI_API_KEY": KEY, "GOOGLE_API_KEY": KEY})
    assert [one.config["api_key"] for one in found] == ["env:GEMINI_API_KEY"]


def test_a_key_for_another_server_is_never_offered_for_openai() -> None:
    environ = {"OPENAI_API_KEY": KEY, "OPENAI_BASE_URL": "https://llm.example.com/v1/"}
    (found,) = hosted_services(environ)
    assert found.config["base_url"] == "https://llm.example.com/v1"
    assert "price_provider" not in found.config
    assert found.models == ()
    assert "llm.example.com" in found.title
    assert "OpenAI " not in found.price_note


def test_a_key_for_a_server_that_speaks_anthropics_api_is_never_offered_for_anthropic() -> None:
    environ = {"ANTHROPIC_API_KEY": KEY, "ANTHROPIC_BASE_URL": "https://llm.example.com"}
    (found,) = hosted_services(environ)
    assert found.config == {
        "base_url": "https://llm.example.com",
        "api_key": "env:ANTHROPIC_API_KEY",
    }
    assert found.price_note.startswith("Billed by llm.example.com")


async def test_ollama_is_offered_with_its_local_models_only() -> None:
    tags: Json = [
        {"name": "llama3.2:3b", "model": "llama3.2:3b"},
        {"name": "gpt-oss:120b-cloud", "model": "gpt-oss:120b-cloud"},
        {"name": "mine", "remote_host": "https://ollama.com:443", "remote_model": "gpt-oss:120b"},
    ]
    async with ollama(tags) as port:
        (found,) = await discover({}, ports=nowhere(ollama=port))
    assert (found.id, found.models) == ("ollama", ("llama3.2:3b",))
    assert found.config == {"base_url": f"http://127.0.0.1:{port}/v1"}
    assert found.residency is Residency.LOCAL
    assert str(port) in found.title


async def test_something_else_on_ollamas_port_is_not_ollama() -> None:
    async with ollama([{"name": "x"}], version=None) as port:
        assert await discover({}, ports=nowhere(ollama=port)) == []
    async with FakeOpenAI() as other:
        assert await discover({}, ports=nowhere(ollama=other.port)) == []


async def test_ollama_without_models_is_no_offer() -> None:
    async with ollama([]) as port:
        assert await discover({}, ports=nowhere(ollama=port)) == []


async def test_ollama_is_found_where_its_variable_says_if_that_is_here() -> None:
    async with ollama([{"name": "m"}]) as port:
        for address in (f"127.0.0.1:{port}", f"http://localhost:{port}", f"0.0.0.0:{port}"):
            found = await discover({"OLLAMA_HOST": address}, ports=nowhere())
            assert [one.id for one in found] == ["ollama"]
        elsewhere = {"OLLAMA_HOST": f"models.example.com:{port}"}
        assert await discover(elsewhere, ports=nowhere(ollama=port)) == []


LOCAL = [("vllm", "vllm", "vllm"), ("lm_studio", "organization_owner", "lmstudio")]


@pytest.mark.parametrize(("port", "owner", "name"), LOCAL)
async def test_a_local_server_is_known_by_the_owner_of_its_models(
    port: str, owner: str, name: str
) -> None:
    async with FakeOpenAI(owned_by=owner, models=("a/b", "c")) as server:
        (found,) = await discover({}, ports=nowhere(**{port: server.port}))
        assert (found.id, found.models) == (name, ("a/b", "c"))
        assert [one.headers.get("authorization") for one in server.requests] == [None]
    async with FakeOpenAI(owned_by="somebody") as server:
        assert await discover({}, ports=nowhere(**{port: server.port})) == []


async def test_a_key_is_never_sent_while_looking() -> None:
    environ = {variable: KEY for variable, _, _ in VARIABLES}
    async with FakeOpenAI(owned_by="vllm") as server:
        found = await discover(environ, ports=nowhere(vllm=server.port))
        assert len(found) == 11
        assert all(KEY not in str(one.headers) for one in server.requests)


async def test_a_server_that_hangs_or_babbles_is_passed_over() -> None:
    async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    async def babble(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n<html")
        await writer.drain()
        writer.close()

    for behaviour in (hang, babble):
        server = await asyncio.start_server(behaviour, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        ports = LocalPorts(ollama=port, vllm=port, lm_studio=port)
        found: list[Discovery] = await discover({}, ports=ports, within=0.3)
        assert found == []
        server.close()
