"""`jupyter mesh usage`."""

from __future__ import annotations

import sys
from argparse import Namespace
from pathlib import Path

from ..client import AsyncMesh
from ..client.figures import dollars
from ..client.tables import model_name
from ..errors import InvalidRequest
from ..schemas.usage import FIELDS, Spend, Usage
from .gateway import ask_gateway
from .outcome import Output

_SHAPE = ("since", "until", "by", "view")


def usage(arguments: Namespace, output: Output) -> int:
    """A line for each group of calls, and the total; or a file."""
    given = {
        name: value for name in (*_SHAPE, *FIELDS) if (value := getattr(arguments, name, None))
    }
    if arguments.format != "focus":
        given.setdefault("by", "model")
    if arguments.format != "table":
        return _file(arguments, {**given, "format": arguments.format}, output)

    async def work(mesh: AsyncMesh) -> Usage:
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
    for note in found.notes:
        output.aside(note)
    return 0


def _file(arguments: Namespace, given: dict[str, str], output: Output) -> int:
    """Write what the gateway makes of it, to a new file or to standard output."""

    async def work(mesh: AsyncMesh) -> bytes:
        return await mesh.transport.download("api/usage", params=given)

    content = ask_gateway(arguments, work)
    if arguments.out is None:
        sys.stdout.buffer.write(content)
        sys.stdout.buffer.flush()
        return 0
    try:
        with Path(arguments.out).open("xb") as file:
            file.write(content)
    except OSError as error:
        raise InvalidRequest(f"{arguments.out} cannot be written: {error.strerror}.") from error
    output.aside(f"{len(content):,} bytes written to {arguments.out}.")
    return 0


def _named(field: str, value: str) -> str:
    """What a group is called; a call without it has none, and one without a model was refused."""
    return model_name(value) if field == "model" else value or "none"


def _cost(spend: Spend) -> str:
    """What is known to have been spent; calls of an unknown price are not counted as free."""
    if not spend.unpriced:
        return dollars(spend.cost_usd)
    return f"{dollars(spend.cost_usd)} or more" if spend.cost_usd else "unknown"


def _cells(spend: Spend) -> tuple[object, ...]:
    return (
        f"{spend.calls:,}",
        f"{spend.cached_calls:,}",
        f"{spend.input_tokens:,}",
        f"{spend.output_tokens:,}",
        _cost(spend),
        f"{spend.unpriced:,}",
    )
