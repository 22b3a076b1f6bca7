"""Prices that nobody has looked at for too long: a list, or what an admin wrote with its day."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime

from ..pipeline.snapshot import Candidate
from ..schemas.price_rules import PricesRule

_NAMED = 3


@dataclass(frozen=True, slots=True)
class Outdated:
    """Prices of one source.

    Attributes:
        subject: What they are of: the price list, or an admin's own prices of a connection.
        as_of: The day on which somebody last looked; of several the earliest.
        models: Those that are charged by them.
        own: Whether an admin wrote them.
    """

    subject: str
    as_of: date
    models: list[str] = field(default_factory=list[str])
    own: bool = False

    def words(self) -> str:
        """In one sentence."""
        some = ", ".join(self.models[:_NAMED])
        more = len(self.models) - _NAMED
        models = f"{some} and {more} more" if more > 0 else some
        return f"The prices of {models} may be out of date: {self.subject} is of {self.as_of}."


def outdated(
    candidates: Iterable[Candidate], rule: PricesRule, now: datetime | None = None
) -> dict[str, Outdated]:
    """By their subject, what is older than the rule lets pass."""
    if rule.outdated_after is None:
        return {}
    oldest = (now or datetime.now(UTC)).date() - rule.outdated_after
    found: dict[str, Outdated] = {}
    for candidate in candidates:
        price = candidate.facts.price
        if price is None or price.as_of is None or price.as_of >= oldest:
            continue
        own = price.source == "admin"
        source = price.source.partition(",")[0]  # without the discount
        subject = f"the price table of {candidate.facts.connection}" if own else source
        one = found.get(subject, Outdated(subject, price.as_of, own=own))
        models = [*one.models, candidate.id]
        found[subject] = Outdated(subject, min(one.as_of, price.as_of), models, own)
    return found


def notes_on(
    models: Collection[str], candidates: Iterable[Candidate], rule: PricesRule
) -> list[str]:
    """What should be said where costs of these models are shown."""
    used = (one for one in candidates if one.id in models)
    return [one.words() for one in outdated(used, rule).values()]
