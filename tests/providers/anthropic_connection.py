"""A connection to the fake of Anthropic's API."""

from __future__ import annotations

from jupyter_mesh.providers.anthropic import Anthropic
from jupyter_mesh.providers.anthropic_config import AnthropicConfig
from jupyter_mesh.testing.attempts import provider_context
from jupyter_mesh.testing.fake_anthropic import FakeAnthropic
from jupyter_mesh.testing.secrets import StaticSecrets

SECRET = "sk-ant-test-0123456789abcdefABCDEF"
MODEL = "claude-sonnet-4-5"


def connect(
    fake: FakeAnthropic, longest: dict[str, int] | None = None, **settings: object
) -> Anthropic:
    """A provider that talks to `fake`, with a key."""
    config = AnthropicConfig.model_validate(
        {"base_url": fake.base_url, "api_key": "env:TEST_KEY", **settings}
    )
    secrets = StaticSecrets({"env:TEST_KEY": SECRET, "env:OTHER": "other-secret-value"})
    return Anthropic(config, provider_context(secrets=secrets, longest=longest))
