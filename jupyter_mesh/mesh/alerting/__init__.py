"""Telling somebody when something is wrong: seen, kept once, told over channels, resolved."""

from .book import AlertBook
from .courier import Courier
from .desk import AlertDesk

__all__ = ["AlertBook", "AlertDesk", "Courier"]
