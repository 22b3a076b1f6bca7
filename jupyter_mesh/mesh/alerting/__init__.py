"""Telling somebody when something is wrong: seen, kept once, told over channels, resolved."""

from .book import AlertBook
from .conditions import Conditions
from .courier import Courier
from .desk import AlertDesk
from .watcher import Watcher

__all__ = ["AlertBook", "AlertDesk", "Conditions", "Courier", "Watcher"]
