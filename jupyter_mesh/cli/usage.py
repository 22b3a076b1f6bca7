"""`jupyter mesh usage`."""

from __future__ import annotations

from argparse import Namespace

from ..client import AsyncMesh
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
    heads = (*found.by, "calls", "cached", "input", "output", "USD", "unpriced")
    rows = [
        (*(row.key.get(name, "") for name in found.by), *_cells(row.spend)) for row in found.rows
    ]
    total = ("total", *("" for _ in found.by[1:])) if found.by else ()
    output.table(heads, [*rows, (*total, *_cells(found.total))])
    return 0


def _cells(spend: Spend) -> tuple[object, ...]:
    return (
        spend.calls,
        spend.cached_calls,
        spend.input_tokens,
        spend.output_tokens,
        f"{spend.cost_usd.normalize():f}",
        spend.unpriced,
    )
