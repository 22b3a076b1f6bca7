"""A real HTTP server that speaks Anthropic's Messages API, does as it is told, notes what it got.

with FakeAnthropic() as upstream:
    upstream.script(Behaviour(reasoning="Let me see.", text="Here you are."))
    ...                                        # talk to upstream.base_url
"""

from ..fake_upstream import Behaviour, Fault, Received, read_log
from .server import FakeAnthropic

__all__ = ["Behaviour", "FakeAnthropic", "Fault", "Received", "read_log"]
