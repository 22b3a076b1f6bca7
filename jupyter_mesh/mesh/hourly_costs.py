"""What connections cost by the hour, spread over the calls that used them by their tokens."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import ROUND_DOWN, Decimal
from typing import Protocol

from ..config import HourlyCost
from ..schemas.spend import PICO
from ..schemas.usage import Spend, UsageRow


class Sums(Protocol):
    """Gives the sums of a connection's calls: everybody's in one row, or as the report shows."""

    async def __call__(self, connection: str, *, everybody: bool) -> list[UsageRow]: ...


async def spread_hourly_costs(
    rules: Mapping[str, HourlyCost],
    since: datetime,
    until: datetime,
    sums: Sums,
    rows: list[UsageRow],
) -> tuple[list[UsageRow], Decimal]:
    """The rows with the share of each, and what connections cost that nobody used.

    Args:
        rules: By connection.
        since: From when on.
        until: Up to when; what is still to come is not counted.
        sums: Reads the sums of calls.
        rows: Of the report.
    """
    shares: dict[tuple[str, ...], Decimal] = {}
    idle = Decimal(0)
    for connection, rule in rules.items():
        cost = _paid(rule, since, until)
        if not cost:
            continue
        used = sum(_tokens(row) for row in await sums(connection, everybody=True))
        if not used:
            idle += cost
            continue
        shown = await sums(connection, everybody=False)
        for key, share in _shares(cost, used, shown).items():
            shares[key] = shares.get(key, Decimal(0)) + share
    if shares:
        rows = [_with(row, shares.get(tuple(row.key.values()))) for row in rows]
    return rows, idle


def _paid(rule: HourlyCost, since: datetime, until: datetime) -> Decimal:
    """USD for the part of a time in which it is paid."""
    begin = max(since, _utc(rule.since))
    end = min(until, datetime.now(UTC), *([_utc(rule.until)] if rule.until else []))
    micros = max(0, (end - begin) // timedelta(microseconds=1))
    return (rule.usd * micros / 3_600_000_000).quantize(PICO)


def _shares(cost: Decimal, used: int, rows: Sequence[UsageRow]) -> dict[tuple[str, ...], Decimal]:
    """Of each row; where the rows are all there is, together exactly the cost."""
    tokens = {tuple(row.key.values()): _tokens(row) for row in rows}
    shares = {
        key: (cost * count / used).quantize(PICO, ROUND_DOWN) for key, count in tokens.items()
    }
    if shares and sum(tokens.values()) == used:
        shares[max(tokens, key=lambda key: tokens[key])] += cost - sum(shares.values())
    return shares


def _tokens(row: UsageRow) -> int:
    return row.spend.input_tokens + row.spend.output_tokens


def _with(row: UsageRow, share: Decimal | None) -> UsageRow:
    if not share:
        return row
    spend: Spend = row.spend.model_copy(update={"fixed_usd": share})
    return row.model_copy(update={"spend": spend})


def _utc(moment: datetime) -> datetime:
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
