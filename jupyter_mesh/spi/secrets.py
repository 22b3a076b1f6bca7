"""Where keys live. They are written once and never read back through any API."""

from __future__ import annotations

from typing import Protocol

REFERENCES = ("env:", "file:", "store:")
"""How a reference to a secret begins."""


class SecretStore(Protocol):
    """Resolves references, never lists values."""

    def resolve(self, reference: str) -> str:
        """The secret behind `env:NAME`, `file:PATH` or `store:NAME`.

        Raises:
            ConfigError: It does not exist; the message names the reference, never a value.
        """
        ...

    def known_values(self) -> frozenset[str]:
        """Values resolved so far, for scrubbing them from error messages."""
        ...
