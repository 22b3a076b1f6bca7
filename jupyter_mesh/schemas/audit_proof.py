"""Bodies of `/mesh/api/audit/…`."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from .api import Body


class ChainHead(Body):
    """Where a writer's chain ends."""

    writer: str
    number: int
    hash: str = Field(description="Hexadecimal.")


class Checkpoint(Body):
    """Where every chain ended at a moment, signed; kept elsewhere, it shows what was cut off or
    written anew later.
    """

    version: int = 1
    made_at: datetime
    heads: list[ChainHead]
    public_key: str = Field(description="Ed25519, hexadecimal.")
    signature: str = Field(description="Of the rest, as canonical JSON; hexadecimal.")


class AuditCheck(Body):
    """A check to make; with a checkpoint, also against that."""

    checkpoint: Checkpoint | None = None
    public_key: str | None = Field(
        default=None, description="The key the checkpoint must be signed with; else its own."
    )


class AuditFault(Body):
    """The first thing found that is not as it was recorded."""

    writer: str
    number: int
    call: str
    change: int | None = Field(
        default=None, description="The change of what is configured, where it is about one."
    )
    reason: str


class AuditVerdict(Body):
    """What came of a check."""

    ok: bool
    entries: int
    unsealed: int = Field(
        description="Calls and changes from before there was a chain: they are not covered."
    )
    heads: list[ChainHead]
    fault: AuditFault | None
