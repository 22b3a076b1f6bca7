"""Addresses of connections: plain, whichever provider declares the field again."""

from __future__ import annotations

import socket

import pytest
from pydantic import ValidationError

from jupyter_mesh.errors import ProviderUnavailable
from jupyter_mesh.mesh.plugins import Plugins
from jupyter_mesh.providers.remote_config import RemoteConfig
from jupyter_mesh.providers.vertex import Vertex
from jupyter_mesh.providers.vertex_config import VertexConfig
from jupyter_mesh.spi import PROVIDER_GROUP
from jupyter_mesh.testing.attempts import provider_context
from jupyter_mesh.testing.secrets import StaticSecrets

PLUGINS = Plugins()
REMOTE = [
    name
    for name in PLUGINS.names(PROVIDER_GROUP)
    if issubclass(PLUGINS.provider(name).Config, RemoteConfig)
]
WRONG = [
    "http://user:secret-word@127.0.0.1/v1",
    "http://u:secret-word/more@127.0.0.1:9/v1",
    "https://example.com/v1?key=secret-word",
    "ftp://example.com",
    "example.com",
]


@pytest.mark.parametrize("name", REMOTE)
@pytest.mark.parametrize("address", WRONG)
def test_an_address_with_a_password_is_refused_and_not_repeated(name: str, address: str) -> None:
    with pytest.raises(ValidationError) as refused:
        PLUGINS.provider(name).Config.model_validate({"base_url": address})
    faults = [one for one in refused.value.errors() if one["loc"] == ("base_url",)]
    assert faults
    assert "secret-word" not in str(refused.value)


def test_all_providers_over_http_are_tried() -> None:
    assert {"openai", "anthropic", "cohere", "vertex", "bedrock", "snowflake"} <= set(REMOTE)


KEYLESS: list[tuple[str, dict[str, object], bool]] = [
    ("anthropic", {}, True),
    ("anthropic", {"api_key": "env:K"}, False),
    ("anthropic", {"headers": {"x-api-key": "env:K"}}, False),
    ("anthropic", {"base_url": "http://127.0.0.1:9"}, False),
    ("openai", {}, True),
    ("openai_compatible", {"base_url": "http://127.0.0.1:9/v1"}, False),
    ("cohere", {}, True),
    ("snowflake", {"account": "a"}, True),
    ("snowflake", {"account": "a", "user": "u", "private_key": "env:K"}, False),
    ("azure_openai", {"base_url": "https://x.openai.azure.com"}, False),
    ("bedrock", {"region": "eu-west-1"}, False),
]


@pytest.mark.parametrize(("name", "settings", "lacking"), KEYLESS)
def test_a_vendor_that_lets_nobody_in_wants_a_key(
    name: str, settings: dict[str, object], lacking: bool
) -> None:
    config = PLUGINS.provider(name).Config.model_validate(settings)
    assert isinstance(config, RemoteConfig)
    assert (config.lacks() is not None) is lacking


async def test_where_nobody_answers_the_setting_to_check_is_named() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{free.getsockname()[1]}"
    settings = {"project": "p", "access_token": "env:TOKEN", "base_url": address}
    context = provider_context(secrets=StaticSecrets({"env:TOKEN": "ya29.test-0123456789"}))
    provider = Vertex(VertexConfig.model_validate(settings), context)
    with pytest.raises(ProviderUnavailable, match="its `location`, or its base URL"):
        await provider.probe()
    await provider.aclose()
