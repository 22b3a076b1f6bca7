"""The mesh's own scopes in a JupyterHub, and what they are worth in which kind of credential."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from jupyter_mesh.schemas.principal import Scope

PREFIX = "custom:mesh:"


@dataclass(frozen=True, slots=True)
class HubScope:
    """One custom scope.

    Attributes:
        grants: What it is worth in the mesh.
        includes: Narrower ones that it brings along.
    """

    description: str
    grants: frozenset[Scope]
    includes: tuple[str, ...] = ()


USE = f"{PREFIX}use"
READ_USAGE = f"{PREFIX}read:usage"
AUDIT = f"{PREFIX}audit"
ADMIN = f"{PREFIX}admin"
SHOWN_ADMIN = f"{PREFIX}shown-admin"
"""In the tokens of admins' servers, which hold no right of an admin's."""

OF_SERVICE = "read:users:groups"
"""The Hub's own, for the service itself: who made an API key, are they still in those groups?"""

SCOPES = {
    USE: HubScope(
        "Ask the language models that one's groups may use, and see one's own calls and costs",
        frozenset({Scope.USE, Scope.CONFIGURE}),
    ),
    READ_USAGE: HubScope(
        "See what the members of one's groups use of the language models",
        frozenset({Scope.READ_USAGE}),
    ),
    AUDIT: HubScope(
        "Read the record of every call to a language model",
        frozenset({Scope.AUDIT}),
        (USE, READ_USAGE),
    ),
    ADMIN: HubScope(
        "Administer the mesh: connections to language models, permissions, budgets, keys",
        frozenset({Scope.ADMIN}),
        (AUDIT, USE, READ_USAGE, SHOWN_ADMIN),
    ),
    SHOWN_ADMIN: HubScope(
        "Be shown the way to the mesh's administration; it is no right to anything", frozenset()
    ),
}

_OF_TOKENS = frozenset({Scope.USE, Scope.CONFIGURE, Scope.READ_USAGE})
"""All that a token in a header is ever worth: kernels have one, and whoever reads their notebook's
output may have it too.
"""
_OF_SERVICES = frozenset({Scope.USE, Scope.READ_USAGE})


def of_session(scopes: Iterable[str]) -> frozenset[Scope]:
    """What a browser's session may do that the Hub vouches for."""
    return frozenset(grant for name in scopes if name in SCOPES for grant in SCOPES[name].grants)


def of_token(scopes: Iterable[str], *, is_service: bool) -> frozenset[Scope]:
    """What a token in a header may do: never what an auditor or an admin does, whoever owns it."""
    return of_session(scopes) & (_OF_SERVICES if is_service else _OF_TOKENS)


def definitions() -> dict[str, dict[str, str | list[str]]]:
    """For `c.JupyterHub.custom_scopes`."""
    found: dict[str, dict[str, str | list[str]]] = {}
    for name, scope in SCOPES.items():
        found[name] = {"description": scope.description}
        if scope.includes:
            found[name]["subscopes"] = list(scope.includes)
    return found
