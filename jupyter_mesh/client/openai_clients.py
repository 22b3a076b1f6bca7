"""The official `openai` clients, pointed at the mesh: its address, token and attribution."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from .caller import caller_headers
from .endpoint import Endpoint
from .errors import MeshClientError

if TYPE_CHECKING:
    from openai import AsyncOpenAI, OpenAI


def openai_client(endpoint: Endpoint, **options: Any) -> OpenAI:
    """A blocking client.

    Args:
        endpoint: The gateway.
        **options: Passed on to `openai.OpenAI`, such as `max_retries` or `timeout`.

    Raises:
        MeshClientError: The `openai` package is not installed (`missing_package`).
    """
    openai = _openai()
    http = _http_client(openai.DefaultHttpxClient, "HTTPTransport", endpoint)
    return openai.OpenAI(**{**_address(endpoint), "http_client": http, **options})


def async_openai_client(endpoint: Endpoint, **options: Any) -> AsyncOpenAI:
    """A client for asyncio; otherwise as `openai_client`."""
    openai = _openai()
    http = _http_client(openai.DefaultAsyncHttpxClient, "AsyncHTTPTransport", endpoint)
    return openai.AsyncOpenAI(**{**_address(endpoint), "http_client": http, **options})


def _http_client(client: Any, transport: str, endpoint: Endpoint) -> Any:
    """An HTTP client that goes straight to the gateway, past any proxy of the environment."""
    if endpoint.socket is None:
        return client(trust_env=False)
    # openai 3 moved from httpx to httpx2: take the transport from where its client comes from.
    package = next(
        name for base in client.__mro__ if (name := base.__module__.split(".")[0]) != "openai"
    )
    return client(
        trust_env=False,
        transport=getattr(import_module(package), transport)(uds=endpoint.socket),
    )


def _address(endpoint: Endpoint) -> dict[str, Any]:
    # Without X-Mesh-Details: an official client is answered exactly as OpenAI would answer it.
    headers = {name: text for name, text in caller_headers().items() if name != "X-Mesh-Details"}
    return {
        "base_url": endpoint.url + "v1/",
        "api_key": endpoint.token,
        "default_headers": headers,
    }


def _openai() -> Any:
    try:
        return import_module("openai")
    except ImportError as missing:
        raise MeshClientError(
            "The openai package is not installed here: run `%pip install openai`.",
            code="missing_package",
        ) from missing
