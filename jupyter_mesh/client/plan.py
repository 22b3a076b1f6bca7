"""From a table and a template to the calls of a mapping, and what they will probably cost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from ..schemas.json import JsonObject, as_object, dig
from .api import Api
from .call import ChatCall, messages_of
from .chat import ask
from .draft import Draft
from .errors import MeshClientError
from .journal import Journal, fingerprint, row_keys
from .mapping import Answer, Estimate, Mapping
from .structured import Shape
from .tabular import Rows, data_columns
from .template import fill
from .transport import Transport

_SAMPLED = 3


@dataclass(frozen=True, slots=True)
class Plan:
    """A mapping that has not begun.

    Attributes:
        rows: The table.
        mapping: Its state, with what a journal already holds.
        columns: Names of the result columns, in order.
        estimate: What the pending rows will probably cost.
    """

    rows: Rows
    mapping: Mapping
    columns: tuple[str, ...]
    estimate: Estimate

    def table(self) -> Any:
        """The table with whatever results there are."""
        return self.rows.joined(self.columns, [_cells(row) for row in self.mapping.fill_gaps()])


async def plan_mapping(
    transport: Transport,
    data: Any,
    template: str,
    call: ChatCall,
    *,
    system: str | None,
    schema: object,
    concurrency: int,
    max_cost: Decimal | None,
    resume: str | Path | bool | None,
) -> Plan:
    """Everything that `Mesh.map` does before the first row is sent.

    Args:
        transport: The gateway.
        data: A DataFrame, a Series or a list.
        template: The prompt; `{{column}}` stands for the row's value.
        call: Model, parameters and attribution of every row's call; its messages are replaced.
        system: System prompt of every row.
        schema: Shape of every answer, None for text.
        concurrency: Rows under way at a time.
        max_cost: USD at which no further row is sent.
        resume: Where the journal is; True: beside the notebook, named after template and model.

    Raises:
        MeshClientError: The template names no such column, the gateway refuses a dry run, or a
            limit is set for a model without a price.
    """
    if not isinstance(concurrency, int) or concurrency < 1:  # pyright: ignore[reportUnnecessaryIsInstance]
        raise MeshClientError(
            f"concurrency takes a whole number of rows from 1 on, not {concurrency!r}.",
            code="invalid_argument",
        )
    rows = Rows(data)
    shape = None if schema is None else Shape(schema)
    if shape is not None:
        call = call.with_parameters(response_format=shape.response_format)
    calls = [
        replace(call, messages=messages_of(_filled(template, fields), system=system))
        for fields in rows.fields
    ]
    journal = Journal(_journal_path(resume, call, template, system))

    async def ask_row(row: ChatCall) -> Answer:
        return await ask(transport, row, Draft(row.model), shape)

    mapping = Mapping(
        calls, row_keys(calls), ask_row, journal, concurrency=concurrency, max_cost=max_cost
    )
    estimate = await _estimate(Api(transport), call.model, [calls[i] for i in mapping.pending])
    if max_cost is not None:
        _check_priced(estimate)
    return Plan(rows, mapping, _columns(shape), estimate)


async def _estimate(api: Api, model: str, calls: Sequence[ChatCall]) -> Estimate:
    middle = sorted({0, len(calls) // 2, len(calls) - 1})[:_SAMPLED]
    sample = [await api.dry_run(calls[index]) for index in middle if 0 <= index < len(calls)]
    likely = [run.estimated_cost_usd for run in sample]
    most = [run.max_cost_usd for run in sample]
    return Estimate(
        model=model,
        rows=len(calls),
        sampled=len(sample),
        likely_per_row=_mean(likely),
        most_per_row=_mean(most),
    )


def _check_priced(estimate: Estimate) -> None:
    if estimate.rows and estimate.likely_per_row is None:
        raise MeshClientError(
            f"The price of {estimate.model} is unknown, so max_cost cannot be held: choose a "
            "priced model or leave max_cost out.",
            code="too_expensive",
        )


def _mean(costs: Sequence[Decimal | None]) -> Decimal | None:
    known = [cost for cost in costs if cost is not None]
    return sum(known, Decimal(0)) / len(known) if known and len(known) == len(costs) else None


def _filled(template: str, fields: dict[str, str]) -> str:
    def unknown(name: str) -> None:
        near = get_close_matches(name, fields, n=1)
        hint = f"did you mean {near[0]!r}" if near else f"there are {', '.join(fields)}"
        raise MeshClientError(f"No column is named {name!r}: {hint}.", code="invalid_argument")

    return fill(template, fields.get, unknown)


def _journal_path(
    resume: str | Path | bool | None, call: ChatCall, template: str, system: str | None
) -> Path | None:
    if resume is None or resume is False:
        return None
    if isinstance(resume, str | Path):
        return Path(resume)
    if resume is not True:
        raise MeshClientError(
            f"resume takes the path of a file or True, not a {type(resume).__name__}: the file "
            "keeps each row's result, and with it only rows that are missing or failed are sent.",
            code="invalid_argument",
        )
    parameters: JsonObject = dict(call.parameters)
    name = fingerprint([template, system, call.model, parameters])[:12]
    return Path(".jupyter_mesh") / f"map-{name}.jsonl"


def _columns(shape: Shape | None) -> tuple[str, ...]:
    if shape is None:
        return ("answer", "error", "cost_usd", "model")
    schema = as_object(dig(shape.response_format, "json_schema", "schema"))
    return (*data_columns(schema), "error", "cost_usd", "model")


def _cells(result: JsonObject) -> dict[str, Any]:
    """One row's result columns; money as an exact decimal."""
    data = result.get("data")
    cells: dict[str, Any] = {**data} if isinstance(data, dict) else {"data": data}
    cost = result.get("cost_usd")
    return cells | {
        "answer": result.get("answer"),
        "error": result.get("error"),
        "cost_usd": Decimal(cost) if isinstance(cost, str) else None,
        "model": result.get("model"),
    }
