"""A real HTTP server that speaks AWS Bedrock's format, with event streams and signatures checked.

with FakeBedrock(keys=Keys("AKIDEXAMPLE", "secret")) as upstream:
    upstream.script(Behaviour(fault="rate_limited"), Behaviour(text="Second try."))
    ...                                  # talk to upstream.address, for runtime and control plane
    assert upstream.requests[0].json["messages"]
"""

from ..fake_upstream import Behaviour, Fault, Received, read_log
from .server import FakeBedrock, Keys

__all__ = ["Behaviour", "FakeBedrock", "Fault", "Keys", "Received", "read_log"]
