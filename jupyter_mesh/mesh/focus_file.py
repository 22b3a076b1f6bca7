"""Usage as a FOCUS dataset: what finance tools read cloud bills in.

Source: the FinOps Open Cost and Usage Specification, version 1.2. A row is what one group of calls
of one day has cost. Columns that need a provider's price list (unit prices, SKUs), an invoice or a
commitment are left out, as the specification allows; those that begin with `x_` are the mesh's own.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import NamedTuple, TypeAlias

import orjson

from ..schemas.usage import Spend, Usage, UsageRow
from .usage_files import harmless

FOCUS_BY = (
    "day",
    "group",
    "user",
    "application",
    "purpose",
    "connection",
    "provider",
    "model",
    "operation",
)
"""What usage must be grouped by for a FOCUS dataset."""

_TAGS = ("group", "user", "application", "purpose", "operation")
_MESH = "Jupyter Mesh"
"""Who provides what no provider was asked for, such as a refusal."""
_MONTH = timedelta(days=32)


class _Charge(NamedTuple):
    key: dict[str, str]
    spend: Spend
    day: datetime
    provider: str

    @property
    def account(self) -> str:
        return self.key["connection"] or _MESH

    @property
    def tokens(self) -> int:
        return self.spend.input_tokens + self.spend.output_tokens

    @property
    def tags(self) -> str:
        return orjson.dumps({name: self.key[name] for name in _TAGS if self.key[name]}).decode()


_Cell: TypeAlias = str | int | Decimal | datetime | None

_COLUMNS: dict[str, Callable[[_Charge], _Cell]] = {
    "BilledCost": lambda one: one.spend.cost_usd,
    "BillingAccountId": lambda one: one.account,
    "BillingAccountName": lambda one: one.account,
    "BillingCurrency": lambda one: "USD",
    "BillingPeriodEnd": lambda one: (one.day.replace(day=1) + _MONTH).replace(day=1),
    "BillingPeriodStart": lambda one: one.day.replace(day=1),
    "ChargeCategory": lambda one: "Usage",
    "ChargeClass": lambda one: None,
    "ChargeDescription": lambda one: f"{one.spend.calls} calls of {one.key['model'] or 'no model'}",
    "ChargeFrequency": lambda one: "Usage-Based",
    "ChargePeriodEnd": lambda one: one.day + timedelta(days=1),
    "ChargePeriodStart": lambda one: one.day,
    "ConsumedQuantity": lambda one: one.tokens,
    "ConsumedUnit": lambda one: "Tokens",
    "ContractedCost": lambda one: one.spend.cost_usd,
    "EffectiveCost": lambda one: one.spend.cost_usd + one.spend.fixed_usd,
    "InvoiceIssuerName": lambda one: one.provider,
    "ListCost": lambda one: one.spend.cost_usd,
    "PricingCategory": lambda one: "Standard",
    "PricingQuantity": lambda one: one.tokens,
    "PricingUnit": lambda one: "Tokens",
    "ProviderName": lambda one: one.provider,
    "PublisherName": lambda one: one.provider,
    "ResourceId": lambda one: one.key["model"] or None,
    "ResourceName": lambda one: one.key["model"] or None,
    "ResourceType": lambda one: "Model" if one.key["model"] else None,
    "ServiceCategory": lambda one: "AI and Machine Learning",
    "ServiceName": lambda one: one.provider,
    "ServiceSubcategory": lambda one: "Generative AI",
    "SubAccountId": lambda one: one.key["group"] or None,
    "SubAccountName": lambda one: one.key["group"] or None,
    "SubAccountType": lambda one: "Group" if one.key["group"] else None,
    "Tags": lambda one: one.tags,
    "x_CachedCalls": lambda one: one.spend.cached_calls,
    "x_Calls": lambda one: one.spend.calls,
    "x_InputTokens": lambda one: one.spend.input_tokens,
    "x_OutputTokens": lambda one: one.spend.output_tokens,
    "x_SavedCost": lambda one: one.spend.saved_usd,
    "x_UnpricedCalls": lambda one: one.spend.unpriced,
}


def to_focus(usage: Usage, label: Callable[[str], str]) -> bytes:
    """A CSV file with a line for each row of `usage`.

    Args:
        usage: Grouped by `FOCUS_BY`.
        label: What people call a provider.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(_COLUMNS)
    for row in usage.rows:
        charge = _charge(row, label)
        writer.writerow([_written(cell(charge)) for cell in _COLUMNS.values()])
    return text.getvalue().encode()


def _charge(row: UsageRow, label: Callable[[str], str]) -> _Charge:
    provider = row.key["provider"]
    day = datetime.fromisoformat(row.key["day"]).replace(tzinfo=UTC)
    return _Charge(row.key, row.spend, day, label(provider) if provider else _MESH)


def _written(cell: _Cell) -> str:
    if cell is None:
        return ""
    if isinstance(cell, Decimal):
        return f"{cell:f}"
    return f"{cell:%Y-%m-%dT%H:%M:%SZ}" if isinstance(cell, datetime) else harmless(str(cell))
