"""The fake that speaks Cohere's API."""

from __future__ import annotations

from pathlib import Path

from ..fake_upstream.server import FakeUpstream
from .dialect import CohereDialect


class FakeCohere(FakeUpstream):
    """A fake of Cohere's API.

    Args:
        log: A file to which every request is appended, before it is answered.
        port: 0 takes a free one.
        models: What it lists.
        api_key: Ask for this bearer token; None takes any.
    """

    def __init__(
        self,
        *,
        log: Path | None = None,
        port: int = 0,
        models: tuple[str, ...] = ("command-a-03-2025", "embed-v4.0", "rerank-v3.5"),
        api_key: str | None = None,
    ) -> None:
        super().__init__(CohereDialect(), log=log, port=port, models=models, api_key=api_key)

    @property
    def base_url(self) -> str:
        """What a client is given as base URL; has neither version nor path."""
        return self.address
