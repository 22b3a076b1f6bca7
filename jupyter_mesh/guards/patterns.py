"""Personal data that can be told by its form. Needs no model and no network."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import ClassVar, Literal, TypeAlias

from ..schemas.json import JsonObject, as_list
from ..spi.guard import Detector, Finding, GuardConfig, GuardedCall, GuardTools
from ..spi.workers import Scanner
from .addresses import (
    find_email_addresses,
    find_ip_addresses,
    find_mac_addresses,
    find_url_credentials,
)
from .numbers import (
    Run,
    find_credit_cards,
    find_ibans,
    find_phone_numbers,
    find_us_ssns,
    number_runs,
)
from .scan import Scan
from .span import Span

PatternEntity: TypeAlias = Literal[
    "CREDIT_CARD",
    "EMAIL_ADDRESS",
    "IBAN_CODE",
    "IP_ADDRESS",
    "MAC_ADDRESS",
    "PHONE_NUMBER",
    "URL_CREDENTIALS",
    "US_SSN",
]

_IN_TEXT: dict[PatternEntity, Callable[[str], Iterator[Span]]] = {
    "EMAIL_ADDRESS": find_email_addresses,
    "IBAN_CODE": find_ibans,
    "IP_ADDRESS": find_ip_addresses,
    "MAC_ADDRESS": find_mac_addresses,
    "URL_CREDENTIALS": find_url_credentials,
}
_IN_RUNS: dict[PatternEntity, Callable[[str, list[Run]], Iterator[Span]]] = {
    "CREDIT_CARD": find_credit_cards,
    "PHONE_NUMBER": find_phone_numbers,
    "US_SSN": find_us_ssns,
}


_SUREST: dict[str, float] = {
    "CREDIT_CARD": 1.0,
    "EMAIL_ADDRESS": 1.0,
    "IBAN_CODE": 1.0,
    "IP_ADDRESS": 0.95,
    "MAC_ADDRESS": 0.9,
    "PHONE_NUMBER": 0.8,
    "URL_CREDENTIALS": 0.95,
    "US_SSN": 0.85,
}


class PatternsConfig(GuardConfig):
    """Settings of the pattern detector.

    Attributes:
        entities: What to look for; by default everything.
    """

    entities: frozenset[PatternEntity] = frozenset({*_IN_TEXT, *_IN_RUNS})


class PatternScanner(Scanner):
    """The patterns over one text; `entities` says which."""

    slice: ClassVar[int] = 32_768

    def __init__(self, settings: JsonObject) -> None:
        super().__init__(settings)
        sought = frozenset(map(str, as_list(settings["entities"]) or ()))
        self._in_text = [find for name, find in _IN_TEXT.items() if name in sought]
        self._in_runs = [find for name, find in _IN_RUNS.items() if name in sought]

    def scan(self, text: str) -> Iterator[Span]:
        for find in self._in_text:
            yield from find(text)
        if self._in_runs and (runs := number_runs(text)):
            for find in self._in_runs:
                yield from find(text, runs)


class Patterns(Detector):
    """Finds e-mail, card, account, telephone and similar numbers by their form and checksum."""

    Config: type[GuardConfig] = PatternsConfig
    name: ClassVar[str] = "patterns"

    def __init__(self, config: GuardConfig) -> None:
        super().__init__(config)
        assert isinstance(config, PatternsConfig)
        self._scan = Scan(PatternScanner, {"entities": [*sorted(config.entities)]})
        self._entities = frozenset[str](config.entities)

    def start(self, name: str, tools: GuardTools) -> None:
        self._scan.start(tools)

    def entities(self) -> frozenset[str]:
        return self._entities

    def surest(self, entity: str) -> float | None:
        return _SUREST.get(entity)

    def remedy(self, entity: str) -> str | None:
        every: frozenset[str] = frozenset({*_IN_TEXT, *_IN_RUNS})
        return f"add {entity} to `entities` of the guard `patterns`" if entity in every else None

    async def find(self, texts: Sequence[str], call: GuardedCall) -> Sequence[Sequence[Finding]]:
        return await self._scan.findings(texts, self.name)
