"""`jupyter mesh usage reconcile`: a vendor's invoice held against what was recorded."""

from __future__ import annotations

import csv
from argparse import Namespace
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TypeAlias

from ..client import AsyncMesh
from ..errors import InvalidRequest
from ..schemas.usage import Usage
from .gateway import ask_gateway
from .outcome import FAILED, Output

Line: TypeAlias = tuple[date, str]
"""A day (UTC) and the vendor's own name of a model."""
_COLUMNS = {
    "day": ("day", "date", "start_time", "usage_date", "chargeperiodstart"),
    "model": ("model", "model_name", "line_item", "skuid"),
    "amount": ("amount", "amount_value", "cost", "cost_usd", "amount_usd", "billedcost"),
}
"""What invoices call them; the first that is there counts."""
_HEADS = ("DAY", "MODEL", "THEIRS", "OURS", "DIFFERENCE", "")


@dataclass(frozen=True, slots=True)
class Compared:
    """One day of one model, in USD."""

    day: date
    model: str
    theirs: Decimal
    ours: Decimal
    fits: bool

    @property
    def difference(self) -> Decimal:
        """How much more they ask for."""
        return self.theirs - self.ours


def reconcile(arguments: Namespace, output: Output) -> int:
    """Print where the invoice and the record differ; fails where they do by more than tolerated."""
    columns = {name: getattr(arguments, f"{name}_column") for name in _COLUMNS}
    theirs = invoice(Path(arguments.file), columns)
    since, until = min(day for day, _ in theirs), max(day for day, _ in theirs)
    asked = {
        "by": "day,connection,model",
        "since": since.isoformat(),
        "until": (until + timedelta(days=1)).isoformat(),
        "view": "all",
        **({"connection": arguments.connection} if arguments.connection else {}),
    }

    async def work(mesh: AsyncMesh) -> Usage:
        return Usage.model_validate(
            (await mesh.transport.call("GET", "api/usage", params=asked)).body
        )

    usage = ask_gateway(arguments, work)
    found = list(compared(theirs, recorded(usage), arguments.tolerance, arguments.percent))
    _print(arguments, output, found, usage.total.unpriced)
    return 0 if all(one.fits for one in found) else FAILED


def invoice(path: Path, columns: Mapping[str, str | None]) -> dict[Line, Decimal]:
    """The sums of an invoice by day and model.

    Args:
        path: A CSV file with a line of names.
        columns: What it calls its day, model and amount; None: one of the usual names.

    Raises:
        InvalidRequest: It cannot be read; says the line.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            heads = {name: _head(reader.fieldnames or (), name, columns[name]) for name in _COLUMNS}
            sums: dict[Line, Decimal] = {}
            for row in reader:
                day, model, amount = (row[heads[name]] or "" for name in _COLUMNS)
                line = _day(day, reader.line_num), model.strip()
                sums[line] = sums.get(line, Decimal(0)) + _amount(amount, reader.line_num)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InvalidRequest(f"{path} cannot be read: {error}.") from error
    if not sums:
        raise InvalidRequest(f"{path} has no line beside its names.")
    return sums


def recorded(usage: Usage) -> dict[Line, Decimal]:
    """The sums of what was recorded, by the names that vendors use: without the connection."""
    sums: dict[Line, Decimal] = {}
    for row in usage.rows:
        model = row.key["model"].removeprefix(f"{row.key['connection']}/")
        line = date.fromisoformat(row.key["day"]), model
        sums[line] = sums.get(line, Decimal(0)) + row.spend.cost_usd
    return {line: cost for line, cost in sums.items() if cost}


def compared(
    theirs: Mapping[Line, Decimal], ours: Mapping[Line, Decimal], usd: Decimal, percent: Decimal
) -> Iterator[Compared]:
    """Every line of either; it fits where both differ by so many USD, or so much of theirs, at
    most.
    """
    for line in sorted({*theirs, *ours}):
        asked, spent = theirs.get(line, Decimal(0)), ours.get(line, Decimal(0))
        off = abs(asked - spent)
        yield Compared(*line, asked, spent, off <= max(usd, abs(asked) * percent / 100))


def _head(names: Iterable[str], what: str, said: str | None) -> str:
    known = {name.strip().lower(): name for name in names}
    for name in (said.lower(),) if said else _COLUMNS[what]:
        if name in known:
            return known[name]
    there = ", ".join(known) or "none"
    raise InvalidRequest(
        f"Which column is the {what}? Say it with --{what}-column; there are: {there}."
    )


def _day(text: str, number: int) -> date:
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        raise InvalidRequest(
            f"Line {number}: {text[:40]!r} is no day such as 2026-11-01."
        ) from None
    return (moment if moment.tzinfo is None else moment.astimezone(UTC)).date()


def _amount(text: str, number: int) -> Decimal:
    try:
        amount = Decimal(text.strip().removeprefix("$").replace(",", ""))
    except InvalidOperation:
        amount = Decimal("NaN")
    if not amount.is_finite():
        raise InvalidRequest(f"Line {number}: {text[:40]!r} is no amount of USD.")
    return amount


def _print(arguments: Namespace, output: Output, found: Sequence[Compared], unpriced: int) -> None:
    theirs = sum((one.theirs for one in found), Decimal(0))
    ours = sum((one.ours for one in found), Decimal(0))
    if output.as_json:
        lines = [
            {
                "day": one.day.isoformat(),
                "model": one.model,
                "theirs_usd": f"{one.theirs:f}",
                "ours_usd": f"{one.ours:f}",
                "difference_usd": f"{one.difference:f}",
                "fits": one.fits,
            }
            for one in found
        ]
        total = {"theirs_usd": f"{theirs:f}", "ours_usd": f"{ours:f}"}
        output.value({"lines": lines, "total": total, "unpriced_calls": unpriced})
        return
    shown = [one for one in found if arguments.all or not one.fits]
    rows = [
        (one.day, one.model, f"{one.theirs:f}", f"{one.ours:f}", f"{one.difference:+f}", _mark(one))
        for one in shown
    ]
    output.table(
        _HEADS, [*rows, ("total", "", f"{theirs:f}", f"{ours:f}", f"{theirs - ours:+f}", "")]
    )
    output.line(f"{len(found)} lines, {sum(not one.fits for one in found)} differ.")
    if unpriced:
        output.aside(f"{unpriced} recorded calls have no known price: their cost is not in ours.")


def _mark(one: Compared) -> str:
    return "" if one.fits else "differs"
