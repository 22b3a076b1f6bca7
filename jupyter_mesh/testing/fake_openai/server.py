"""The fake that speaks OpenAI's format."""

from __future__ import annotations

from pathlib import Path

from ..fake_upstream.server import FakeUpstream
from .dialect import OpenAIDialect


class FakeOpenAI(FakeUpstream):
    """A fake of OpenAI's API, or of a server that speaks it.

    Args:
        log: A file to which every request is appended, before it is answered.
        port: 0 takes a free one.
        models: What `GET /v1/models` lists.
        owned_by: The owner it names for each, `vllm` for one.
        api_key: Ask for this bearer token; None takes any.
    """

    def __init__(
        self,
        *,
        log: Path | None = None,
        port: int = 0,
        models: tuple[str, ...] = ("fake-model", "fake-embedding"),
        owned_by: str = "fake",
        api_key: str | None = None,
    ) -> None:
        dialect = OpenAIDialect(owned_by)
        super().__init__(dialect, log=log, port=port, models=models, api_key=api_key)

    @property
    def base_url(self) -> str:
        """What a client is given as base URL; ends with `/v1`."""
        return f"{self.address}/v1"
