"""A connection to a fake upstream, over a real socket."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from jupyter_mesh.providers.openai_compatible import OpenAICompatible
from jupyter_mesh.providers.openai_config import OpenAIConfig
from jupyter_mesh.testing.attempts import provider_context
from jupyter_mesh.testing.fake_openai import FakeOpenAI
from jupyter_mesh.testing.secrets import StaticSecrets

SECRET = "sk-test-0123456789abcdefABCDEF"


@pytest.fixture
def upstream() -> Iterator[FakeOpenAI]:
    with FakeOpenAI() as fake:
        yield fake


def connect(fake: FakeOpenAI, **settings: object) -> OpenAICompatible:
    """A provider that talks to `fake`, with a key."""
    config = OpenAIConfig.model_validate(
        {"base_url": fake.base_url, "api_key": "env:TEST_KEY", **settings}
    )
    secrets = StaticSecrets({"env:TEST_KEY": SECRET, "env:OTHER": "other-secret-value"})
    return OpenAICompatible(config, provider_context(secrets=secrets))
