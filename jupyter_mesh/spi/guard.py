"""Guards find and judge; what happens on a hit is policy, and belongs to the pipeline."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import field
from datetime import datetime
from pathlib import Path
from typing import ClassVar, Literal

from pydantic import BaseModel, ConfigDict

from ..errors import ConfigError
from ..schemas.catalog import Residency
from ..schemas.frozen import frozen
from ..schemas.request import Request
from .happenings import Happenings
from .models import Models
from .secrets import SecretStore
from .workers import Workers

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
    """A judge's opinion of a text.

    Attributes:
        score: From 0 (harmless) to 1.
        categories: Those that contributed.
        scores: By category, where the judge tells them apart; rules may have a threshold for each.
        advice: What to tell a model that is asked again, in a sentence; shown to nobody else.
    """

    score: float
    categories: tuple[str, ...] = ()
    scores: Mapping[str, float] = field(default_factory=dict[str, float], hash=False, compare=False)
    advice: str = ""

    @classmethod
    def of(cls, scores: Mapping[str, float], contributing: float = 0.5) -> Verdict:
        """A verdict by category: the highest decides, those from `contributing` on are named."""
        named = [name for name in scores if scores[name] >= contributing]
        named.sort(key=lambda name: -scores[name])
        return cls(max(scores.values(), default=0.0), tuple(named), dict(scores))

    def score_of(self, category: str) -> float:
        """How surely the text is of `category`."""
        return self.scores.get(category, self.score if category in self.categories else 0.0)


@frozen
class GuardedCall:
    """The call that a text belongs to.

    Attributes:
        id: Under which a guard may ask models of the mesh; empty where nothing runs.
        request: As it is known by then: what a detector sees is not screened yet, what a judge sees
            is. None where there is none.
        part: Which part of an answer the text is, such as `content` or `arguments` of a tool; empty
            where it is of a request.
    """

    id: str = ""
    request: Request | None = None
    part: str = ""


def _no_key(_: str) -> bytes:
    raise ConfigError("This mesh has no secret store that keys could be derived in.")


@frozen
class GuardTools:
    """What the mesh lends to its guards.

    Attributes:
        models: Asks models marked `internal`, with purpose `guard`, as a child of the guarded call.
        secrets: Resolves the references to keys in a guard's settings.
        workers: Processes for what takes more than some milliseconds of CPU.
        folder: For files that can be made again; shared by all gateways on this machine.
        happenings: Where to tell that something is wrong, for alerts.
        key: 32 bytes for a purpose, the same in every gateway of a store and after every restart.
            Reads the store, so not in the event loop. Raises ConfigError where nothing can be
            sealed, and StoreUnavailable.
    """

    models: Models
    secrets: SecretStore
    workers: Workers
    folder: Path
    happenings: Happenings
    key: Callable[[str], bytes] = _no_key


@frozen
class ReadFrom:
    """What a guard has read from elsewhere.

    Attributes:
        entries: How many.
        at: When reading them began.
    """

    entries: int
    at: datetime


class Guard(ABC):
    """What detectors and judges share. Making one is cheap and touches nothing: one is also made to
    see whether a configuration holds. It works between `start` and `aclose`.
    """

    Config: type[GuardConfig] = GuardConfig
    name: ClassVar[str]

    def __init__(self, config: GuardConfig) -> None:
        self.config = config

    @property
    def residency(self) -> Residency:
        """How far the texts it is shown go: not off this machine, unless it says otherwise. It is
        shown them before anything in them is redacted.
        """
        return Residency.LOCAL

    @property
    def asks(self) -> tuple[str, ...]:
        """The models of the mesh that it shows texts to, as `connection/model`; by default that of
        its setting `model`.
        """
        model: object = getattr(self.config, "model", None)
        return (model,) if isinstance(model, str) else ()

    def start(self, name: str, tools: GuardTools) -> None:  # noqa: B027 most need nothing
        """Begin to work, under the name that policy gives it; called once, in the event loop,
        before the first text. Returns at once: what takes time belongs in a task that `aclose`
        ends, and what is not ready yet raises when it is asked.
        """

    def read(self) -> ReadFrom | None:
        """What it goes by now, of a guard that reads that from elsewhere; None where it does not,
        or has not yet.
        """
        return None

    def read_again(self) -> bool:
        """Begin to read that anew, without waiting for it; False where there is nothing to read."""
        return False

    async def aclose(self) -> None:  # noqa: B027 most hold nothing
        """Let go of everything; no text comes afterwards."""


class Detector(Guard):
    """Finds personal data, secrets or internal names in a text. Register under
    `jupyter_mesh.guard.v1`.

    Attributes:
        longest: Characters of the longest thing it finds that holds blanks, with what it is known
            by. So much of an answer is held back; a token without blanks always is, to its end.
    """

    longest: int = 100

    def entities(self) -> frozenset[str] | None:
        """What it can find as it is configured and installed; None where that cannot be told.

        A policy that names an entity which none of its detectors can find is refused.
        """
        return None

    def remedy(self, entity: str) -> str | None:
        """What to install or set so that it can find `entity`; None where nothing would help."""
        return None

    def surest(self, entity: str) -> float | None:
        """How sure it is of a good finding of `entity`, as it is configured; None where that cannot
        be told. A policy with a higher threshold for it is refused: it would pass over what it is
        for.
        """
        return None

    @abstractmethod
    async def find(self, texts: Sequence[str], call: GuardedCall) -> Sequence[Sequence[Finding]]:
        """The findings in each text, in the order of `texts`. May overlap; the pipeline merges.

        Texts may be long: what takes more than some milliseconds belongs in a thread or a process,
        and a detector may stop once it has more than `MOST_FINDINGS`. Any exception closes the
        call with `screening_unavailable`.
        """


class Judge(Guard):
    """Judges a prompt or an answer as a whole. Register under `jupyter_mesh.guard.v1`."""

    whole: ClassVar[bool] = False
    """An answer can only be judged when all of it is there, so all of it is held back."""

    def categories(self) -> frozenset[str] | None:
        """Every category it can name, as it is configured; None where that cannot be told.

        A policy that names another is refused.
        """
        return None

    @abstractmethod
    async def judge(
        self, text: str, direction: Literal["request", "response"], call: GuardedCall
    ) -> Verdict:
        """Any exception closes the call with `moderation_unavailable`."""

    async def judge_all(
        self,
        texts: Sequence[str],
        direction: Literal["request", "response"],
        call: GuardedCall,
    ) -> Sequence[Verdict]:
        """A verdict on each text, in the order of `texts`; for judges that take many at once."""
        return [await self.judge(text, direction, call) for text in texts]
