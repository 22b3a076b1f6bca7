"""How a part of the mesh has texts looked through in other processes, so that calls do not wait."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import NamedTuple, Protocol

from ..schemas.json import JsonObject


class ScannedSpan(NamedTuple):
    """`text[start:end]` is of type `entity`; `score` from 0 to 1 says how sure that is."""

    start: int
    end: int
    entity: str
    score: float


class Scanner(ABC):
    """Looks through texts in a worker process: uses CPU and files, no network, and holds no secret.

    Made from plain settings, once in each process for the same settings.
    """

    def __init__(self, settings: JsonObject) -> None:
        self.settings = settings

    @abstractmethod
    def scan(self, text: str) -> Sequence[ScannedSpan]:
        """What is found in one text; may overlap, in any order."""


class Workers(Protocol):
    """Processes that scan, with a bound on what waits for them."""

    async def scan(
        self, scanner: type[Scanner], settings: JsonObject, texts: Sequence[str]
    ) -> list[list[ScannedSpan]]:
        """What a scanner with these settings finds in each text, in the order of `texts`.

        Raises:
            ScreeningUnavailable: The process died, hung or answered garbage; or too much waits.
        """
        ...
