"""Guards find and judge; what happens on a hit is policy, and belongs to the pipeline."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import ClassVar, Literal

from pydantic import BaseModel, ConfigDict

from ..schemas.frozen import frozen

MOST_FINDINGS = 20_000
"""A call in which more is found is refused, so a detector need not look further."""


class GuardConfig(BaseModel):
    """Base of a guard's settings in `mesh.yaml`."""

    model_config = ConfigDict(extra="forbid", frozen=True)


@frozen
class Finding:
    """A span `text[start:end]` that is of type `entity` (upper case, Presidio's names)."""

    start: int
    end: int
    entity: str
    score: float
    detector: str


@frozen
class Verdict:
    """A judge's opinion: `score` from 0 (harmless) to 1; `categories` that contributed."""

    score: float
    categories: tuple[str, ...] = ()


class Detector(ABC):
    """Finds personal data, secrets or internal names in a text. Register under
    `jupyter_mesh.guard.v1`.
    """

    Config: type[GuardConfig] = GuardConfig
    name: ClassVar[str]

    def __init__(self, config: GuardConfig) -> None:
        self.config = config

    @abstractmethod
    async def find(self, texts: Sequence[str]) -> Sequence[Sequence[Finding]]:
        """The findings in each text, in the order of `texts`. May overlap; the pipeline merges.

        Texts may be long: what takes more than some milliseconds belongs in a thread or a process,
        and a detector may stop once it has more than `MOST_FINDINGS`. Any exception closes the
        call with `screening_unavailable`.
        """


class Judge(ABC):
    """Judges a prompt or an answer as a whole. Register under `jupyter_mesh.guard.v1`."""

    Config: type[GuardConfig] = GuardConfig
    name: ClassVar[str]

    def __init__(self, config: GuardConfig) -> None:
        self.config = config

    @abstractmethod
    async def judge(self, text: str, direction: Literal["request", "response"]) -> Verdict:
        """Any exception closes the call with `moderation_unavailable`."""
