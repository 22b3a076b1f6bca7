"""The fake that speaks Bedrock's format."""

from __future__ import annotations

from pathlib import Path

from ...outbound.aws_sigv4 import Keys
from ..fake_upstream.server import FakeUpstream
from .dialect import BedrockDialect

__all__ = ["FakeBedrock", "Keys"]


class FakeBedrock(FakeUpstream):
    """A fake of Bedrock's runtime and of its control plane, at one address.

    Args:
        log: A file to which every request is appended, before it is answered.
        port: 0 takes a free one.
        models: What it lists; those that begin with a region are inference profiles.
        keys: Ask for requests signed with these.
        region: For which they must be signed.
        api_key: Ask for this Bedrock API key instead; None takes any.
    """

    def __init__(
        self,
        *,
        log: Path | None = None,
        port: int = 0,
        models: tuple[str, ...] = (
            "anthropic.claude-3-haiku-20240307-v1:0",
            "amazon.titan-embed-text-v2:0",
            "us.anthropic.claude-sonnet-4-5-20250929-v1:0",
        ),
        keys: Keys | None = None,
        region: str = "us-east-1",
        api_key: str | None = None,
    ) -> None:
        dialect = BedrockDialect(keys, region)
        super().__init__(dialect, log=log, port=port, models=models, api_key=api_key)
