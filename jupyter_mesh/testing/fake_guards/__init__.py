"""Real HTTP servers that speak as the services do which look through texts and judge them.

with FakeGuard(Presidio({"Ada Lovelace": "PERSON"})) as service:
    service.script(Behaviour(fault="rate_limited"))
    ...                                  # talk to service.address
    assert service.requests[0].json["text"]

What they find is what they are told: nothing is recognised. Each refuses what its vendor refuses:
other paths, missing fields, texts that are too long, keys that are not shown.
"""

from ..fake_upstream import Behaviour, Fault, Received
from .azure_language import AzureLanguage
from .comprehend import Comprehend
from .content_safety import ContentSafety
from .dialect import FakeGuard
from .dlp import Dlp
from .guardrail import Guardrail
from .moderations import Moderations
from .presidio import Presidio

__all__ = [
    "AzureLanguage",
    "Behaviour",
    "Comprehend",
    "ContentSafety",
    "Dlp",
    "FakeGuard",
    "Fault",
    "Guardrail",
    "Moderations",
    "Presidio",
    "Received",
]
