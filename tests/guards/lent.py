"""What a mesh lends to a guard, where a test needs only some of it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import cast

from jupyter_mesh.schemas.json import JsonObject
from jupyter_mesh.spi.guard import GuardTools
from jupyter_mesh.spi.happenings import Happenings
from jupyter_mesh.spi.models import Models
from jupyter_mesh.spi.secrets import SecretStore
from jupyter_mesh.spi.workers import ScannedSpan, Scanner, Workers
from jupyter_mesh.testing.in_threads import InThreads


def lent_tools(workers: Workers | None = None, models: object = None) -> GuardTools:
    """With nothing behind what is not given."""
    return GuardTools(
        models=cast("Models", models),
        secrets=cast("SecretStore", None),
        workers=workers or InThreads(),
        folder=Path(),
        happenings=Happenings(),
    )


class Noted(InThreads):
    """Scans, and notes which texts it was asked about."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[list[str]] = []

    async def scan(
        self, scanner: type[Scanner], settings: JsonObject, texts: Sequence[str]
    ) -> list[list[ScannedSpan]]:
        self.asked.append([*texts])
        return await super().scan(scanner, settings, texts)
