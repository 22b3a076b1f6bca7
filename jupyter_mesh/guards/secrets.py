"""Keys, tokens and passwords in a text. Needs no model and no network."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import ClassVar

from ..spi.guard import Detector, Finding, GuardConfig, GuardedCall, GuardTools
from ..spi.workers import Scanner
from .assignments import find_assigned_secrets
from .scan import Scan
from .secret_checks import LIKELY, SURE
from .secret_shapes import find_known_keys, find_private_keys
from .sent_credentials import find_sent_credentials
from .span import Span

_ENTITIES = frozenset({"API_KEY", "JWT", "PASSWORD", "PRIVATE_KEY", "URL_CREDENTIALS"})


class SecretsConfig(GuardConfig):
    """Settings of the secrets detector.

    Attributes:
        assignments: Also look for values given to telling names (`password = …`), not only for
            tokens of known form and credentials where they are sent.
    """

    assignments: bool = True


class SecretScanner(Scanner):
    """The shapes over one text; `assignments` as in the settings."""

    slice: ClassVar[int] = 65_536
    after: ClassVar[int] = 32_768  # a private key is long

    def scan(self, text: str) -> Iterator[Span]:
        yield from find_known_keys(text)
        yield from find_private_keys(text)
        yield from find_sent_credentials(text)
        if self.settings["assignments"]:
            yield from find_assigned_secrets(text)


class Secrets(Detector):
    """Finds API_KEY, JWT, PASSWORD, PRIVATE_KEY and URL_CREDENTIALS."""

    Config: type[GuardConfig] = SecretsConfig
    name: ClassVar[str] = "secrets"
    longest = 300  # a quoted password and the name it is given to

    def __init__(self, config: GuardConfig) -> None:
        super().__init__(config)
        assert isinstance(config, SecretsConfig)
        self._scan = Scan(SecretScanner, {"assignments": config.assignments})

    def entities(self) -> frozenset[str]:
        return _ENTITIES

    def surest(self, entity: str) -> float:
        """Most keys have no checksum by which one could be surer."""
        return SURE if entity == "PRIVATE_KEY" else LIKELY

    def start(self, name: str, tools: GuardTools) -> None:
        self._scan.start(tools)

    async def find(self, texts: Sequence[str], call: GuardedCall) -> Sequence[Sequence[Finding]]:
        return await self._scan.findings(texts, self.name)
