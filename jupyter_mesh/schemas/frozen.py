"""Immutable values that cost nothing to be so."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar, dataclass_transform, overload

T = TypeVar("T")


@overload
def frozen(cls: type[T], /) -> type[T]: ...
@overload
def frozen(*, kw_only: bool = False) -> Callable[[type[T]], type[T]]: ...
@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def frozen(
    cls: type[T] | None = None, /, *, kw_only: bool = False
) -> type[T] | Callable[[type[T]], type[T]]:
    """A dataclass with slots and a hash that the type checker holds to be frozen.

    A call makes some thirty of them, and `dataclass(frozen=True)` sets each field through
    `object.__setattr__`: four times the time of an ordinary one (1.6 against 0.4 µs for five
    fields).

    Args:
        cls: The class, where the decorator stands without parentheses.
        kw_only: As `dataclasses.dataclass` takes it.
    """

    def decorate(plain: type[T]) -> type[T]:
        return dataclass(slots=True, unsafe_hash=True, kw_only=kw_only)(plain)

    return decorate if cls is None else decorate(cls)
