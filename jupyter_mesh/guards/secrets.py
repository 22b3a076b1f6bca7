"""Keys, tokens and passwords in a text. Needs no model and no network."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import ClassVar

from ..spi.guard import Detector, Finding, GuardConfig, GuardedCall
from .assignments import find_assigned_secrets
from .scan import scan
from .secret_shapes import find_known_keys, find_private_keys
from .span import Span


class SecretsConfig(GuardConfig):
    """Settings of the secrets detector.

    Attributes:
        assignments: Also look for values given to telling names (`password = …`), not only for
            tokens of known form.
    """

    assignments: bool = True


class Secrets(Detector):
    """Finds API_KEY, JWT, PASSWORD and PRIVATE_KEY."""

    Config: type[GuardConfig] = SecretsConfig
    name: ClassVar[str] = "secrets"

    def __init__(self, config: GuardConfig) -> None:
        super().__init__(config)
        assert isinstance(config, SecretsConfig)
        self._settings = config

    async def find(self, texts: Sequence[str], call: GuardedCall) -> Sequence[Sequence[Finding]]:
        return await scan(self._spans, texts, self.name)

    def _spans(self, text: str) -> Iterator[Span]:
        yield from find_known_keys(text)
        yield from find_private_keys(text)
        if self._settings.assignments:
            yield from find_assigned_secrets(text)
