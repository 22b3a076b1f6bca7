"""One of the fakes as a process of its own: `python -m benchmarks.vendor_upstream NAME PORT_FILE`.

Every answer is 200 words; a stream sends each in an event of its own, all in one write.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from jupyter_mesh.testing.fake_upstream import Behaviour

from .vendors import VENDORS

WORDS = 200


async def _serve(name: str, port_file: Path) -> None:
    (vendor,) = (one for one in VENDORS if one.name == name)
    fake = vendor.fake()
    fake.default = Behaviour(text="word " * WORDS, burst=True)
    async with fake:
        draft = port_file.with_suffix(".new")
        draft.write_text(str(fake.port))
        draft.replace(port_file)
        while True:
            await asyncio.sleep(60)
            fake.requests.clear()


if __name__ == "__main__":
    asyncio.run(_serve(sys.argv[1], Path(sys.argv[2])))
