"""Work that is done again and again while a mesh runs."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

from ..errors import MeshError

_log = logging.getLogger("jupyter_mesh")


def every(
    seconds: float, work: Callable[[], Awaitable[object]], *, at_once: bool = False
) -> asyncio.Task[None]:
    """Do it every so many seconds; `at_once`: the first time after one."""

    async def repeat() -> None:
        pause = 1.0 if at_once else seconds
        while True:
            await asyncio.sleep(pause)
            pause = seconds
            try:
                await work()
            except MeshError as error:
                _log.warning("Background work failed and will be tried again: %s", error)
            except Exception:  # noqa: BLE001 a plugin's fault must not end the loop for good
                _log.exception("Background work failed and will be tried again")

    return asyncio.create_task(repeat())
