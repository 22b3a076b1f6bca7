"""The fake that speaks as Gemini on Google Vertex AI does."""

from __future__ import annotations

from pathlib import Path

from ..fake_upstream.server import FakeUpstream
from .dialect import GeminiDialect


class FakeGemini(FakeUpstream):
    """A fake of Google Vertex AI.

    Args:
        log: A file to which every request is appended, before it is answered.
        port: 0 takes a free one.
        models: What the list of publisher models names.
        api_key: Ask for this token or API key; None takes any.
    """

    def __init__(
        self,
        *,
        log: Path | None = None,
        port: int = 0,
        models: tuple[str, ...] = ("gemini-2.5-flash", "text-embedding-005", "imagen-4.0"),
        api_key: str | None = None,
    ) -> None:
        super().__init__(GeminiDialect(), log=log, port=port, models=models, api_key=api_key)

    @property
    def base_url(self) -> str:
        """What a client is given as base URL; has neither version nor path."""
        return self.address
