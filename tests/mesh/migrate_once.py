"""Takes a personal mesh over, in a process of its own that a test may kill."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from .migrating import hub_at, migrated


def main(source: str, store: str) -> None:
    """Plan and set."""
    asyncio.run(migrated(Path(source), hub_at(store if "://" in store else Path(store))))


if __name__ == "__main__":
    main(*sys.argv[1:])
