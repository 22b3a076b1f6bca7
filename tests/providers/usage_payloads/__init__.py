"""Usage as vendors report it, and what it is: at least two hundred payloads in their wire formats.

The shapes and many of the numbers are those of the vendors' documentation, named in each file. Each
says how its tokens are divided by class, from which the test reckons the cost.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from jupyter_mesh.schemas.json import JsonObject
from jupyter_mesh.schemas.request import Operation
from jupyter_mesh.schemas.spend import Price

PRICE = Price(
    input=Decimal(2),
    output=Decimal(8),
    cache_read=Decimal("0.2"),
    cache_write=Decimal("2.5"),
    cache_write_1h=Decimal(4),
    input_audio=Decimal(32),
    output_audio=Decimal(64),
    input_image=Decimal(3),
    reasoning=Decimal(10),
)
"""USD per million tokens, another one for each class: a token in the wrong one is another cost."""
_RATES = {
    "read": Decimal(2),
    "written": Decimal(8),
    "hit": Decimal("0.2"),
    "kept": Decimal("2.5"),
    "hour": Decimal(4),
    "heard": Decimal(32),
    "spoken": Decimal(64),
    "seen": Decimal(3),
    "thought": Decimal(10),
}


@dataclass(frozen=True)
class Reported:
    """One payload.

    Attributes:
        vendor: Whose wire format it is in.
        what: What is particular about it.
        usage: As it comes.
        parts: Its tokens by class, as in `86 read + 1920 hit + 300 written`; no token stands twice.
        operation: What was asked.
    """

    vendor: str
    what: str
    usage: JsonObject
    parts: str
    operation: Operation = Operation.CHAT

    @property
    def cost(self) -> Decimal:
        """USD, reckoned from `parts` alone."""
        words = (part.split() for part in self.parts.split(" + "))
        return sum((int(n) * _RATES[kind] for n, kind in words), Decimal(0)) / 1_000_000
