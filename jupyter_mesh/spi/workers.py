"""How a part of the mesh has texts looked through in other processes, so that calls do not wait."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from typing import ClassVar, NamedTuple, Protocol

from ..schemas.json import JsonObject


class ScannedSpan(NamedTuple):
    """`text[start:end]` is of type `entity`; `score` from 0 to 1 says how sure that is."""

    start: int
    end: int
    entity: str
    score: float


class Scanner(ABC):
    """Looks through texts in a worker process: uses CPU and files, no network, and holds no secret.

    Made from plain settings, once in each process for the same settings. It is found there by the
    name of its class, which stands at the top of its module.

    Long texts come in slices that overlap, so that nobody waits long and several processes share
    the work; of what is found, each slice keeps what begins in it.

    Attributes:
        slice: Characters of a slice.
        before: Characters in front of a slice that are shown too: what a finding may depend on.
        after: Characters behind it: the longest finding and what may follow it.
    """

    slice: ClassVar[int] = 8_192
    before: ClassVar[int] = 512
    after: ClassVar[int] = 1_024

    def __init__(self, settings: JsonObject) -> None:
        self.settings = settings

    @abstractmethod
    def scan(self, text: str) -> Iterable[ScannedSpan]:
        """What is found in one text; may overlap, in any order."""


class Workers(Protocol):
    """Processes that scan, with a bound on what waits for them."""

    async def scan(
        self, scanner: type[Scanner], settings: JsonObject, texts: Sequence[str]
    ) -> list[list[ScannedSpan]]:
        """What a scanner with these settings finds in each text, in the order of `texts`.

        May stop once more than `MOST_FINDINGS` are found. `settings` are not changed afterwards.

        Raises:
            ScreeningUnavailable: The process died, hung or answered garbage; or too much waits.
        """
        ...
