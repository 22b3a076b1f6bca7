"""What was done with the record itself and with kept answers: who read what another said, exported,
erased, had answers forgotten, held a policy against what had been said, or had a guard started that
is not in force.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal, TypeAlias

from pydantic import Field, JsonValue

from .api import Body

ActKind: TypeAlias = Literal[
    "read_content", "export", "erase", "purge_cache", "replay_policy", "try_guard"
]


class AuditAct(Body):
    """One act. It stands in the chain of records like a call."""

    number: int
    at: datetime
    by: str
    via: str
    act: ActKind
    subject: str = Field(
        description="The call that was read; the user whose content was erased, or whose answers "
        "were forgotten."
    )
    details: dict[str, JsonValue]


class AuditActs(Body):
    """Acts, newest first."""

    acts: list[AuditAct]
    next: int | None = Field(description="To be sent as `before` for the next page.")


class Erasure(Body):
    """Whose kept content is to be destroyed; without a user everybody's."""

    user: str | None = Field(default=None, min_length=1, max_length=200)
    everybody: bool = Field(
        default=False, description="Must be true where no user is named, so that nobody slips."
    )


class Erased(Body):
    """What was destroyed. The record of the calls stays, without what was said."""

    users: int
    calls: int
