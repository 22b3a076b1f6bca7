"""What a plugin author subclasses, and what the mesh's own parts promise each other.

Entry-point groups are versioned: `jupyter_mesh.provider.v1`, `jupyter_mesh.guard.v1`,
`jupyter_mesh.sink.v1`.
"""

from .cache import Cache, CacheEntry
from .engine import Engine, EngineFactory
from .guard import Detector, Finding, GuardedCall, GuardTools, Judge, Verdict
from .happenings import Happening, Happenings
from .journal import History, Journal
from .models import Models
from .prices import Prices
from .provider import Attempt, Provider, ProviderContext
from .secrets import SecretStore
from .sink import AuditSink, SinkConfig
from .workers import ScannedSpan, Scanner, Workers

PROVIDER_GROUP = "jupyter_mesh.provider.v1"
GUARD_GROUP = "jupyter_mesh.guard.v1"
SINK_GROUP = "jupyter_mesh.sink.v1"

__all__ = [
    "GUARD_GROUP",
    "PROVIDER_GROUP",
    "SINK_GROUP",
    "Attempt",
    "AuditSink",
    "Cache",
    "CacheEntry",
    "Detector",
    "Engine",
    "EngineFactory",
    "Finding",
    "GuardTools",
    "GuardedCall",
    "Happening",
    "Happenings",
    "History",
    "Journal",
    "Judge",
    "Models",
    "Prices",
    "Provider",
    "ProviderContext",
    "ScannedSpan",
    "Scanner",
    "SecretStore",
    "SinkConfig",
    "Verdict",
    "Workers",
]
