"""What a deployer should be able to show of a use of its risk class, and cannot yet.

The EU AI Act (Regulation (EU) 2024/1689), articles 12, 19, 26 and 50, is where it comes from; which
class a use belongs to is for the company to say.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from ..schemas.record_policy import AuditRule
from ..schemas.use_case import UseCaseRule

SIX_MONTHS = timedelta(days=184)
"""At least so long a deployer keeps the logs of a high-risk system: article 26 (6)."""


def missing(rule: UseCaseRule | None, audit: AuditRule) -> Iterator[str]:
    """What is missing, in words."""
    if rule is None:
        yield "Nobody has declared this use: no owner, no risk class."
        return
    if rule.risk_class is None:
        yield "No risk class is declared."
    if rule.owner is None:
        yield "No owner is declared."
    if rule.risk_class == "high":
        if audit.retain < SIX_MONTHS:
            yield (
                f"Calls are kept for {audit.retain.days} days; of a high-risk use at least six "
                "months are asked for (article 26). Raise `audit.retain`."
            )
        if rule.human_oversight is None:
            yield "No human oversight is declared (article 26)."
        if not rule.data_sources:
            yield "No data sources are declared (article 26)."
    if rule.risk_class in ("high", "limited") and rule.ai_marking is None:
        yield "It is not said how people learn that a model wrote it (article 50)."
