"""Who is calling, as the transport established it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Scope(StrEnum):
    """What a credential may do. The server's `scopes` module describes and enforces them."""

    USE = "use"
    """Ask the models one may use; see one's own calls and costs."""
    CONFIGURE = "configure"
    """Set one's own preferences; in a personal mesh also accept offered models."""
    READ_USAGE = "read:usage"
    """See usage of one's groups."""
    AUDIT = "audit"
    """Read every call."""
    ADMIN = "admin"
    """Change connections, policies, budgets."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """An authenticated caller.

    Attributes:
        user: Stable name of the person or service the call is charged to.
        groups: Mesh groups; decided by the identity source, never by the request.
        scopes: What this credential may do.
        via: `browser`, `kernel`, `key` or `service`.
        application: Bound by an API key; `notebook` for kernels and the Lab.
        key_id: Identifier of the API key used, if any (never the key).
        models: Names and globs the credential is narrowed to; None: whatever its user may use.
        purpose: What every call with the credential is for; None: the caller says.
    """

    user: str
    groups: frozenset[str] = frozenset()
    scopes: frozenset[Scope] = frozenset()
    via: str = "service"
    application: str = "notebook"
    key_id: str | None = None
    models: tuple[str, ...] | None = None
    purpose: str | None = None

    def may(self, scope: Scope) -> bool:
        """Whether the credential carries `scope`."""
        return scope in self.scopes
