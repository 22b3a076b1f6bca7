"""The fake that speaks Anthropic's format."""

from __future__ import annotations

from pathlib import Path

from ..fake_upstream.server import FakeUpstream
from .dialect import AnthropicDialect


class FakeAnthropic(FakeUpstream):
    """A fake of Anthropic's API.

    Args:
        log: A file to which every request is appended, before it is answered.
        port: 0 takes a free one.
        models: What `GET /v1/models` lists.
        api_key: Ask for this key, in `x-api-key` or as a bearer token; None takes any.
        page: How many models one page of the list holds at most.
    """

    def __init__(
        self,
        *,
        log: Path | None = None,
        port: int = 0,
        models: tuple[str, ...] = ("claude-sonnet-4-5", "claude-opus-5-5"),
        api_key: str | None = None,
        page: int = 1_000,
    ) -> None:
        super().__init__(AnthropicDialect(page), log=log, port=port, models=models, api_key=api_key)

    @property
    def base_url(self) -> str:
        """What a client is given as base URL; without `/v1`."""
        return self.address
