"""What admins set while the mesh runs: one shape for every kind of object."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeAlias, get_args

from .json import JsonObject

Kind: TypeAlias = Literal[
    "connections",
    "aliases",
    "groups",
    "guards",
    "keys",
    "budgets",
    "raises",
    "limits",
    "screening",
    "moderation",
    "slos",
    "alerts",
    "use_cases",
    "service_accounts",
    "general",
]
"""The sections of `mesh.yaml`; `general` holds those that are one object and not many, by name."""

KINDS: tuple[Kind, ...] = get_args(Kind)

ChangeKind: TypeAlias = Kind | Literal["file", "secrets", "cache"]
"""What a change is of: a setting; `mesh.yaml` as it was read; a secret or the key that seals them
all; a cache that was emptied, in records of earlier versions.
"""

CHANGE_KINDS: tuple[ChangeKind, ...] = (*KINDS, "file", "secrets", "cache")


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One object as the store holds it.

    Attributes:
        body: As it would stand in `mesh.yaml`.
        version: Grows with every change to any setting; who changes one names the version they saw.
    """

    kind: Kind
    name: str
    body: JsonObject
    version: int
    changed_at: datetime
    changed_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingChange:
    """One change: None before it was made, None after it was removed."""

    version: int
    kind: ChangeKind
    name: str
    changed_at: datetime
    changed_by: str
    via: str
    before: JsonObject | None
    after: JsonObject | None
