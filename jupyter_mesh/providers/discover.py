"""What could be connected: keys in the environment, model servers on this machine.

Nothing is connected by it. Keys are only looked for, never sent; the local servers are asked who
they are over loopback, without a key. Addresses are from the vendors' documentation.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import orjson

from ..outbound.proxy import is_loopback
from ..schemas.catalog import Residency
from ..schemas.json import Json, JsonObject, as_list, as_object, as_str, dig
from .anthropic_config import ANTHROPIC
from .cohere_config import COHERE
from .openai_config import OPENAI

if TYPE_CHECKING:
    from aiohttp import ClientSession

_LARGEST_REPLY = 4 * 1024 * 1024
_CONNECT_SECONDS = 0.25


@dataclass(frozen=True, slots=True, kw_only=True)
class Discovery:
    """Something found.

    Attributes:
        id: A name for its connection.
        title: What a person reads.
        provider: The word for `provider:`.
        config: The connection's other settings, as `mesh.yaml` would have them; keys as references.
        models: The models to offer; empty: those it lists itself once it is connected.
        residency: Where text would go.
        price_note: Who would be charged, in one sentence.
        variable: The environment variable that holds the key; None where none is needed.
    """

    id: str
    title: str
    provider: str
    config: JsonObject
    models: tuple[str, ...]
    residency: Residency
    price_note: str
    variable: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalPorts:
    """Where the local servers listen when nobody says otherwise."""

    ollama: int = 11434
    vllm: int = 8000
    lm_studio: int = 1234


@dataclass(frozen=True, slots=True)
class _Hosted:
    id: str
    title: str
    variables: tuple[str, ...]
    base_url: str
    price_provider: str | None
    models: tuple[str, ...] = ()
    provider: str = "openai"
    elsewhere: str | None = None
    """The variable by which the vendor's clients are sent to another server: the key is its then.
    """


_HOSTED = (
    _Hosted(
        "openai",
        "OpenAI",
        ("OPENAI_API_KEY",),
        OPENAI,
        "openai",
        ("gpt-5-mini", "gpt-5-nano", "text-embedding-3-small"),
        elsewhere="OPENAI_BASE_URL",
    ),
    _Hosted(
        "anthropic",
        "Anthropic",
        ("ANTHROPIC_API_KEY",),
        ANTHROPIC,
        "anthropic",
        provider="anthropic",
        elsewhere="ANTHROPIC_BASE_URL",
    ),
    _Hosted(
        "mistral",
        "Mistral",
        ("MISTRAL_API_KEY",),
        "https://api.mistral.ai/v1",
        "mistral",
        ("mistral-small-latest", "mistral-large-latest", "mistral-embed"),
    ),
    _Hosted(
        "gemini",
        "Google Gemini",
        ("GEMINI_API_KEY", "GOOGLE_API_KEY"),
        "https://generativelanguage.googleapis.com/v1beta/openai",
        "google",
    ),
    _Hosted(
        "cohere",
        "Cohere",
        ("CO_API_KEY", "COHERE_API_KEY"),
        COHERE,
        "cohere",
        provider="cohere",
        elsewhere="CO_API_URL",
    ),
    _Hosted("groq", "Groq", ("GROQ_API_KEY",), "https://api.groq.com/openai/v1", "groq"),
    _Hosted(
        "deepseek", "DeepSeek", ("DEEPSEEK_API_KEY",), "https://api.deepseek.com/v1", "deepseek"
    ),
    _Hosted(
        "together", "Together AI", ("TOGETHER_API_KEY",), "https://api.together.xyz/v1", "together"
    ),
    _Hosted(
        "openrouter",
        "OpenRouter",
        ("OPENROUTER_API_KEY",),
        "https://openrouter.ai/api/v1",
        "openrouter",
    ),
    _Hosted(
        "nvidia",
        "NVIDIA API Catalog",
        ("NVIDIA_API_KEY",),
        "https://integrate.api.nvidia.com/v1",
        None,
    ),
)

OFFERED = frozenset({*(hosted.id for hosted in _HOSTED), "ollama", "vllm", "lmstudio"})
"""The names of the connections that may be offered."""


async def discover(
    environ: Mapping[str, str], *, ports: LocalPorts | None = None, within: float = 1.0
) -> list[Discovery]:
    """Everything found within that many seconds, hosted services first; absence is no error."""
    local = await _local_servers(environ, ports or LocalPorts(), within)
    return [*hosted_services(environ), *local]


def hosted_services(environ: Mapping[str, str]) -> list[Discovery]:
    """The services whose key stands in the environment."""
    found: list[Discovery] = []
    for hosted in _HOSTED:
        variable = next((name for name in hosted.variables if environ.get(name, "").strip()), None)
        if variable is not None:
            found.append(_offer(hosted, variable, environ))
    return found


def _offer(hosted: _Hosted, variable: str, environ: Mapping[str, str]) -> Discovery:
    base_url = hosted.base_url
    title, biller, models = hosted.title, hosted.title, hosted.models
    config: JsonObject = {"base_url": base_url, "api_key": f"env:{variable}"}
    elsewhere = environ.get(hosted.elsewhere or "", "").strip().rstrip("/")
    if elsewhere and elsewhere != base_url:
        # The key belongs to that server then; the vendor must not be offered with it.
        biller = urlsplit(elsewhere).hostname or elsewhere
        title, models = f"{hosted.title}-compatible server {biller}", ()
        config["base_url"] = elsewhere
    elif hosted.price_provider is not None:
        config["price_provider"] = hosted.price_provider
    return Discovery(
        id=hosted.id,
        title=f"{title} (key found in {variable})",
        provider=hosted.provider,
        config=config,
        models=models,
        residency=Residency.EXTERNAL,
        price_note=f"Billed by {biller} to the owner of the key, by the token.",
        variable=variable,
    )


async def _local_servers(
    environ: Mapping[str, str], ports: LocalPorts, within: float
) -> list[Discovery]:
    ollama = _ollama_port(environ, ports.ollama)
    kinds: list[tuple[int, Callable[[ClientSession, int], Awaitable[Discovery | None]]]] = [
        (port, ask)
        for port, ask in ((ollama, _ollama), (ports.vllm, _vllm), (ports.lm_studio, _lm_studio))
        if port is not None
    ]
    listening = await asyncio.gather(*(_listens(port) for port, _ in kinds))
    present = [kind for kind, there in zip(kinds, listening, strict=True) if there]
    if not present:  # the usual case costs three refused connections and no import
        return []
    import aiohttp

    async with aiohttp.ClientSession(
        auto_decompress=False,
        cookie_jar=aiohttp.DummyCookieJar(),
        timeout=aiohttp.ClientTimeout(total=within),
    ) as session:
        answers = await asyncio.gather(
            *(ask(session, port) for port, ask in present), return_exceptions=True
        )
    expected = (aiohttp.ClientError, OSError, ValueError)
    for answer in answers:
        if isinstance(answer, BaseException) and not isinstance(answer, expected):
            raise answer
    return [answer for answer in answers if isinstance(answer, Discovery)]


def _ollama_port(environ: Mapping[str, str], default: int) -> int | None:
    """Where Ollama listens on this machine; None when OLLAMA_HOST names another one."""
    address = environ.get("OLLAMA_HOST", "").strip()
    if not address:
        return default
    parts = urlsplit(address if "://" in address else f"http://{address}")
    host = parts.hostname or "127.0.0.1"
    if host not in ("0.0.0.0", "::") and not is_loopback(host):
        return None
    try:
        return parts.port or default
    except ValueError:
        return None


async def _listens(port: int) -> bool:
    try:
        async with asyncio.timeout(_CONNECT_SECONDS):
            _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:  # TimeoutError is one
        return False
    writer.close()
    return True


async def _ollama(session: ClientSession, port: int) -> Discovery | None:
    version = await _get(session, port, "api/version")
    if as_str(dig(version, "version")) is None:
        return None
    tags = as_list(dig(await _get(session, port, "api/tags"), "models")) or []
    # Models that Ollama forwards to its cloud are not local, whatever their address.
    models = [
        name
        for model in tags
        if (name := as_str(dig(model, "name")))
        and not dig(model, "remote_host")
        and not dig(model, "remote_model")
        and not name.endswith(("-cloud", ":cloud"))
    ]
    return _local("ollama", "Ollama", port, models)


async def _vllm(session: ClientSession, port: int) -> Discovery | None:
    models = await _models_owned_by(session, port, "vllm")
    return _local("vllm", "vLLM", port, models) if models else None


async def _lm_studio(session: ClientSession, port: int) -> Discovery | None:
    models = await _models_owned_by(session, port, "organization_owner")
    return _local("lmstudio", "LM Studio", port, models) if models else None


async def _models_owned_by(session: ClientSession, port: int, owner: str) -> list[str]:
    items = as_list(dig(await _get(session, port, "v1/models"), "data")) or []
    return [
        name
        for item in items
        if dig(item, "owned_by") == owner and (name := as_str(dig(item, "id")))
    ]


async def _get(session: ClientSession, port: int, path: str) -> Json:
    url = f"http://127.0.0.1:{port}/{path}"
    headers = {"Accept-Encoding": "identity"}
    async with session.get(url, headers=headers, allow_redirects=False) as response:
        if response.status != 200:
            return None
        body = bytearray()
        async for piece in response.content.iter_any():
            body += piece
            if len(body) > _LARGEST_REPLY:
                return None
    value: Json = orjson.loads(body)
    return as_object(value)


def _local(id_: str, title: str, port: int, models: list[str]) -> Discovery | None:
    if not models:
        return None
    return Discovery(
        id=id_,
        title=f"{title} on this machine (port {port})",
        provider="openai",
        config={"base_url": f"http://127.0.0.1:{port}/v1"},
        models=tuple(models),
        residency=Residency.LOCAL,
        price_note="No charge by the token: it runs on this machine.",
    )
