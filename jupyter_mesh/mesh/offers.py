"""What was found at start and could be connected. Off until somebody says so; nothing is billed
unasked.

A key that stands in the environment is visible to every kernel. Where the host can keep it from
them, accepting its offer takes it over: it is sealed in the store, and the connection uses it from
there, also when the variable is gone.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from typing import TypeAlias

from pydantic import ValidationError

from ..config import ConnectionRule
from ..errors import MeshError, NotFound
from ..providers.discover import Discovery, discover
from ..schemas.api import Offer, PriceCard
from ..spi.journal import History
from ..storage.secrets import Secrets
from .offer_prices import listed_prices

Withhold: TypeAlias = Callable[[str], None]
"""Keeps a key from kernels that are started from now on. Raises OSError where it cannot."""

_log = logging.getLogger("jupyter_mesh")
OWNER = "@mesh"
"""Accepted offers belong to the mesh, not to a person; no user name starts with this sign."""
PREFIX = "offer:"
PLAIN = "accepted"
"""What is remembered of an offer whose connection is there as long as it is found; of one whose key
was taken over, its connection."""


class Offers:
    """Looks once after the start, in the background; remembers what was accepted.

    Args:
        history: Where acceptances are kept.
        secrets: Where keys are sealed.
        environ: Where keys are looked for.
        withhold: Keeps a key from kernels; None: keys stay where they are.
    """

    def __init__(
        self,
        history: History,
        secrets: Secrets,
        environ: Mapping[str, str],
        withhold: Withhold | None = None,
    ) -> None:
        self._history = history
        self._secrets = secrets
        self._environ = environ
        self._withhold = withhold
        self._found: dict[str, Discovery] = {}
        self._prices: dict[str, dict[str, PriceCard]] = {}
        self._accepted: set[str] = set()

    async def look(self) -> dict[str, ConnectionRule]:
        """Find what is there; returns the connections accepted at an earlier start that are there
        again, and those whose keys were taken over.
        """
        kept = {
            name.removeprefix(PREFIX): value
            for name, value in (await self._history.preferences(OWNER)).items()
            if name.startswith(PREFIX)
        }
        self._accepted = set(kept)
        try:
            found = await discover(self._environ)
            self._prices = await asyncio.to_thread(listed_prices, found)
            self._found = {one.id: one for one in found}
        except (MeshError, OSError) as error:
            _log.info("Nothing could be looked for: %s", error)
        rules: dict[str, ConnectionRule] = {}
        for name, value in kept.items():
            there = self._found.get(name)
            if value != PLAIN and (rule := _remembered(name, value)) is not None:
                await self._renew(there)
                rules[name] = rule
            elif there is not None:
                rules[name] = _rule(there)
        return rules

    def open(self) -> list[Offer]:
        """What could be connected and is not."""
        return [
            Offer(
                id=one.id,
                title=one.title,
                provider=one.provider,
                models=list(one.models),
                price_note=one.price_note,
                prices=self._prices.get(one.id, {}),
                residency=one.residency.value,
                key_note=_key_note(one.variable) if self._takes(one) else None,
            )
            for one in self._found.values()
            if one.id not in self._accepted
        ]

    async def accept(self, offer_id: str) -> ConnectionRule:
        """Remember that the offer was accepted and return the connection to open.

        Raises:
            NotFound: No such offer is open.
            StoreUnavailable: Its key cannot be sealed.
        """
        found = self._found.get(offer_id)
        if found is None or offer_id in self._accepted:
            raise NotFound(f"No offer {offer_id[:80]!r} is open; `%llm list` shows those that are.")
        rule, value = _rule(found), PLAIN
        if self._takes(found):
            await self._seal(found)
            rule = _rule(found, api_key=f"store:{_secret(offer_id)}")
            value = rule.model_dump_json(exclude_unset=True)
        await self._history.set_preference(OWNER, f"{PREFIX}{offer_id}", value)
        self._accepted.add(offer_id)
        return rule

    def keep_from_kernels(self, offer_id: str) -> None:
        """The connection works: kernels need its key no more.

        Raises:
            OSError: The host cannot keep it from them.
        """
        found = self._found[offer_id]
        if self._withhold is not None and found.variable is not None:
            self._withhold(self._environ[found.variable].strip())

    async def withdraw(self, offer_id: str) -> None:
        """Forget an acceptance whose connection did not open."""
        self._accepted.discard(offer_id)
        await self._history.set_preference(OWNER, f"{PREFIX}{offer_id}", None)
        if self._takes(self._found[offer_id]):
            await asyncio.to_thread(self._secrets.remove, _secret(offer_id))

    def _takes(self, found: Discovery) -> bool:
        return self._withhold is not None and found.variable is not None

    async def _seal(self, found: Discovery) -> None:
        assert found.variable is not None
        key = self._environ[found.variable].strip()
        await asyncio.to_thread(self._secrets.set, _secret(found.id), key)

    async def _renew(self, found: Discovery | None) -> None:
        """Take over the key that the variable holds now: its owner may have replaced it."""
        if found is None or not self._takes(found):
            return
        try:
            await self._seal(found)
        except MeshError as error:
            _log.warning("The key of %s stays as it was taken over: %s", found.id, error)


def _secret(offer_id: str) -> str:
    return f"offer-{offer_id}"


def _key_note(variable: str | None) -> str:
    return (
        f"Your kernels can read {variable} now. Connecting stores the key encrypted in the mesh "
        "and keeps it from kernels started afterwards. Kernels that run already keep it until they "
        "are shut down, and your shell keeps its own variable."
    )


def _rule(found: Discovery, **settings: str) -> ConnectionRule:
    return ConnectionRule.model_validate(
        {
            "provider": found.provider,
            "residency": found.residency,
            "models": list(found.models),
            **found.config,
            **settings,
        }
    )


def _remembered(name: str, value: str) -> ConnectionRule | None:
    try:
        return ConnectionRule.model_validate_json(value)
    except ValidationError as error:
        _log.warning("The accepted offer %s cannot be read any more: %s", name, error)
        return None


async def cancelled(task: asyncio.Task[None]) -> None:
    """Cancel a background task and wait for its end."""
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
