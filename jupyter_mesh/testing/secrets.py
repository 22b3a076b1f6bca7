"""A secret store for tests: values given as a mapping."""

from __future__ import annotations

from collections.abc import Mapping

from ..errors import ConfigError


class StaticSecrets:
    """Resolves the references it was given, and remembers which were asked for."""

    def __init__(self, values: Mapping[str, str] | None = None) -> None:
        self._values = dict(values or {})
        self._resolved: set[str] = set()

    def resolve(self, reference: str) -> str:
        """The value behind `reference`.

        Raises:
            ConfigError: It was not given.
        """
        if reference not in self._values:
            raise ConfigError(f"There is no secret {reference!r}.")
        self._resolved.add(self._values[reference])
        return self._values[reference]

    def known_values(self) -> frozenset[str]:
        """Values resolved so far."""
        return frozenset(self._resolved)
