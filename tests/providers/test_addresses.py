"""Addresses of connections: plain, whichever provider declares the field again."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from jupyter_mesh.mesh.plugins import Plugins
from jupyter_mesh.providers.remote_config import RemoteConfig
from jupyter_mesh.spi import PROVIDER_GROUP

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
