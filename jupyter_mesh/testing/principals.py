"""Callers for tests, by their part."""

from __future__ import annotations

from collections.abc import Iterable

from ..schemas.principal import Principal, Scope

_OWN = frozenset({Scope.USE, Scope.CONFIGURE})


def analyst(user: str = "ada", groups: Iterable[str] = ()) -> Principal:
    """Somebody in a browser: asks, and sets preferences."""
    return Principal(user=user, groups=frozenset(groups), scopes=_OWN, via="browser")


def kernel_of(user: str = "ada", groups: Iterable[str] = ()) -> Principal:
    """A notebook kernel of `user`: asks, and nothing else."""
    return Principal(
        user=user, groups=frozenset(groups), scopes=frozenset({Scope.USE}), via="kernel"
    )


def application(name: str = "reports", user: str = "service-reports") -> Principal:
    """A production application with an API key of its own."""
    return Principal(
        user=user,
        scopes=frozenset({Scope.USE}),
        via="key",
        application=name,
        key_id=f"key-{name}",
    )


def auditor(user: str = "olga") -> Principal:
    """Somebody who reads every call, in a browser."""
    return Principal(user=user, scopes=_OWN | {Scope.AUDIT, Scope.READ_USAGE}, via="browser")


def admin(user: str = "root") -> Principal:
    """Somebody with every scope."""
    return Principal(user=user, scopes=frozenset(Scope), via="browser")
