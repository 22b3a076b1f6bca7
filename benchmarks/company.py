"""A year of calls as a company of five hundred makes them: who asks which model, when, for what."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from jupyter_mesh.schemas.audit import Completion, Intent, Outcome, Timing
from jupyter_mesh.schemas.spend import Usage

SEED = 20261122
DAYS = 365
PEOPLE = 500
GROUPS = tuple(f"team-{number:02}" for number in range(1, 13))
PURPOSES = ("research", "support", "reporting", "coding", "unspecified")
APPLICATIONS = ("notebook", "notebook", "notebook", "helpdesk", "crm", "search", "nightly-report")
_DOCUMENTS = 3000
_DAY = (1, 1, 1, 1, 1, 2, 4, 9, 18, 24, 24, 20, 16, 22, 24, 22, 18, 12, 7, 5, 4, 3, 2, 1)
"""Weight of each hour of a working day, UTC."""
_WEEK = (1.0, 1.1, 1.1, 1.05, 0.9, 0.15, 0.1)
_GROWTH = 1.5
"""Calls a day at the end of the year, for each at its beginning."""


@dataclass(frozen=True, slots=True)
class Model:
    """A model and how it is used: its share of the calls, its price and its pace."""

    id: str
    provider: str
    weight: float
    input_usd: Decimal
    output_usd: Decimal
    milliseconds: float


MODELS = tuple(
    Model(f"{connection}/{name}", provider, weight, Decimal(read), Decimal(written), pace)
    for connection, provider, name, weight, read, written, pace in (
        ("openai", "openai", "small", 40, "0.25", "2", 900),
        ("openai", "openai", "large", 12, "1.25", "10", 2500),
        ("openai", "openai", "embedding", 14, "0.02", "0", 120),
        ("azure", "openai", "small", 10, "0.25", "2", 1100),
        ("azure", "openai", "large", 5, "1.25", "10", 2900),
        ("anthropic", "anthropic", "mid", 8, "3", "15", 2100),
        ("local", "huggingface", "tiny", 9, "0", "0", 400),
        ("local", "huggingface", "classifier", 2, "0", "0", 60),
    )
)


def hours(calls: int, until: datetime) -> Iterator[tuple[datetime, int]]:
    """Each hour of the year before `until` and its share of `calls`, with the rhythm of the day and
    the week and some growth.
    """
    first = until.replace(minute=0, second=0, microsecond=0) - timedelta(days=DAYS)
    moments = [first + timedelta(hours=number) for number in range(DAYS * 24)]
    weights = [
        _DAY[moment.hour] * _WEEK[moment.weekday()] * (1 + (_GROWTH - 1) * number / len(moments))
        for number, moment in enumerate(moments)
    ]
    scale = calls / sum(weights)
    owed = 0.0
    for moment, weight in zip(moments, weights, strict=True):
        owed += weight * scale
        yield moment, int(owed)
        owed -= int(owed)


def pool(size: int) -> Iterator[tuple[Intent, Completion]]:
    """Calls to draw from, at no particular time."""
    chance = random.Random(SEED)
    weights = [model.weight for model in MODELS]
    for number in range(size):
        (model,) = chance.choices(MODELS, weights)
        yield _call(number, model, chance)


def _call(number: int, model: Model, chance: random.Random) -> tuple[Intent, Completion]:
    # A few people ask much and most ask little.
    person = int(PEOPLE * chance.random() ** 2.5)
    application = chance.choice(APPLICATIONS)
    group = GROUPS[person % len(GROUPS)]
    began = datetime(2026, 1, 1, tzinfo=UTC)
    input, output = int(chance.lognormvariate(6.2, 1.0)) + 8, int(chance.lognormvariate(5.0, 0.9))
    outcome: Outcome = "answered"
    (outcome,) = chance.choices(("answered", "cached", "failed", "blocked"), (88, 9, 2.5, 0.5))
    ran = outcome == "answered"
    cost = (input * model.input_usd + output * model.output_usd).scaleb(-6)
    milliseconds = model.milliseconds * chance.lognormvariate(0, 0.5)
    intent = Intent(
        id=str(number),
        started_at=began,
        user=f"user-{person:03}",
        via="kernel" if application == "notebook" else "key",
        application=application,
        operation="embedding" if model.id.endswith("embedding") else "chat",
        requested_model="fast" if chance.random() < 0.4 else model.id,
        candidates=(model.id,),
        groups=(group,),
        charged_group=group,
        purpose=PURPOSES[(person + len(application)) % len(PURPOSES)],
        document=f"work/{person:03}/book-{number % _DOCUMENTS}.ipynb"
        if application == "notebook"
        else None,
        key_id=None if application == "notebook" else f"{application}-key",
        parent=None,
        tags={},
        streamed=chance.random() < 0.5,
        estimated_cost=cost,
    )
    completion = Completion(
        id=intent.id,
        started_at=began,
        outcome=outcome,
        ended_at=began + timedelta(milliseconds=milliseconds),
        model=None if outcome == "blocked" else model.id,
        provider=None if outcome == "blocked" else model.provider,
        connection=None if outcome == "blocked" else model.id.partition("/")[0],
        usage=Usage(input=input, output=output) if ran or outcome == "cached" else Usage(),
        cost=cost if ran else Decimal(0),
        saved=cost if outcome == "cached" else Decimal(0),
        timing=Timing(
            total=milliseconds, first_token=milliseconds / 4, upstream=milliseconds, overhead=2.0
        ),
        finish_reason="stop" if ran else None,
        error_code={"failed": "provider_unavailable", "blocked": "blocked"}.get(outcome),
        price_source="admin",
        screened="yes",
    )
    return intent, completion
