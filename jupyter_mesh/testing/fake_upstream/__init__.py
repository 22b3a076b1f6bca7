"""A real HTTP server that speaks a vendor's format, does as it is told, and notes what it got.

Each vendor's format is a `Dialect`; what goes wrong on the wire (`Behaviour.fault`) is the same for
all of them.
"""

from .behaviour import Behaviour, Fault
from .dialect import Dialect, Refusal, Streamed
from .heard import Heard, Said
from .record import Received, read_log
from .server import FakeUpstream

__all__ = [
    "Behaviour",
    "Dialect",
    "FakeUpstream",
    "Fault",
    "Heard",
    "Received",
    "Refusal",
    "Said",
    "Streamed",
    "read_log",
]
