"""Headers for tests that need no server."""

from __future__ import annotations

from collections.abc import Iterator, Sequence


class FewHeaders:
    """A list of pairs, looked up without regard to case."""

    def __init__(self, *pairs: tuple[str, str]) -> None:
        self._pairs = pairs

    def get(self, name: str, /) -> str | None:
        values = self.getall(name, ())
        return values[0] if values else None

    def getall(self, name: str, default: Sequence[str], /) -> Sequence[str]:
        return [v for n, v in self._pairs if n.lower() == name.lower()] or default

    def __iter__(self) -> Iterator[str]:
        return iter([name for name, _ in self._pairs])
