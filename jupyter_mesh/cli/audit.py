"""`jupyter mesh audit verify | checkpoint | export | erase` and `jupyter mesh inventory`."""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Iterator
from contextlib import aclosing
from pathlib import Path
from typing import IO

from pydantic import ValidationError

from ..client import AsyncMesh
from ..errors import InvalidRequest
from ..schemas.audit_acts import Erased, Erasure
from ..schemas.audit_proof import AuditCheck, AuditVerdict, Checkpoint
from ..schemas.inventory import InventoryReport
from .gateway import ask_gateway
from .outcome import FAILED, Output

_FILTERS = (
    *("format", "view", "user", "group", "application", "model", "connection", "purpose"),
    *("outcome", "document", "key"),
)


def verify(arguments: Namespace, output: Output) -> int:
    """Check that the record was not altered; names the first bad record."""
    asked = AuditCheck(
        checkpoint=_checkpoint(arguments.checkpoint) if arguments.checkpoint else None,
        public_key=arguments.public_key,
    )

    async def work(mesh: AsyncMesh) -> AuditVerdict:
        body = asked.model_dump(mode="json")
        reply = await mesh.transport.call("POST", "api/audit/verify", body=body, seconds=None)
        return AuditVerdict.model_validate(reply.body)

    found = ask_gateway(arguments, work)
    if output.as_json:
        output.value(found.model_dump(mode="json"))
    elif found.fault is None:
        for line in _intact(found, arguments.checkpoint):
            output.line(line)
        if found.unsealed:
            output.line(f"{found.unsealed:,} records are older than the chain and not covered.")
    else:
        about = f"call {found.fault.call}" if found.fault.call else "the chain itself"
        if found.fault.change is not None:
            about = f"change {found.fault.change} of what is configured"
        place = (
            f" (entry {found.fault.number} of {found.fault.writer})" if found.fault.writer else ""
        )
        output.line(f"The record was altered at {about}{place}: {found.fault.reason}.")
    return 0 if found.ok else FAILED


def _intact(found: AuditVerdict, against: str | None) -> Iterator[str]:
    """What is shown where nothing was altered, and what is not."""
    yield (
        f"Nothing was altered: all {found.entries:,} entries, in {len(found.heads):,} chains, "
        "are as they were written."
    )
    if against is not None:
        yield f"They go on from where {against} says the record ended then; nothing was cut off."
    else:
        yield "Whether the end was cut off is only shown by a checkpoint: --checkpoint FILE."


def checkpoint(arguments: Namespace, output: Output) -> int:
    """Print where the record ends now, signed. Keep it where the gateway cannot write."""

    async def work(mesh: AsyncMesh) -> Checkpoint:
        reply = await mesh.transport.call("GET", "api/audit/checkpoint")
        return Checkpoint.model_validate(reply.body)

    output.value(ask_gateway(arguments, work).model_dump(mode="json"))
    return 0


def export(arguments: Namespace, output: Output) -> int:
    """Write calls as a file, newest first; with `--content` what was said as well."""
    given = {name: getattr(arguments, name) for name in _FILTERS}
    params = {name: value for name, value in given.items() if value is not None}
    for name in ("since", "until"):
        if (moment := getattr(arguments, name)) is not None:
            params[name] = moment.isoformat()
    if arguments.content:
        params["content"] = "true"
    save(arguments, "api/audit/export", params)
    output.aside("The calls were exported; that is recorded.")
    return 0


def inventory(arguments: Namespace, output: Output) -> int:
    """Which model is used where, by whom, for what purpose: as a table, or a file."""
    params = {
        name: moment.isoformat()
        for name in ("since", "until")
        if (moment := getattr(arguments, name)) is not None
    }
    if arguments.format is not None:
        save(arguments, "api/inventory/export", {**params, "format": arguments.format})
        return 0

    async def work(mesh: AsyncMesh) -> InventoryReport:
        reply = await mesh.transport.call("GET", "api/inventory", params=params)
        return InventoryReport.model_validate(reply.body)

    found = ask_gateway(arguments, work)
    if output.as_json:
        output.value(found.model_dump(mode="json"))
        return 0
    for case in found.use_cases:
        risk = case.declared.risk_class if case.declared else None
        state = "stopped" if case.stopped else risk or "no risk class"
        models = ", ".join(model.id for model in case.models) or "not used"
        name = case.name or "(not declared)"
        output.line(
            f"{name}: {case.application} for {case.purpose or 'any purpose'} [{state}], "
            f"{case.spend.calls:,} calls by {case.users:,} users, "
            f"{case.spend.cost_usd:f} USD: {models}"
        )
        for warning in case.warnings:
            output.line(f"  {warning}")
    return 0


def erase(arguments: Namespace, output: Output) -> int:
    """Destroy what is kept of what a user, or everybody, said; the record of the calls stays."""
    asked = Erasure(user=arguments.user, everybody=arguments.everybody)

    async def work(mesh: AsyncMesh) -> Erased:
        body = asked.model_dump(mode="json")
        reply = await mesh.transport.call("POST", "api/audit/erase", body=body, seconds=None)
        return Erased.model_validate(reply.body)

    found = ask_gateway(arguments, work)
    if output.as_json:
        output.value(found.model_dump(mode="json"))
    else:
        output.line(
            f"Destroyed: the keys of {found.users:,} users, what was said in {found.calls:,} calls."
        )
    return 0


def save(arguments: Namespace, path: str, params: dict[str, str]) -> None:
    """Write a file of the gateway to `--out`, or to standard output, piece by piece."""
    with _target(arguments.out) as file:

        async def work(mesh: AsyncMesh) -> None:
            async with aclosing(mesh.transport.pieces(path, params=params)) as pieces:
                async for piece in pieces:
                    file.write(piece)

        whole = False
        try:
            ask_gateway(arguments, work)
            whole = True
        finally:
            if not whole and arguments.out is not None:  # a part must not pass for the file
                Path(arguments.out).unlink()


def _target(name: str | None) -> IO[bytes]:
    if name is None:
        return open(sys.stdout.fileno(), "wb", closefd=False)
    try:
        return Path(name).open("xb")
    except OSError as error:
        raise InvalidRequest(f"{name} cannot be written: {error.strerror}.") from error


def _checkpoint(name: str) -> Checkpoint:
    try:
        return Checkpoint.model_validate_json(Path(name).read_bytes())
    except (OSError, ValidationError) as error:
        raise InvalidRequest(
            f"{name} is not a checkpoint as `jupyter mesh audit checkpoint` prints one."
        ) from error
