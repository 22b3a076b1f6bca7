"""Replaces the key that seals, in a process of its own that may be killed. Argument: the store."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from jupyter_mesh.storage.journal import SqlJournal
from jupyter_mesh.storage.rotation import SealedSecrets
from jupyter_mesh.storage.secrets import Secrets


async def main(store: Path) -> None:
    journal = SqlJournal(store)
    await SealedSecrets(Secrets(store, environ={}), journal).rotate(by="root", via="key")
    await journal.aclose()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
