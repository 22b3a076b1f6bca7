"""A real HTTP server that speaks as Gemini on Google Vertex AI does; see `fake_upstream`.

with FakeGemini() as upstream:
    upstream.script(Behaviour(text="Bonjour."))
    ...                                        # talk to upstream.base_url
    assert upstream.requests[0].path.endswith(":generateContent")
"""

from ..fake_upstream import Behaviour, Fault, Received
from .server import FakeGemini

__all__ = ["Behaviour", "FakeGemini", "Fault", "Received"]
