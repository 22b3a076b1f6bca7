"""Connections to the fakes of vendors of OpenAI's shape."""

from __future__ import annotations

from jupyter_mesh.providers.openai_vendor import OpenAIVendor
from jupyter_mesh.schemas.json import JsonObject
from jupyter_mesh.testing.attempts import provider_context
from jupyter_mesh.testing.fake_upstream import FakeUpstream
from jupyter_mesh.testing.secrets import StaticSecrets

SECRET = "vendor-test-0123456789abcdefABCDEF"


def connect(
    kind: type[OpenAIVendor],
    fake: FakeUpstream,
    path: str = "",
    models: dict[str, JsonObject] | None = None,
    secrets: dict[str, str] | None = None,
    **settings: object,
) -> OpenAIVendor:
    """A provider that talks to `fake`, with a key unless the settings say otherwise."""
    config = kind.Config.model_validate(
        {"base_url": f"{fake.address}{path}", "api_key": "env:TEST_KEY", **settings}
    )
    known = StaticSecrets({"env:TEST_KEY": SECRET, **(secrets or {})})
    return kind(config, provider_context(secrets=known, models=models))
