"""Models, costs and budgets as plain text, the same in a cell, a console and a log."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from .figures import dollars, duration

if TYPE_CHECKING:
    from ..schemas.api import BudgetStatus, CostSummary, ModelCard, Models, Offer, PriceCard, Spend


def text_table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Columns of equal width, a line below the header."""
    lines = [list(header), *(list(row) for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(header))]
    shown = [
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    ]
    return "\n".join([shown[0], "  ".join("─" * width for width in widths), *shown[1:]])


def models_table(models: Sequence[ModelCard], default: str | None = None) -> str:
    """One line a model: price in and out per million tokens, context, measured speed."""
    if not models:
        return "No model is open to you yet: ask an admin, or accept an offer."
    return text_table(*model_rows(models, default))


def model_rows(
    models: Sequence[ModelCard], default: str | None = None
) -> tuple[Sequence[str], list[Sequence[str]]]:
    """The header and the cells of a table of models."""
    rows = [
        (
            f"{card.id} → {', '.join(card.targets)}" if card.targets else card.id,
            _price(card.price),
            f"{card.context_window:,}" if card.context_window else "?",
            _seconds(card.speed.first_token_ms if card.speed else None),
            _rate(card.speed.tokens_per_second if card.speed else None),
            _remarks(card, default),
        )
        for card in models
    ]
    return ("model", "in / out per 1M", "context", "first token", "tok/s", ""), [*rows]


def beyond_the_demo(models: Models) -> str | None:
    """How to get a real model, in one line; None where there is one."""
    if not models.models or not all(card.offline_demo for card in models.models):
        return None
    if models.offers:
        return "Only the offline demo is connected: `%llm use OFFER` connects a real model."
    return (
        "Only the offline demo is here. For a real model set a key such as OPENAI_API_KEY or start "
        "Ollama, then restart JupyterLab; or write a mesh.yaml (admin guide)."
    )


def offers_table(offers: Sequence[Offer]) -> str:
    """What the mesh found and could connect, with its price."""
    rows = [
        (offer.id, offer.title, offered_price(offer), ", ".join(offer.models)) for offer in offers
    ]
    return text_table(("offer", "", "price", "models"), rows)


def offered_price(offer: Offer) -> str:
    """Who is charged, and how much by the model that comes first."""
    note = offer.price_note.rstrip(".")
    name = next((name for name in offer.models if name in offer.prices), None)
    return note if name is None else f"{note}: {name} {price_words(offer.prices[name])}"


def costs_table(costs: CostSummary) -> str:
    """This notebook, today, this month, and the month's models."""
    rows: list[tuple[str, Spend]] = [("today", costs.today), ("this month", costs.month)]
    if costs.notebook is not None:
        rows.insert(0, ("this notebook", costs.notebook))
    rows += [(f"  {model_name(item.name)}", item.spend) for item in costs.month_by_model]
    header = ("", "cost", "saved", "calls", "tokens in", "tokens out")
    return text_table(header, [_spend_row(name, spend) for name, spend in rows])


def model_name(name: str) -> str:
    """A model's name; calls that reached none were refused."""
    return name or "no model (refused)"


def budgets_table(budgets: Sequence[BudgetStatus]) -> str:
    """One line a budget: what is spent of it, and where it is heading."""
    if not budgets:
        return "No budget applies to you."
    rows = [
        (
            budget.name,
            dollars(budget.spent_usd),
            dollars(budget.limit_usd),
            dollars(budget.held_usd),
            "?" if budget.forecast_usd is None else dollars(budget.forecast_usd),
            budget.window,
            "blocks" if budget.hard else "warns",
        )
        for budget in budgets
    ]
    header = ("budget", "spent", "limit", "held", "at this rate", "window", "at the limit")
    return text_table(header, rows)


def price_words(price: PriceCard | None) -> str:
    """What a model costs, in and out, by the million tokens."""
    if price is None:
        return "price unknown"
    request = f"{dollars(price.per_request)} a request" if price.per_request else ""
    if price.input == price.output == 0:
        return request or "free"
    tokens = f"{dollars(price.input)} in / {dollars(price.output)} out per million tokens"
    return f"{tokens}, and {request}" if request else tokens


def _price(price: PriceCard | None) -> str:
    if price is None:
        return "unknown"
    request = f"{dollars(price.per_request)} a request" if price.per_request else ""
    if price.input == price.output == 0:
        return request or "free"
    tokens = f"{dollars(price.input)} / {dollars(price.output)}"
    return f"{tokens} + {request}" if request else tokens


def _seconds(milliseconds: float | None) -> str:
    return "" if milliseconds is None else duration(milliseconds / 1000)


def _rate(tokens_per_second: float | None) -> str:
    return "" if tokens_per_second is None else f"{tokens_per_second:.0f}"


def _remarks(card: ModelCard, default: str | None) -> str:
    remarks = [
        ("default", card.id == default),
        (card.residency, card.residency != "external"),
        ("offline demo", card.offline_demo),
        ("trains on requests", card.trains_on_requests is True),
        ("not answering", not card.healthy),
    ]
    return ", ".join(remark for remark, holds in remarks if holds)


def _spend_row(name: str, spend: Spend) -> tuple[str, ...]:
    unpriced = f" + {spend.unpriced} unpriced" if spend.unpriced else ""
    return (
        name,
        dollars(spend.cost_usd) + unpriced,
        dollars(spend.saved_usd),
        f"{spend.calls:,}",
        f"{spend.input_tokens:,}",
        f"{spend.output_tokens:,}",
    )


class ModelList(list["ModelCard"]):
    """Model cards; shown as a table."""

    def __repr__(self) -> str:
        return models_table(self)
