"""What it costs, and which models there are: as the gateway says, at the press of a button."""

# pyright: basic
# ipywidgets has no types

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import ipywidgets

from ...client.async_mesh import AsyncMesh
from ...client.figures import dollars
from ...client.loop import background
from ...client.tables import (
    budgets_table,
    costs_table,
    model_name,
    model_rows,
    models_table,
)
from .panel import Panel, button
from .views import FactTable

if TYPE_CHECKING:
    from ...schemas.api import CostSummary, Models


class Cost(Panel):
    """This notebook's cost, today's and the month's, and the budgets with what is left."""

    def __init__(self, mesh: AsyncMesh) -> None:
        self._mesh = mesh
        self._costs: CostSummary | None = None
        self.spend = FactTable(
            caption="Cost", header=["", "cost", "saved by cache", "calls", "tokens"]
        )
        self.budgets = FactTable(
            caption="Budgets", header=["budget", "spent", "of", "", "at this rate"]
        )
        self.refresh_button = button("Refresh", "Ask the gateway again", "refresh")
        self.refresh_button.on_click(lambda _: self.refresh())
        super().__init__(
            [self.spend, self.budgets],
            buttons=[self.refresh_button],
            code=self.code,
            plain_text=self.plain_text,
        )
        self.refresh()

    def refresh(self) -> None:
        """Show what the gateway says now."""
        costs = self._costs = background.run(self._mesh.api.costs(self._mesh.document))
        spends = [("today", costs.today), ("this month", costs.month)]
        if costs.notebook is not None:
            spends.insert(0, ("this notebook", costs.notebook))
        spends += [(f"· {model_name(item.name)}", item.spend) for item in costs.month_by_model]
        self.spend.rows = [
            [
                name,
                dollars(spend.cost_usd)
                + (f" + {spend.unpriced} unpriced" if spend.unpriced else ""),
                dollars(spend.saved_usd),
                f"{spend.calls:,}",
                f"{spend.input_tokens + spend.output_tokens:,}",
            ]
            for name, spend in spends
        ]
        self.budgets.rows = [
            [
                budget.name,
                dollars(budget.spent_usd),
                f"{dollars(budget.limit_usd)} a {budget.window}",
                {"share": float(min(budget.spent_usd / budget.limit_usd, 1))}
                if budget.limit_usd
                else None,
                dollars(budget.forecast_usd) if budget.forecast_usd is not None else None,
            ]
            for budget in costs.budgets
        ]
        self.budgets.layout.display = "" if costs.budgets else "none"

    def code(self) -> str:
        """The line of code that does the same."""
        return "%llm cost"

    def plain_text(self) -> str:
        """What a front end without widgets shows."""
        if self._costs is None:
            return "No cost is known yet."
        return f"{costs_table(self._costs)}\n\n{budgets_table(self._costs.budgets)}"


class ModelTable(Panel):
    """Models open to you, with price, context and measured speed; a search, and a choice."""

    def __init__(self, mesh: AsyncMesh) -> None:
        self._mesh = mesh
        self._models: Models | None = None
        self.search = ipywidgets.Text(
            description="Search", placeholder="part of a name, or a capability"
        )
        self.search.observe(lambda _: self._show(), "value")
        self.table = FactTable(caption="Models")
        self.refresh_button = button("Refresh", "Ask the gateway again", "refresh")
        self.refresh_button.on_click(lambda _: self.refresh())
        super().__init__(
            [self.search, self.table],
            buttons=[self.refresh_button],
            code=self.code,
            plain_text=self.plain_text,
        )
        self.refresh()

    def refresh(self) -> None:
        """Show what the gateway says now."""
        self._models = background.run(self._mesh.api.models())
        self._show()

    def code(self) -> str:
        """The line of code that does the same."""
        return "%llm list" + (f" {self.search.value}" if self.search.value else "")

    def plain_text(self) -> str:
        """What a front end without widgets shows."""
        return models_table(self._found(), self._models.default_model if self._models else None)

    def _found(self) -> list[Any]:
        words = self.search.value.lower().split()
        cards = self._models.models if self._models else []
        return [
            card
            for card in cards
            if all(word in " ".join([card.id, *card.capabilities]).lower() for word in words)
        ]

    def _show(self) -> None:
        default = self._models.default_model if self._models else None
        header, rows = model_rows(self._found(), default)
        self.table.header = list(header)
        self.table.rows = [list(row) for row in rows]
