"""A year of calls as a company of five hundred makes them: who asks which model, when, for what.

What is assumed, and taken from no company in particular:

- Each person belongs to one of twelve teams, and their calls are charged to it.
- A person keeps to one to three models and to one or two applications; three calls of a hundred go
  to any other.
- Some people ask far more than others (log-normal: the busiest tenth makes more than a third of
  their calls), little at night, and more and more over the year.
- On a workday four people of five ask at all; on a weekend one of twelve.
- The notebook is used for what the person works on, or for nothing that was said; every other
  application has a purpose of its own.
- Four of five calls of a search are embeddings, and none of anything else.
- A quarter of all calls of a workday, and most of a weekend's, are made by a job of each team, a
  report under an account of its own that knows no hours.
- A person works on some thirty notebooks a year, on two or three at a time.

Days repeat: the calls of twenty workdays and of four days off are drawn once, and each day of the
year has those of one of them, at other times and as many as that day has.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import NamedTuple, TypeVar

from jupyter_mesh.schemas.audit import Completion, Intent, Outcome, Timing
from jupyter_mesh.schemas.spend import Usage

SEED = 20261122
DAYS = 365
PEOPLE = 500
GROUPS = tuple(f"team-{number:02}" for number in range(1, 13))
APPLICATIONS = {"notebook": 60, "search": 20, "helpdesk": 12, "crm": 8}
"""Of people, and how many of a hundred have each for their first."""
_PURPOSES = {"search": "research", "helpdesk": "support", "crm": "support"}
_OWN_PURPOSES = ("research", "coding", "reporting")
_JOB = "nightly-report"
WORKDAYS, DAYS_OFF = 20, 4
_PRESENT, _JOBS = (0.8, 1 / 12), (0.25, 0.7)
"""The share of people who ask at all, and of calls that jobs make: on a workday, on a day off."""
_TAIL = 0.03
_BOOKS = 30
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


_EMBEDDING = next(model for model in MODELS if model.id.endswith("embedding"))
_CHATS = tuple(model for model in MODELS if model is not _EMBEDDING)
_CHAT_WEIGHTS = tuple(model.weight for model in _CHATS)
_SEARCHES = 0.8
"""The share of calls of a search that are embeddings."""
_UNSAID = 0.2
"""The share of calls from a notebook whose purpose nobody said."""
_SATURDAY = 5
T = TypeVar("T")


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


def day_of(moment: datetime) -> int:
    """Which of the days that were drawn a day of the year repeats; workdays come first."""
    chance = random.Random(f"{SEED} {moment.date()}")
    if moment.weekday() < _SATURDAY:
        return chance.randrange(WORKDAYS)
    return WORKDAYS + chance.randrange(DAYS_OFF)


def pool(size: int) -> Iterator[tuple[Intent, Completion]]:
    """The calls of each day that others repeat, `size` of each, at no particular time."""
    chance = random.Random(SEED)
    people = [_Person.drawn(number, chance) for number in range(PEOPLE)]
    for day in range(WORKDAYS + DAYS_OFF):
        off = day >= WORKDAYS
        present = [one for one in people if chance.random() < _PRESENT[off]]
        weights = [one.busy for one in present]
        books = {one.number: chance.sample(range(_BOOKS), chance.choice((2, 3))) for one in present}
        for number in range(day * size, (day + 1) * size):
            if chance.random() < _JOBS[off]:
                yield _recorded(number, _job(chance), chance)
            else:
                (person,) = chance.choices(present, weights)
                yield _recorded(number, person.asks(books[person.number], chance), chance)


class _Asked(NamedTuple):
    """Who asks which model, where and for what."""

    user: str
    group: str
    application: str
    purpose: str
    model: Model
    document: str | None = None


@dataclass(frozen=True, slots=True)
class _Person:
    """What somebody keeps to, the most used first, and how much they ask."""

    number: int
    busy: float
    models: tuple[Model, ...]
    applications: tuple[str, ...]
    purpose: str

    @classmethod
    def drawn(cls, number: int, chance: random.Random) -> _Person:
        return cls(
            number,
            busy=chance.lognormvariate(0, 1.0),
            models=tuple(chance.choices(_CHATS, _CHAT_WEIGHTS)[0] for _ in range(3)),
            applications=tuple(_application(chance) for _ in range(chance.choice((1, 2)))),
            purpose=chance.choice(_OWN_PURPOSES),
        )

    def asks(self, books: Sequence[int], chance: random.Random) -> _Asked:
        rare = chance.random() < _TAIL
        application = _application(chance) if rare else _mostly_first(self.applications, chance)
        model = chance.choice(_CHATS) if rare else _mostly_first(self.models, chance)
        if application == "search" and chance.random() < _SEARCHES:
            model = _EMBEDDING
        purpose = _PURPOSES.get(application) or (
            "unspecified" if chance.random() < _UNSAID else self.purpose
        )
        book = f"work/{self.number:03}/book-{chance.choice(books)}.ipynb"
        return _Asked(
            user=f"user-{self.number:03}",
            group=GROUPS[self.number % len(GROUPS)],
            application=application,
            purpose=purpose,
            model=model,
            document=book if application == "notebook" else None,
        )


def _job(chance: random.Random) -> _Asked:
    group = chance.choice(GROUPS)
    model = _mostly_first((MODELS[0], MODELS[7]), chance)
    return _Asked(f"{_JOB}-{group}", group, _JOB, "reporting", model)


def _application(chance: random.Random) -> str:
    (application,) = chance.choices(tuple(APPLICATIONS), tuple(APPLICATIONS.values()))
    return application


def _mostly_first(values: Sequence[T], chance: random.Random) -> T:
    """Three times of four the first, of the others likewise."""
    for value in values:
        if chance.random() < 0.75:
            return value
    return values[-1]


def _recorded(number: int, asked: _Asked, chance: random.Random) -> tuple[Intent, Completion]:
    model = asked.model
    began = datetime(2026, 1, 1, tzinfo=UTC)
    input, output = int(chance.lognormvariate(6.2, 1.0)) + 8, int(chance.lognormvariate(5.0, 0.9))
    outcome: Outcome = "answered"
    (outcome,) = chance.choices(("answered", "cached", "failed", "blocked"), (88, 9, 2.5, 0.5))
    ran = outcome == "answered"
    cost = (input * model.input_usd + output * model.output_usd).scaleb(-6)
    milliseconds = model.milliseconds * chance.lognormvariate(0, 0.5)
    in_notebook = asked.application == "notebook"
    intent = Intent(
        id=str(number),
        started_at=began,
        user=asked.user,
        via="kernel" if in_notebook else "key",
        application=asked.application,
        operation="embedding" if model is _EMBEDDING else "chat",
        requested_model="fast" if chance.random() < 0.4 else model.id,
        candidates=(model.id,),
        groups=(asked.group,),
        charged_group=asked.group,
        purpose=asked.purpose,
        document=asked.document,
        key_id=None if in_notebook else f"{asked.application}-key",
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
