"""A connection to the fake of Bedrock."""

from __future__ import annotations

from jupyter_mesh.providers.bedrock import Bedrock
from jupyter_mesh.providers.bedrock_config import BedrockConfig
from jupyter_mesh.schemas.json import JsonObject
from jupyter_mesh.testing.attempts import provider_context
from jupyter_mesh.testing.fake_bedrock import FakeBedrock, Keys
from jupyter_mesh.testing.secrets import StaticSecrets

KEYS = Keys("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")
MODEL = "us.anthropic.claude-sonnet-4-5-20250929-v1:0"
OLD = "anthropic.claude-3-haiku-20240307-v1:0"
SIGNED = {"access_key_id": "env:ACCESS", "secret_access_key": "env:SECRET"}


def connect(
    fake: FakeBedrock, models: dict[str, JsonObject] | None = None, **settings: object
) -> Bedrock:
    """A provider that talks to `fake`, signing with `KEYS` unless the settings say otherwise."""
    config = BedrockConfig.model_validate(
        {
            "region": "us-east-1",
            "base_url": fake.address,
            "control_url": fake.address,
            **(settings or SIGNED),
        }
    )
    secrets = StaticSecrets(
        {"env:ACCESS": KEYS.access_key, "env:SECRET": KEYS.secret_key, "env:API_KEY": "ABSK-key-1"}
    )
    return Bedrock(config, provider_context(secrets=secrets, models=models))
