"""What an admin promises of models' speed and reliability, held against what was measured."""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase

from ..schemas.performance import Performance
from ..schemas.policy import SloRule


def breaches(row: Performance, by: str, rules: Sequence[SloRule]) -> list[str]:
    """What was not held, in words; nothing of fewer calls than a rule asks for."""
    said: list[str] = []
    for rule in rules:
        target = {"model": rule.model, "connection": rule.connection}.get(by)
        if target is None or not fnmatchcase(row.key, target) or row.calls < rule.minimum_calls:
            continue
        for limit, found, what, unit in (
            (rule.p95_ms, row.total_ms.p95, "p95 of the total time", "ms"),
            (rule.first_token_p95_ms, row.first_token_ms.p95, "p95 of the first token", "ms"),
            (rule.error_rate, row.error_rate, "the error rate", ""),
        ):
            if limit is not None and found is not None and found > limit:
                said.append(f"{what} is {found:.4g} {unit}".strip() + f", promised {limit:g}")
    return said
