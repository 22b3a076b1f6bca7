"""`jupyter mesh usage reconcile`: an invoice against the record, to the last digit."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from jupyter_mesh.cli.reconcile import compared, invoice
from jupyter_mesh.errors import InvalidRequest

from .conftest import Run

Mesh = Callable[..., Run]
D = Decimal
CONFIG = """\
connections:
  echo: {provider: echo, models: {echo: {price: {input: 1, output: 1, per_request: 0.6}}}}
cache: {exact: {enabled: false}}
"""
DAY = date(2026, 11, 1)
GUESSED = {"day": None, "model": None, "amount": None}


def test_an_invoice_that_agrees_fits_and_one_that_does_not_is_told(
    mesh: Mesh, home: Path, tmp_path: Path
) -> None:
    (home / "mesh.yaml").write_text(CONFIG)
    for text in ("one", "two"):
        assert mesh("ask", "echo/echo", text).code == 0
    (row,) = mesh("usage", "--by", "day,model", "--json").json["rows"]
    day, spent = row["key"]["day"], D(row["spend"]["cost_usd"])
    assert spent > 1
    file = tmp_path / "invoice.csv"
    half = spent / 2
    file.write_text(f"Date,Model,Cost\n{day},echo,{half}\n{day}T10:00:00Z,echo,{spent - half}\n")
    words = ("usage", "reconcile", str(file))
    fits = mesh(*words, "--json")
    assert fits.code == 0
    (line,) = fits.json["lines"]
    assert (D(line["theirs_usd"]), D(line["ours_usd"]), line["fits"]) == (spent, spent, True)
    assert mesh(*words).out.endswith("1 lines, 0 differ.\n")
    yesterday = datetime.fromisoformat(day).date() - timedelta(days=1)
    file.write_text(f"Date,Model,Cost\n{day},echo,{spent + 1}\n{yesterday},other,2.50\n")
    told = mesh(*words)
    assert told.code == 1
    assert "differs" in told.out
    assert "+1" in told.out
    assert "other" in told.out
    assert told.out.endswith("2 lines, 2 differ.\n")
    assert mesh(*words, "--tolerance", "2.5").code == 0
    assert mesh(*words, "--connection", "elsewhere").code == 1
    assert mesh(*words, "--tolerance", "much").code == 2


@pytest.mark.parametrize(
    ("theirs", "ours", "usd", "percent", "fits"),
    [
        ("10", "10", "0", "0", True),
        ("10.01", "10", "0.01", "0", True),
        ("10.010000000001", "10", "0.01", "0", False),
        ("10.1", "10", "0", "1", True),
        ("10", "10.11", "0", "1", False),
        ("0", "0.02", "0.01", "50", False),
        ("-5", "0", "0", "100", True),
    ],
)
def test_it_fits_within_an_amount_or_a_part_of_theirs(
    theirs: str, ours: str, usd: str, percent: str, fits: bool
) -> None:
    line = (DAY, "m")
    (one,) = compared({line: D(theirs)}, {line: D(ours)}, D(usd), D(percent))
    assert one.fits is fits
    assert one.difference == D(theirs) - D(ours)


@pytest.mark.parametrize(
    ("text", "sums"),
    [
        ("date,model,amount\n2026-11-01,m,1.5\n2026-11-01,m,2\n", {(DAY, "m"): D("3.5")}),
        ("\ufeffDay,Line_Item,Amount_Value\n2026-11-01,m,$1\n", {(DAY, "m"): D(1)}),
        (
            'start_time,model,cost\n2026-11-02T01:00:00+02:00,m,"1,000.5"\n',
            {(DAY, "m"): D("1000.5")},
        ),
    ],
)
def test_an_invoice_is_read_as_vendors_write_it(
    tmp_path: Path, text: str, sums: dict[tuple[date, str], Decimal]
) -> None:
    file = tmp_path / "i.csv"
    file.write_text(text, encoding="utf-8")
    assert invoice(file, GUESSED) == sums


def test_columns_of_other_names_are_said(tmp_path: Path) -> None:
    file = tmp_path / "i.csv"
    file.write_text("Wann,Was,Wieviel,Cost\n2026-11-01,m,7,1\n")
    said = {"day": "wann", "model": "Was", "amount": "Wieviel"}
    assert invoice(file, said) == {(DAY, "m"): D(7)}
    with pytest.raises(InvalidRequest, match="--day-column; there are: wann, was"):
        invoice(file, GUESSED)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("yesterday,m,1", "Line 2: 'yesterday' is no day"),
        ("2026-11-01,m,much", "Line 2: 'much' is no amount"),
        ("2026-11-01,m,NaN", "Line 2: 'NaN' is no amount"),
        ("2026-11-01,m", "Line 2: '' is no amount"),
        ("", "has no line beside its names"),
    ],
)
def test_what_cannot_be_read_is_named_by_its_line(tmp_path: Path, line: str, message: str) -> None:
    file = tmp_path / "i.csv"
    file.write_text(f"date,model,amount\n{line}\n")
    with pytest.raises(InvalidRequest, match=message):
        invoice(file, GUESSED)
