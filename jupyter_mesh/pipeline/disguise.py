"""What stands in a call for each value that it does not send, and what of it comes back."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from collections.abc import Set as AbstractSet

from ..spi.guard import Finding
from .masking import masked
from .pseudonyms import Pseudonyms
from .redaction import Placeholders
from .treatment import Kind, Treatment, kind_of

_CODE = 16
"""Hexadecimal digits of a hash."""


class Disguise:
    """Stand-ins for one call.

    Args:
        for_good: Entities that do not come back.

    Attributes:
        originals: What is put back into the answer, by its stand-in.
    """

    def __init__(
        self,
        treatments: Mapping[Kind, Treatment],
        for_good: AbstractSet[str],
        placeholders: Placeholders,
        pseudonyms: Pseudonyms,
        key: bytes,
    ) -> None:
        self._treatments = treatments
        self._for_good = for_good
        self._placeholders = placeholders
        self._pseudonyms = pseudonyms
        self._key = key
        self.originals: dict[str, str] = {}

    def stand_in(self, finding: Finding, value: str) -> str:
        """What is sent in the place of `value`."""
        action = self._treatments[kind_of(finding)].action
        if action == "mask":
            return masked(value, finding.entity)
        entity = finding.entity
        for_good = entity in self._for_good
        name: str | None = None
        if action == "hash":
            name = hashed(self._key, entity, value)
        elif action == "pseudonymise":
            name = self._pseudonyms.of(entity, value, for_good=for_good)
        if name is None:
            name = self._placeholders.placeholder(entity, value)
        if not for_good:
            self.originals[name] = value
        return name


def hashed(key: bytes, entity: str, value: str) -> str:
    """A code that is the same for the same value, in every call of every caller of this store."""
    said = f"{entity}\0{value}".encode(errors="surrogatepass")
    return f"<{entity}_h{hmac.digest(key, said, 'sha256').hex()[:_CODE]}>"
