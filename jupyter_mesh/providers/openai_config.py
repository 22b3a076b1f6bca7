"""What `mesh.yaml` says about a connection to an OpenAI-compatible server."""

from __future__ import annotations

from .remote_config import RemoteConfig

OPENAI = "https://api.openai.com/v1"


class OpenAIConfig(RemoteConfig):
    """Settings of a connection to an OpenAI-compatible server.

    Attributes:
        base_url: Up to and with `/v1`.
        organization: Sent as `OpenAI-Organization`.
    """

    base_url: str = OPENAI
    organization: str | None = None
