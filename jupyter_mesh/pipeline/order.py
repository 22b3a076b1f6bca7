"""The order of the steps: a safety property, not a setting. Read this page first.

    Audit( Authorize( Resolve( Limit( Screen( Cache( Budget( Moderate( Price( Route )))))))))

Audit is outermost, so that refusals are recorded too. Screen is outside Cache and Budget, so that
nothing inward ever holds the original text. Budget is inside Cache, so that a hit needs no money.
Route commits the intent and the reservation as its last act before it sends.
`tests/pipeline/test_order.py` holds this order.
"""

from __future__ import annotations

from .audit import Audit
from .authorize import Authorize
from .budget import Budget
from .cache import Cached
from .limit import Limit
from .moderate import Moderate
from .price import PriceStep
from .resolve import Resolve
from .screen import Screen
from .step import Step

ORDER: tuple[type[Step], ...] = (
    Audit,
    Authorize,
    Resolve,
    Limit,
    Screen,
    Cached,
    Budget,
    Moderate,
    PriceStep,
)
"""Outermost first; `Route` is the endpoint inside them all."""
