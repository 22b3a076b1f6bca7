"""A real HTTP server that speaks Cohere's API, v2; see `fake_upstream`.

with FakeCohere() as upstream:
    upstream.script(Behaviour(text="Bonjour."))
    ...                                        # talk to upstream.base_url
    assert upstream.requests[0].path == "/v2/chat"
"""

from ..fake_upstream import Behaviour, Fault, Received
from .server import FakeCohere

__all__ = ["Behaviour", "FakeCohere", "Fault", "Received"]
