"""A guard whose worker does what the text says."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from jupyter_mesh.guards.span import findings
from jupyter_mesh.spi.guard import Detector, Finding, GuardedCall, GuardTools
from tests.guards.scanners import Faulty


class InWorkers(Detector):
    """Finds the first character of each text, unless the text breaks it."""

    name: ClassVar[str] = "in_workers"

    def start(self, name: str, tools: GuardTools) -> None:
        self._workers = tools.workers

    async def find(self, texts: Sequence[str], call: GuardedCall) -> Sequence[Sequence[Finding]]:
        found = await self._workers.scan(Faulty, {}, texts)
        return [findings(spans, self.name) for spans in found]
