"""Guards that are services, each with a server of its format to talk to."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Generic, TypeVar, cast

from jupyter_mesh.guards.remote_azure_language import AzureLanguage
from jupyter_mesh.guards.remote_comprehend import Comprehend
from jupyter_mesh.guards.remote_content_safety import ContentSafety
from jupyter_mesh.guards.remote_detector import RemoteDetector
from jupyter_mesh.guards.remote_dlp import Dlp
from jupyter_mesh.guards.remote_guardrail import BedrockGuardrail
from jupyter_mesh.guards.remote_moderations import Moderations
from jupyter_mesh.guards.remote_presidio import PresidioService
from jupyter_mesh.outbound.authorization import Token
from jupyter_mesh.outbound.aws_sigv4 import Keys
from jupyter_mesh.outbound.google_credentials import GoogleCredentials
from jupyter_mesh.spi.guard import Detector, Guard, GuardedCall, GuardTools, Judge
from jupyter_mesh.spi.happenings import Happening, Happenings
from jupyter_mesh.spi.models import Models
from jupyter_mesh.spi.workers import Workers
from jupyter_mesh.testing import fake_guards as fakes
from jupyter_mesh.testing.secrets import StaticSecrets

KEY = "key-of-the-service-0123456789"
AWS = Keys("AKIDEXAMPLE", "aws-secret-0123456789abcdef")
SECRETS = {"env:KEY": KEY, "env:ID": AWS.access_key, "env:SECRET": AWS.secret_key}
PEOPLE = ("Ada Lovelace", "ada@example.org")
"""What is planted in texts: a person, an address."""
CALL = GuardedCall()
TEXT = f"Dear {PEOPLE[0]}, your secret plan to write to {PEOPLE[1]} is known."
BAD = "gravely harmful words"

_SIGNED = {"region": "eu-west-1", "access_key_id": "env:ID", "secret_access_key": "env:SECRET"}

G = TypeVar("G", bound=Guard)


@dataclass(frozen=True)
class Vendor(Generic[G]):
    """One service.

    Attributes:
        fake: Its server, told what it finds by the vendor's words for it.
        words: The vendor's words for what is planted, in order.
        key: What the fake asks for; None: it checks who asks by itself.
    """

    title: str
    guard: type[G]
    fake: Callable[[Mapping[str, str]], fakes.AzureLanguage | object]
    words: tuple[str, ...]
    settings: Mapping[str, object] = field(default_factory=dict[str, object])
    key: str | None = None

    @asynccontextmanager
    async def server(self, *planted: str) -> AsyncIterator[fakes.FakeGuard]:
        """Its fake, which finds what is planted."""
        dialect = self.fake(dict(zip(planted or PEOPLE, self.words, strict=False)))
        server = fakes.FakeGuard(cast(fakes.Presidio, dialect), api_key=self.key)
        async with server:
            yield server

    def make(self, address: str, **settings: object) -> G:
        """A guard that asks there."""
        said = {"residency": "external", **self.settings, **settings, "base_url": address}
        return self.guard(self.guard.Config.model_validate(said))


@dataclass
class World:
    """What guards are lent, and what they tell."""

    told: list[Happening] = field(default_factory=list[Happening])

    def tools(self, folder: Path = Path("unused")) -> GuardTools:
        happenings = Happenings()
        happenings.listen(self.told.append)
        nobody = cast(Models, None)
        return GuardTools(nobody, StaticSecrets(SECRETS), cast(Workers, None), folder, happenings)

    @property
    def kinds(self) -> list[str]:
        return [one.kind for one in self.told]


@asynccontextmanager
async def started(guard: G, world: World | None = None) -> AsyncIterator[G]:
    """The guard at work."""
    guard.start("watch", (world or World()).tools())
    try:
        yield guard
    finally:
        await guard.aclose()


class GoogleToken:
    """In place of Google's credentials: a token that needs nobody."""

    @staticmethod
    def install(monkeypatch: object) -> None:
        def fetch(self: GoogleCredentials) -> Token:
            return Token("ya29.token-0123456789", 4e9)

        cast("_Patch", monkeypatch).setattr(GoogleCredentials, "fetch", fetch)


class _Patch:
    def setattr(self, target: object, name: str, value: object) -> None: ...


PRESIDIO = Vendor[RemoteDetector](
    "presidio", PresidioService, fakes.Presidio, ("PERSON", "EMAIL_ADDRESS"),
    {"api_key": "env:KEY"}, KEY,
)  # fmt: skip
AZURE = Vendor[RemoteDetector](
    "azure", AzureLanguage, fakes.AzureLanguage, ("Person", "Email"), {"api_key": "env:KEY"}, KEY
)
COMPREHEND = Vendor[RemoteDetector](
    "comprehend", Comprehend, lambda known: fakes.Comprehend(known, AWS), ("NAME", "EMAIL"),
    _SIGNED,
)  # fmt: skip
DLP = Vendor[RemoteDetector](
    "dlp", Dlp, fakes.Dlp, ("PERSON_NAME", "EMAIL_ADDRESS"), {"project": "p"}
)
DETECTORS: tuple[Vendor[RemoteDetector], ...] = (PRESIDIO, AZURE, COMPREHEND, DLP)

MODERATIONS = Vendor[Judge](
    "moderations", Moderations, fakes.Moderations, ("violence",), {"api_key": "env:KEY"}, KEY
)
SAFETY = Vendor[Judge](
    "safety", ContentSafety, fakes.ContentSafety, ("Violence=6",), {"api_key": "env:KEY"}, KEY
)
GUARDRAIL = Vendor[Judge](
    "guardrail", BedrockGuardrail, lambda known: fakes.Guardrail(known, AWS), ("VIOLENCE=HIGH",),
    {**_SIGNED, "guardrail": "abc123"},
)  # fmt: skip
JUDGES = (MODERATIONS, SAFETY, GUARDRAIL)
EVERY = (*DETECTORS, *JUDGES)


async def ask(guard: Guard, text: str = TEXT) -> None:
    """Have it look at a text, whichever kind it is."""
    if isinstance(guard, Detector):
        await guard.find([text], CALL)
    else:
        assert isinstance(guard, Judge)
        await guard.judge(text, "request", CALL)
