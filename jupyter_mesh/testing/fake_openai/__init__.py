"""A real HTTP server that speaks OpenAI's format, does as it is told, and notes what it got.

with FakeOpenAI() as upstream:                 # or `async with`, or its own process: see `__main__`
    upstream.script(Behaviour(fault="rate_limited"), Behaviour(text="Second try."))
    ...                                        # talk to upstream.base_url
    assert upstream.requests[0].json["model"] == "m"
"""

from ..fake_upstream import Behaviour, Fault, Received, read_log
from .server import FakeOpenAI

__all__ = ["Behaviour", "FakeOpenAI", "Fault", "Received", "read_log"]
