"""Why a write failed, and whether trying again can mean anything."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Failure:
    """The state of a store that cannot be written.

    Attributes:
        reason: Half a sentence without a path, an address or a password.
        for_good: Nothing but a restart helps.
        damaged: The store itself must be checked before it is trusted again.
        undone: The transaction met another one and left nothing behind: it may be done over.
        lost: The connection is gone; a commit that was under way may have held.
    """

    reason: str
    for_good: bool = False
    damaged: bool = False
    undone: bool = False
    lost: bool = False


class UnfitStore(Exception):
    """A store that can be reached and must not be used as it is; says why in half a sentence."""
