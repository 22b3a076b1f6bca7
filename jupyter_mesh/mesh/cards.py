"""The catalogue as one caller sees it, with cost and measured speed beside each model."""

from __future__ import annotations

import time
from collections.abc import Sequence
from decimal import Decimal
from statistics import median, quantiles

from ..pipeline.health import Health, Sample
from ..pipeline.snapshot import Candidate, Snapshot
from ..schemas.api import ModelCard, PriceCard, Speed
from ..schemas.catalog import Residency
from ..schemas.principal import Principal
from ..schemas.spend import Price

_WIDEST = {Residency.LOCAL: 0, Residency.REGION: 1, Residency.EXTERNAL: 2}


def cards(snapshot: Snapshot, health: Health, principal: Principal) -> list[ModelCard]:
    """Aliases first, then models, each only if the caller may use it and something stands behind
    it.
    """
    names = snapshot.visible(principal)
    aliases = [
        _alias_card(name, snapshot.aliases[name].strategy, behind, health)
        for name in snapshot.aliases
        if name in names and (behind := snapshot.candidates(name, principal))
    ]
    models = [model_card(one, health) for name, one in snapshot.models.items() if name in names]
    if not snapshot.by_purpose:
        return aliases + models
    groups = snapshot.groups_of(principal)
    return [
        card.model_copy(update={"purposes": _purposes(snapshot, groups, card.targets or [card.id])})
        for card in aliases + models
    ]


def _purposes(snapshot: Snapshot, groups: frozenset[str], models: Sequence[str]) -> list[str]:
    """What one may use any of these models for; empty where one of them is open for everything."""
    each = [snapshot.purposes_of(snapshot.models[name].facts, groups) for name in models]
    return [] if () in each else list(dict.fromkeys(name for names in each for name in names))


def model_card(candidate: Candidate, health: Health) -> ModelCard:
    """One model, with what was measured of it."""
    facts = candidate.facts
    return ModelCard(
        id=facts.id,
        kind="model",
        provider=facts.provider,
        connection=facts.connection,
        targets=[],
        operations=sorted(operation.value for operation in facts.operations),
        capabilities=sorted(capability.value for capability in facts.capabilities),
        lacks=sorted(capability.value for capability in facts.lacks),
        tokenizer=facts.tokenizer,
        facts_source=facts.facts_source or None,
        context_window=facts.context_window,
        max_output=facts.max_output,
        price=price_card(facts.price),
        residency=facts.residency.value,
        trains_on_requests=facts.trains_on_requests,
        retains_requests=facts.retains_requests,
        terms_checked=facts.terms_checked,
        terms_source=facts.terms_source,
        offline_demo=facts.offline_demo,
        description=facts.description,
        speed=speed(health.samples(facts.id)),
        healthy=health.healthy(facts.id),
    )


def _alias_card(name: str, strategy: str, behind: Sequence[Candidate], health: Health) -> ModelCard:
    """What is true of the first model behind the alias; residency and retention of the
    widest-travelling one.
    """
    first = model_card(behind[0], health)
    widest = max(behind, key=lambda one: _WIDEST[one.facts.residency]).facts
    return first.model_copy(
        update={
            "id": name,
            "kind": "alias",
            "targets": [one.id for one in behind],
            "strategy": strategy,
            "residency": widest.residency.value,
            "trains_on_requests": _worst([one.facts.trains_on_requests for one in behind]),
            "offline_demo": all(one.facts.offline_demo for one in behind),
            "healthy": any(health.healthy(one.id) for one in behind),
            "description": f"{strategy}: " + ", ".join(o.id for o in behind),
        }
    )


def _worst(answers: Sequence[bool | None]) -> bool | None:
    if any(answers):
        return True
    return None if None in answers else False


def price_card(price: Price | None) -> PriceCard | None:
    """A price as the API says it."""
    if price is None:
        return None
    return PriceCard(
        input=price.input,
        output=price.output,
        cache_read=price.cache_read,
        per_request=price.per_request,
        source=price.source,
        as_of=price.as_of,
    )


def speed(samples: Sequence[Sample]) -> Speed | None:
    """Latency figures of the last 24 hours; None when nothing was measured."""
    if not samples:
        return None
    good = [sample for sample in samples if sample.ok]
    totals = sorted(sample.total for sample in good)
    firsts = [sample.first_token for sample in good if sample.first_token is not None]
    rates = [
        sample.output_tokens / (seconds / 1000)
        for sample in good
        if sample.output_tokens > 1 and (seconds := sample.total - (sample.first_token or 0)) > 0
    ]
    p95 = quantiles(totals, n=20, method="inclusive")[-1] if len(totals) > 1 else None
    return Speed(
        calls=len(samples),
        p50_ms=median(totals) if totals else None,
        p95_ms=p95 if p95 is not None else (totals[0] if totals else None),
        first_token_ms=median(firsts) if firsts else None,
        tokens_per_second=median(rates) if rates else None,
        error_rate=1 - len(good) / len(samples),
        sparkline=_hours(good),
    )


def _hours(samples: Sequence[Sample]) -> list[float | None]:
    now = time.time()
    hours: list[list[float]] = [[] for _ in range(24)]
    for sample in samples:
        age = int((now - sample.at) // 3600)
        if 0 <= age < 24:
            hours[23 - age].append(sample.total)
    return [median(values) if values else None for values in hours]


def dearness(card: ModelCard) -> tuple[bool, bool, Decimal]:
    """Larger for what one would rather choose than have chosen: a demo, no known price, a high
    one.
    """
    price = card.price
    known = price.input + price.output if price is not None else Decimal(0)
    return card.offline_demo, price is None, known
