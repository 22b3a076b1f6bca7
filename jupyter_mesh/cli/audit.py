"""`jupyter mesh audit verify | checkpoint | export`."""

from __future__ import annotations

import json
import sys
from argparse import Namespace
from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path
from typing import IO

from pydantic import ValidationError

from ..client import AsyncMesh
from ..errors import InvalidRequest
from ..schemas.api import CallPage, CallSummary
from ..schemas.audit_proof import AuditCheck, AuditVerdict, Checkpoint
from .gateway import ask_gateway
from .outcome import FAILED, Output

_PAGE = 200


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
        chains = len(found.heads)
        output.line(f"The record holds: {found.entries:,} entries in {chains} chains.")
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


def checkpoint(arguments: Namespace, output: Output) -> int:
    """Print where the record ends now, signed. Keep it where the gateway cannot write."""

    async def work(mesh: AsyncMesh) -> Checkpoint:
        reply = await mesh.transport.call("GET", "api/audit/checkpoint")
        return Checkpoint.model_validate(reply.body)

    output.value(ask_gateway(arguments, work).model_dump(mode="json"))
    return 0


def export(arguments: Namespace, output: Output) -> int:
    """Write calls as JSON lines, newest first; with `--content` what was said as well."""
    with _target(arguments.out) as file:

        async def work(mesh: AsyncMesh) -> int:
            count = 0
            async for call in _calls(mesh, arguments.since, arguments.until):
                record: object = call.model_dump(mode="json")
                if arguments.content:
                    record = (await mesh.transport.call("GET", f"api/calls/{call.id}")).body
                file.write(json.dumps(record, ensure_ascii=False) + "\n")
                count += 1
            return count

        count = ask_gateway(arguments, work)
    output.aside(f"{count:,} calls exported.")
    return 0


async def _calls(
    mesh: AsyncMesh, since: datetime | None, until: datetime | None
) -> AsyncIterator[CallSummary]:
    """Calls that began in a time, newest first. They are recorded nearly in that order: a day
    before `since` nothing more comes.
    """
    before: str | None = None
    while True:
        given = {"limit": str(_PAGE), **({"before": before} if before else {})}
        reply = await mesh.transport.call("GET", "api/calls", params=given)
        page = CallPage.model_validate(reply.body)
        for call in page.calls:
            if (since is None or call.started_at >= since) and (
                until is None or call.started_at < until
            ):
                yield call
        before = page.next
        oldest = page.calls[-1].started_at if page.calls else None
        if before is None or (since and oldest and (since - oldest).days >= 1):
            return


def _target(name: str | None) -> IO[str]:
    if name is None:
        return open(sys.stdout.fileno(), "w", encoding="utf-8", closefd=False)
    try:
        return Path(name).open("x", encoding="utf-8")
    except OSError as error:
        raise InvalidRequest(f"{name} cannot be written: {error.strerror}.") from error


def _checkpoint(name: str) -> Checkpoint:
    try:
        return Checkpoint.model_validate_json(Path(name).read_bytes())
    except (OSError, ValidationError) as error:
        raise InvalidRequest(
            f"{name} is not a checkpoint as `jupyter mesh audit checkpoint` prints one."
        ) from error
