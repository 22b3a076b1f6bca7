"""Usage as a FOCUS dataset, held against what version 1.2 of the specification says of columns."""

from __future__ import annotations

import csv
import io
import json
import re
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from jupyter_mesh.mesh.focus_file import FOCUS_BY, to_focus
from jupyter_mesh.mesh.sums import NOTHING
from jupyter_mesh.schemas.usage import Usage, UsageRow

SINCE, UNTIL = datetime(2026, 2, 1, tzinfo=UTC), datetime(2026, 3, 1, tzinfo=UTC)
MANDATORY = frozenset(
    {
        "BilledCost", "BillingAccountId", "BillingAccountName", "BillingCurrency",
        "BillingPeriodEnd", "BillingPeriodStart", "ChargeCategory", "ChargeClass",
        "ChargeDescription", "ChargePeriodEnd", "ChargePeriodStart", "ContractedCost",
        "EffectiveCost", "InvoiceIssuerName", "ListCost", "PricingQuantity", "PricingUnit",
        "ProviderName", "PublisherName", "ServiceCategory", "ServiceName",
    }
)  # fmt: skip
NEVER_EMPTY = (MANDATORY | {"ChargeFrequency", "PricingCategory"}) - {"ChargeClass"}
"""For charges of category Usage."""
COSTS = ("BilledCost", "ContractedCost", "EffectiveCost", "ListCost", "x_SavedCost")
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
FULL = {
    "day": "2026-02-11",
    "group": "physics",
    "user": "ada",
    "application": "jupyter",
    "purpose": "research",
    "connection": "up",
    "provider": "openai",
    "model": "up/m",
    "operation": "chat",
}
REFUSED = {**dict.fromkeys(FOCUS_BY, ""), "day": "2026-12-31", "user": "=HYPERLINK(1)"}


def written(*rows: UsageRow) -> list[dict[str, str]]:
    usage = Usage(since=SINCE, until=UNTIL, by=[*FOCUS_BY], rows=[*rows], total=NOTHING)
    file = to_focus(usage, lambda provider: {"openai": "OpenAI"}[provider])
    return list(csv.DictReader(io.StringIO(file.decode(), newline="")))


def row(key: dict[str, str], **spend: object) -> UsageRow:
    return UsageRow(key=key, spend=NOTHING.model_copy(update=spend))


CHARGES = {
    "a call of a model": row(
        FULL, cost_usd=Decimal("1E-12"), fixed_usd=Decimal(2), calls=3, input_tokens=5, unpriced=1
    ),
    "a refusal": row(REFUSED, calls=1),
}


@pytest.mark.parametrize("name", CHARGES)
def test_every_column_that_must_be_there_is_and_holds_what_it_must(name: str) -> None:
    ((line),) = written(CHARGES[name])
    assert line.keys() >= MANDATORY
    assert {column for column in NEVER_EMPTY if not line[column]} == set()
    assert all(re.fullmatch(r"-?\d+(\.\d+)?", line[column]) for column in COSTS)
    assert all(MOMENT.fullmatch(line[one]) for one in line if "Period" in one)
    assert re.fullmatch(r"\d+", line["PricingQuantity"])
    assert isinstance(json.loads(line["Tags"]), dict)
    assert line["ListCost"] == line["BilledCost"]  # since no unit price is said
    assert (line["SubAccountId"] == "") == (line["SubAccountType"] == "")
    own = {column for column in line if column.startswith("x_")}
    assert all(re.fullmatch(r"[A-Z][A-Za-z]+", column) for column in line.keys() - own)


def test_a_charge_is_told_with_its_day_its_month_and_who_pays() -> None:
    ((line),) = written(CHARGES["a call of a model"])
    told = {
        "BilledCost": "0.000000000001",
        "EffectiveCost": "2.000000000001",
        "BillingAccountId": "up",
        "BillingPeriodStart": "2026-02-01T00:00:00Z",
        "BillingPeriodEnd": "2026-03-01T00:00:00Z",
        "ChargePeriodStart": "2026-02-11T00:00:00Z",
        "ChargePeriodEnd": "2026-02-12T00:00:00Z",
        "ProviderName": "OpenAI",
        "ResourceId": "up/m",
        "SubAccountId": "physics",
        "PricingQuantity": "5",
        "x_UnpricedCalls": "1",
    }
    assert {name: line[name] for name in told} == told
    tags = {"group": "physics", "user": "ada", "application": "jupyter", "purpose": "research"}
    assert json.loads(line["Tags"]) == {**tags, "operation": "chat"}


def test_what_no_provider_was_asked_for_is_the_meshs_own() -> None:
    ((line),) = written(CHARGES["a refusal"])
    names = {line["ProviderName"], line["BillingAccountId"], line["InvoiceIssuerName"]}
    assert names == {"Jupyter Mesh"}
    assert (line["ResourceId"], line["BillingPeriodEnd"]) == ("", "2027-01-01T00:00:00Z")


def test_without_calls_the_columns_are_there_all_the_same() -> None:
    usage = Usage(since=SINCE, until=UNTIL, by=[*FOCUS_BY], rows=[], total=NOTHING)
    (heads,) = csv.reader(io.StringIO(to_focus(usage, str).decode(), newline=""))
    assert set(heads) >= MANDATORY


def test_no_cell_is_a_formula() -> None:
    ((line),) = written(row({**FULL, "group": "=1+1", "connection": "@up"}, calls=1))
    assert (line["SubAccountId"], line["BillingAccountId"]) == ("'=1+1", "'@up")
