"""What the sealed secrets of a personal mesh are called in the hub.

A name that the hub has for another value is never used: the connection would get the hub's key, or
the hub's connections the personal one.
"""

from __future__ import annotations

import re
import secrets as random
from collections.abc import Mapping
from typing import Literal

from .hub_policy import HubPolicy

_MADE = re.compile(r"(?P<stem>.+)\.[0-9a-f]{8}")
_OWN = "offer-"
_LONGEST_STEM = 119


class SecretNames:
    """Args:
    values: Of the personal mesh, by its names.
    hub: Whose sealed secrets are there already.
    """

    def __init__(self, values: Mapping[str, str], hub: HubPolicy) -> None:
        self.values = values
        self._hub = hub
        self._names: dict[str, str] = {}

    def in_hub(self, name: str) -> str:
        """What it is called there."""
        if name not in self._names:
            self._names[name] = self._choose(name)
        return self._names[name]

    def value_of(self, name: str) -> str:
        """The value of a secret, by the hub's name."""
        return next(self.values[own] for own, there in self._names.items() if there == name)

    def to_seal(self, name: str) -> bool:
        """Whether a secret, by the hub's name, is not sealed there yet."""
        return name not in self._hub.secrets

    def unused(
        self, name: str, *, replace: bool
    ) -> tuple[Literal["new", "replace", "same", "differs"], str] | None:
        """What becomes of one that nothing refers to; None: it was made for something gone."""
        if name.startswith(_OWN) or _MADE.fullmatch(name):
            return None
        if name not in self._hub.secrets:
            if name in self._hub.referred and not replace:
                return "differs", "the hub has none of this name, and something that waits for it"
            return "new", ""
        if self._hub.secrets[name] == self.values[name]:
            return "same", ""
        if replace:
            return "replace", "what refers to it in the hub uses this value from now on"
        return "differs", "another value of this name is there and stays"

    def _choose(self, name: str) -> str:
        made = _MADE.fullmatch(name)
        stem = made["stem"] if made else name
        if name.startswith(_OWN):
            stem = f"{name.removeprefix(_OWN)}.api_key"
        elif self._free(name) or self._hub.secrets.get(name) == self.values[name]:
            return name
        stem = stem[:_LONGEST_STEM]
        for other, value in self._hub.secrets.items():
            known = _MADE.fullmatch(other)
            if known and known["stem"] == stem and value == self.values[name]:
                return other
        return f"{stem}.{random.token_hex(4)}"

    def _free(self, name: str) -> bool:
        """Nothing is sealed under it, and nothing of the hub waits for it."""
        return name not in self._hub.secrets and name not in self._hub.referred
