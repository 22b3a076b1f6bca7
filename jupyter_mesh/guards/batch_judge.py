"""A judge of many texts at once, with what the mesh lends it."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import Literal

from ..spi.guard import GuardConfig, GuardedCall, GuardTools, Judge, Verdict


class BatchJudge(Judge):
    """Judges the texts of a call together; one text is a list of one."""

    def __init__(self, config: GuardConfig) -> None:
        super().__init__(config)
        self._tools: GuardTools | None = None

    def start(self, name: str, tools: GuardTools) -> None:
        self._tools = tools

    async def judge(
        self, text: str, direction: Literal["request", "response"], call: GuardedCall
    ) -> Verdict:
        [verdict] = await self.judge_all([text], direction, call)
        return verdict

    @abstractmethod
    async def judge_all(
        self,
        texts: Sequence[str],
        direction: Literal["request", "response"],
        call: GuardedCall,
    ) -> Sequence[Verdict]:
        """A verdict on each text, in the order of `texts`."""
