"""The scanners that were asked for, each kind with its settings under one number."""

from __future__ import annotations

import asyncio
import hashlib
from collections import OrderedDict
from itertools import count

import orjson

from ..schemas.json import JsonObject
from ..spi.workers import Scanner
from .worker_process import Order

_MOST = 256


class Orders:
    """Gives the same scanner with equal settings the same number, as long as it is in use."""

    def __init__(self) -> None:
        self._numbers = count(1)
        self._by_content: OrderedDict[tuple[type[Scanner], bytes], Order] = OrderedDict()
        # Those that are asked for lately, by identity: large settings are not read on every call.
        # An order holds its settings, so no other object can have their address meanwhile.
        self._by_identity: OrderedDict[tuple[type[Scanner], int], Order] = OrderedDict()

    async def order(self, scanner: type[Scanner], settings: JsonObject) -> Order:
        """That of a scanner with these settings.

        Raises:
            ValueError: The class is not at the top of its module, so no other process finds it.
        """
        known = self._by_identity.get((scanner, id(settings)))
        if known is not None and known.settings is settings:
            self._by_identity.move_to_end((scanner, id(settings)))
            return known
        if "<" in scanner.__qualname__ or scanner.__module__ == "__main__":
            raise ValueError(f"{scanner.__qualname__} must stand at the top of a module")
        # A list of a million names takes longer than the loop may stand still.
        content = scanner, await asyncio.to_thread(_digest, settings)
        same = self._by_content.get(content)
        number = next(self._numbers) if same is None else same.number
        order = self._by_content[content] = Order(number, scanner, settings)
        self._by_content.move_to_end(content)
        self._by_identity[scanner, id(settings)] = order
        for known_orders in (self._by_content, self._by_identity):
            if len(known_orders) > _MOST:
                known_orders.popitem(last=False)
        return order


def _digest(settings: JsonObject) -> bytes:
    return hashlib.sha256(orjson.dumps(settings, option=orjson.OPT_SORT_KEYS)).digest()
