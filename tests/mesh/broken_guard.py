"""A guard whose worker is gone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from jupyter_mesh.spi.guard import Detector, Finding, GuardedCall


class Broken(Detector):
    """Fails at every text."""

    name: ClassVar[str] = "broken"

    async def find(self, texts: Sequence[str], call: GuardedCall) -> Sequence[Sequence[Finding]]:
        raise ConnectionResetError(f"the worker died over {texts[0]}")
