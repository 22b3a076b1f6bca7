"""What was said before: conversation memory, by notebook and thread, in this process only."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from ..schemas.json import JsonObject

DEFAULT_THREAD = "default"
_KEPT_EXCHANGES = 100


@dataclass(frozen=True, slots=True)
class Exchange:
    """One question and its answer, as messages."""

    question: tuple[JsonObject, ...]
    answer: str

    def messages(self) -> tuple[JsonObject, ...]:
        """Both sides, as the next request carries them."""
        return (*self.question, {"role": "assistant", "content": self.answer})


class Threads:
    """Exchanges by (notebook, thread). Nothing is sent again unless a call asks for it."""

    def __init__(self) -> None:
        self._exchanges: dict[tuple[str | None, str], list[Exchange]] = defaultdict(list)

    def remember(self, document: str | None, thread: str, exchange: Exchange) -> None:
        """Add the latest exchange; only the last 100 of a thread are kept."""
        exchanges = self._exchanges[document, thread]
        exchanges.append(exchange)
        del exchanges[:-_KEPT_EXCHANGES]

    def exchanges(self, document: str | None, thread: str) -> Sequence[Exchange]:
        """What a thread holds, oldest first."""
        return tuple(self._exchanges.get((document, thread), ()))

    def messages(self, document: str | None, thread: str, last: int) -> list[JsonObject]:
        """The messages of the last exchanges."""
        recalled = self.exchanges(document, thread)[-last:] if last > 0 else ()
        return [message for exchange in recalled for message in exchange.messages()]

    def names(self, document: str | None) -> list[str]:
        """The threads of a notebook that hold something."""
        return sorted(name for of, name in self._exchanges if of == document)

    def forget(self, document: str | None, thread: str) -> int:
        """Clear one thread of one notebook; how many exchanges it held."""
        return len(self._exchanges.pop((document, thread), ()))

    def follow_rename(self, old: str | None, new: str | None) -> None:
        """Keep a notebook's threads when its path changes."""
        for document, thread in list(self._exchanges):
            if document == old:
                moved = self._exchanges.pop((document, thread))
                self._exchanges[new, thread] = [*self._exchanges[new, thread], *moved]
