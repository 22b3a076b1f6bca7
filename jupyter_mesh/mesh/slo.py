"""What an admin promises of models' speed and reliability, held against what was measured."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase

from ..schemas.performance import Performance, Promised
from ..schemas.policy import SloRule


def promised(key: str, by: str, rules: Sequence[SloRule]) -> Promised:
    """The tightest limit of each kind that holds for `key`."""
    held = [rule for rule in rules if _is_for(rule, key, by)]

    def tightest(limits: Iterable[float | None]) -> float | None:
        return min((limit for limit in limits if limit is not None), default=None)

    return Promised(
        p95_ms=tightest(rule.p95_ms for rule in held),
        first_token_p95_ms=tightest(rule.first_token_p95_ms for rule in held),
        error_rate=tightest(rule.error_rate for rule in held),
    )


def breaches(row: Performance, by: str, rules: Sequence[SloRule]) -> list[str]:
    """What was not held, in words; nothing of fewer calls than a rule asks for."""
    said: list[str] = []
    for rule in rules:
        if not _is_for(rule, row.key, by) or row.calls < rule.minimum_calls:
            continue
        for limit, found, what, unit in (
            (rule.p95_ms, row.total_ms.p95, "p95 of the total time", "ms"),
            (rule.first_token_p95_ms, row.first_token_ms.p95, "p95 of the first token", "ms"),
            (rule.error_rate, row.error_rate, "the error rate", ""),
        ):
            if limit is not None and found is not None and found > limit:
                of = f" {unit}" if unit else ""
                said.append(f"{what} is {found:.4g}{of}, promised {limit:g}{of}")
    return said


def _is_for(rule: SloRule, key: str, by: str) -> bool:
    target = {"model": rule.model, "connection": rule.connection}.get(by)
    return target is not None and fnmatchcase(key, target)
