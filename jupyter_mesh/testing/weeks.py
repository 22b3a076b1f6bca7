"""Weeks of calls and of measured speed, written into a store by the gateway's own code."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

from jupyter_mesh.schemas.audit import Completion, Intent, Timing
from jupyter_mesh.schemas.histogram import bucket_of
from jupyter_mesh.schemas.spend import Usage
from jupyter_mesh.storage.journal import SqlJournal
from jupyter_mesh.storage.performance import Place, SqlPerformance

USERS = {"ada": "research", "ben": "research", "chloe": "risk", "dmitri": "risk", "eva": "sales"}
APPLICATIONS = ("notebook", "monthly-report", "nightly-batch")


@dataclass(frozen=True)
class Model:
    """How a model of these weeks answers."""

    name: str
    weight: int
    cents: int
    total_ms: float
    failing: float


MODELS = (
    Model("campus/qwen3-32b", 8, 2, 900, 0.01),
    Model("campus/llama-3.3-70b", 5, 5, 1900, 0.06),
    Model("campus/mistral-small-24b", 3, 1, 500, 0.0),
    Model("cloud/gpt-5", 4, 19, 2600, 0.02),
    Model("cloud/gpt-5-mini", 7, 3, 700, 0.005),
    Model("cloud/embed-3", 3, 1, 60, 0.0),
)


def write_weeks(database: Path, now: datetime, *, days: int = 56, documents: int = 12) -> None:
    """Calls of `days` days that end at `now`; the same ones each time."""
    asyncio.run(_write(database, now, days, documents))


async def _write(database: Path, now: datetime, days: int, documents: int) -> None:
    chance = random.Random(7)
    journal = SqlJournal(database)
    speeds: Counter[Place] = Counter()
    calls = list(_calls(chance, now, days, documents))
    for begin in range(0, len(calls), 64):
        some = calls[begin : begin + 64]
        await asyncio.gather(*[journal.close(completion, intent) for intent, completion in some])
    await journal.aclose()
    for day in range(days * 24):
        _measure(chance, speeds, now - timedelta(hours=day))
    performance = SqlPerformance(database)
    await performance.add(speeds, "weeks")
    await performance.aclose()


def _calls(
    chance: random.Random, now: datetime, days: int, documents: int
) -> Iterator[tuple[Intent, Completion]]:
    for day in range(days):
        noon = now - timedelta(days=day)
        busy = 4 if noon.weekday() >= 5 else 18 + 10 * (days - day) // days
        for number in range(busy):
            at = noon - timedelta(minutes=chance.randrange(0, 600))
            yield _call(chance, f"week-{day}-{number}", at, documents)


def _call(
    chance: random.Random, name: str, at: datetime, documents: int
) -> tuple[Intent, Completion]:
    (model,) = chance.choices(MODELS, [one.weight for one in MODELS])
    user = chance.choice(list(USERS))
    is_cached, is_unpriced = chance.random() < 0.12, chance.random() < 0.01
    cost = Decimal(model.cents) * chance.randrange(40, 400) / 1000
    intent = Intent(
        id=name,
        started_at=at,
        user=user,
        via="kernel",
        application=chance.choice(APPLICATIONS),
        operation="embed" if "embed" in model.name else "chat",
        requested_model=model.name,
        candidates=(model.name,),
        groups=(USERS[user],),
        charged_group=USERS[user],
        purpose=chance.choice(["", "research", "reporting"]),
        document=f"reports/{chance.randrange(documents):03}.ipynb",
    )
    completion = Completion(
        id=name,
        started_at=at,
        ended_at=at + timedelta(seconds=2),
        outcome="cached" if is_cached else "answered",
        model=model.name,
        provider="openai" if model.name.startswith("cloud") else "openai_compatible",
        connection=model.name.partition("/")[0],
        usage=Usage(input=chance.randrange(2000, 60000), output=chance.randrange(50, 4000)),
        cost=Decimal(0) if is_cached else None if is_unpriced else cost,
        saved=cost if is_cached else Decimal(0),
        saved_by_fallback=cost * 2 if not is_cached and chance.random() < 0.03 else Decimal(0),
        timing=Timing(total=model.total_ms, overhead=1.5),
    )
    return intent, completion


def _measure(chance: random.Random, speeds: Counter[Place], at: datetime) -> None:
    hour = int(at.timestamp()) // 3600
    rush = 1.6 if 8 <= at.hour <= 16 else 1.0
    for model in MODELS:

        def count(metric: str, bucket: int, times: int = 1, model: Model = model) -> None:
            speeds[Place(hour, model.name.partition("/")[0], model.name, metric, bucket)] += times

        if at.hour < 6 or (at.weekday() >= 5 and at.hour % 4):
            continue
        for _ in range(model.weight):
            if chance.random() < model.failing:
                count("failed", 0)
                continue
            total = model.total_ms * rush * chance.lognormvariate(0, 0.35)
            count("answered", 0)
            count("total", bucket_of(total))
            count("first", bucket_of(total * 0.2))
            count("speed", bucket_of(40_000 / model.total_ms * chance.uniform(0.8, 1.2)))
            count("overhead", bucket_of(chance.uniform(0.8, 3.0)))
            if chance.random() < model.failing:
                count("retried", 0)
