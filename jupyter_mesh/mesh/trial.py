"""Keys of a connection that is tried before it is saved."""

from __future__ import annotations

from collections.abc import Mapping

from ..spi.secrets import SecretStore


class TypedSecrets:
    """`spi.SecretStore`: what was typed just now, before what is saved. Nothing is written.

    Args:
        saved: Where everything else is looked up.
        typed: Values by reference.
    """

    def __init__(self, saved: SecretStore, typed: Mapping[str, str]) -> None:
        self._saved = saved
        self._typed = dict(typed)

    def resolve(self, reference: str) -> str:
        """The secret behind a reference; raises as the store does."""
        typed = self._typed.get(reference)
        return self._saved.resolve(reference) if typed is None else typed

    def known_values(self) -> frozenset[str]:
        """What must not stand in a message: typed keys too."""
        return self._saved.known_values() | frozenset(self._typed.values())
