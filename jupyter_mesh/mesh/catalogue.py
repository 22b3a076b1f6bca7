"""From configured connections to candidates: providers made, facts joined with prices and the
admin's
words.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

from ..config import ConnectionRule, ModelRule
from ..errors import ConfigError, MeshError
from ..pipeline.snapshot import Candidate, ConnectionLimits
from ..providers.model_cards import OF_DEPLOYMENTS, with_card
from ..schemas.catalog import CHECKED, ModelFacts, Residency
from ..schemas.spend import Price
from ..spi.engine import EngineFactory
from ..spi.prices import Prices
from ..spi.provider import Provider, ProviderConfig, ProviderContext
from ..spi.secrets import SecretStore
from .plugins import Plugins, validate_settings

_log = logging.getLogger("jupyter_mesh")
_LISTING_SECONDS = 10.0


async def _models(provider: Provider) -> list[ModelFacts]:
    return await provider.models()


async def _probed(provider: Provider) -> list[ModelFacts]:
    return await provider.probe()


@dataclass(slots=True)
class Connection:
    """A connection in use. `fault` says why it has no models, when it has none."""

    name: str
    rule: ConnectionRule
    provider: Provider | None = None
    candidates: dict[str, Candidate] = field(default_factory=dict[str, Candidate])
    fault: str | None = None


class Catalogue:
    """Opens connections and keeps them open until `aclose`."""

    def __init__(
        self,
        plugins: Plugins,
        prices: Prices,
        secrets: SecretStore,
        state_dir: Path,
        engine: EngineFactory | None,
    ) -> None:
        self._plugins = plugins
        self._prices = prices
        self._secrets = secrets
        self._state_dir = state_dir
        self._engine = engine
        self._configured: dict[str, ConnectionRule] = {}
        self.connections: dict[str, Connection] = {}

    async def configure(self, rules: Mapping[str, ConnectionRule]) -> list[Provider]:
        """Open what is new or was changed; the rest goes on as it is, offers too.

        Returns:
            Providers that no new call will reach: close them when the last call that does is over.
        """
        gone = [name for name, rule in self._configured.items() if rules.get(name) != rule]
        fresh = {n: rule for n, rule in rules.items() if self._configured.get(n) != rule}
        replaced = [one for name in gone if (one := self.connections.pop(name, None))]
        self._configured = dict(rules)
        await self.open(fresh)
        return [one.provider for one in replaced if one.provider is not None]

    def check(self, name: str, rule: ConnectionRule) -> None:
        """Raises ConfigError where a connection cannot be opened as it is written."""
        self._validated(name, rule)

    async def probe(
        self, name: str, rule: ConnectionRule, secrets: SecretStore | None = None
    ) -> Connection:
        """Open a connection, ask it what it offers, and close it again; asks no model."""
        found = await self._open(name, rule, _probed, secrets)
        if found.provider is not None:
            await found.provider.aclose()
        return found

    async def open(self, rules: Mapping[str, ConnectionRule]) -> None:
        """Open every enabled connection; one that fails has a `fault` and no models."""
        wanted = {name: rule for name, rule in rules.items() if rule.enabled}
        opened = await asyncio.gather(*(self._open(name, rule) for name, rule in wanted.items()))
        self.connections |= {connection.name: connection for connection in opened}

    async def drop(self, name: str) -> None:
        """Close a connection and forget it."""
        dropped = self.connections.pop(name, None)
        if dropped is not None and dropped.provider is not None:
            await dropped.provider.aclose()

    async def retry_faulty(self) -> bool:
        """Try the connections that had a fault again; True when one has come back."""
        faulty = {name: one.rule for name, one in self.connections.items() if one.fault}
        for name in faulty:
            provider = self.connections[name].provider
            if provider is not None:
                await provider.aclose()
        await self.open(faulty)
        return any(self.connections[name].fault is None for name in faulty)

    async def _open(
        self,
        name: str,
        rule: ConnectionRule,
        listing: Callable[[Provider], Awaitable[list[ModelFacts]]] = _models,
        secrets: SecretStore | None = None,
    ) -> Connection:
        connection = Connection(name, rule)
        try:
            provider = connection.provider = self._make(name, rule, secrets or self._secrets)
            async with asyncio.timeout(_LISTING_SECONDS):
                facts = await listing(provider)
        except TimeoutError:
            connection.fault = f"{name} did not list its models within {_LISTING_SECONDS:g} s."
        except MeshError as error:
            connection.fault = error.message
        except Exception as error:  # noqa: BLE001 the plugin's edge: it may raise anything
            _log.exception("Connection %s: its provider %r failed", name, rule.provider)
            connection.fault = f"The provider {rule.provider!r} failed: {type(error).__name__}."
        else:
            limits, send_trace = _limits(rule), rule.send_trace
            for one in facts:
                if (said := rule.models.get(one.name)) is not None and not said.enabled:
                    continue
                known = self._enrich(provider, rule, one)
                connection.candidates[known.id] = Candidate(
                    facts=known,
                    provider=provider,
                    limits=limits,
                    sends_trace=known.residency is not Residency.EXTERNAL
                    if send_trace is None
                    else send_trace,
                )
        before = self.connections.get(name)
        if connection.fault and (before is None or before.fault != connection.fault):
            _log.warning("Connection %s: %s", name, connection.fault)
        return connection

    def _validated(self, name: str, rule: ConnectionRule) -> tuple[type[Provider], ProviderConfig]:
        return check_connection(self._plugins, name, rule)

    def _make(self, name: str, rule: ConnectionRule, secrets: SecretStore) -> Provider:
        kind, settings = self._validated(name, rule)
        folder = self._state_dir / "connections" / name
        folder.mkdir(parents=True, exist_ok=True)
        context = ProviderContext(
            connection=name,
            secrets=secrets,
            state_dir=folder,
            models={model: options.options for model, options in rule.models.items()},
            longest={
                name: said.max_output for name, said in rule.models.items() if said.max_output
            },
            engine=self._engine,
        )
        return kind(settings, context)

    def _enrich(self, provider: Provider, rule: ConnectionRule, facts: ModelFacts) -> ModelFacts:
        """The admin's word counts most, then the provider's, then the price list's."""
        said = rule.models.get(facts.name, ModelRule())
        residency = rule.residency or (Residency.LOCAL if provider.local else Residency.EXTERNAL)
        own = said.price or rule.price
        price = own.price if own else self._found_price(provider, rule, residency, facts)
        known = with_card(facts, *provider.price_lookup)
        context = known.context_window
        if context is None and facts.provider not in OF_DEPLOYMENTS:
            context = self._prices.context_window(facts.provider, facts.name)
        can = known.capabilities if said.capabilities is None else frozenset(said.capabilities)
        return replace(
            known,
            price=price and replace(price, taken_at=datetime.now(UTC)),
            context_window=said.context_window or context,
            max_output=said.max_output or known.max_output,
            operations=frozenset(said.operations or facts.operations),
            capabilities=can,
            lacks=known.lacks - can if said.capabilities is None else CHECKED - can,
            residency=residency,
            trains_on_requests=False if provider.local else rule.trains_on_requests,
            retains_requests=rule.retains_requests,
            terms_checked=rule.terms_checked,
            terms_source=rule.terms_source,
            internal=said.internal,
            description=said.description or facts.description,
        )

    def _found_price(
        self, provider: Provider, rule: ConnectionRule, residency: Residency, facts: ModelFacts
    ) -> Price | None:
        """The provider's word or the list's, less the discount; what is local costs nothing."""
        provider_id, base_url = provider.price_lookup
        listed = facts.price or self._prices.price(provider_id, facts.name, base_url)
        if listed is None and residency is Residency.LOCAL:
            return Price(input=Decimal(0), output=Decimal(0), source="local")
        return listed and listed.less(rule.discount)

    async def aclose(self) -> None:
        """Close every provider."""
        providers = [one.provider for one in self.connections.values() if one.provider]
        await asyncio.gather(*(provider.aclose() for provider in providers))


def check_connection(
    plugins: Plugins, name: str, rule: ConnectionRule
) -> tuple[type[Provider], ProviderConfig]:
    """Its provider and that one's settings.

    Raises:
        ConfigError: It cannot be opened as it is written.
    """
    if "/" in name:
        raise ConfigError(f"connections.{name}: a connection's name has no slash.")
    kind = plugins.provider(rule.provider)
    return kind, validate_settings(kind.Config, rule.options, f"connections.{name}")


def _limits(rule: ConnectionRule) -> ConnectionLimits:
    standard = ConnectionLimits()
    return ConnectionLimits(
        timeout=rule.timeout.total_seconds() if rule.timeout else standard.timeout,
        idle_timeout=rule.idle_timeout.total_seconds()
        if rule.idle_timeout
        else standard.idle_timeout,
        retries=rule.retries,
        parallel=rule.parallel,
    )
