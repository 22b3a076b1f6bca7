"""`jupyter mesh usage`."""

from __future__ import annotations

from argparse import Namespace

from ..client import AsyncMesh
from ..client.figures import dollars
from ..client.tables import model_name
from ..schemas.api import Spend, Usage
from .gateway import ask_gateway
from .outcome import Output


def usage(arguments: Namespace, output: Output) -> int:
    """A line for each group of calls, and the total."""
    fields = {name: getattr(arguments, name) for name in ("since", "until", "by", "document")}

    async def work(mesh: AsyncMesh) -> Usage:
        given = {name: value for name, value in fields.items() if value}
        reply = await mesh.transport.call("GET", "api/usage", params=given)
        return Usage.model_validate(reply.body)

    found = ask_gateway(arguments, work)
    if output.as_json:
        output.value(found.model_dump(mode="json"))
        return 0
    heads = (*found.by, "calls", "cached", "input", "output", "cost", "unpriced")
    rows = [
        (*(_named(name, row.key.get(name, "")) for name in found.by), *_cells(row.spend))
        for row in found.rows
    ]
    total = ("total", *("" for _ in found.by[1:])) if found.by else ()
    output.table(heads, [*rows, (*total, *_cells(found.total))])
    return 0


def _named(field: str, value: str) -> str:
    """What a group is called; a call without it has none, and one without a model was refused."""
    return model_name(value) if field == "model" else value or "none"


def _cells(spend: Spend) -> tuple[object, ...]:
    return (
        f"{spend.calls:,}",
        f"{spend.cached_calls:,}",
        f"{spend.input_tokens:,}",
        f"{spend.output_tokens:,}",
        dollars(spend.cost_usd),
        f"{spend.unpriced:,}",
    )
