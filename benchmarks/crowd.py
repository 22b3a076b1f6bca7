"""Many people at once, each with a key and connections of their own: who asks when, and what came.

Calls begin at moments that no answer delays (an open loop; times between them are exponential), and
every second one is a stream. One person more may be greedy: they try to begin calls as often as
they like, whatever becomes of them.
"""

from __future__ import annotations

import asyncio
import json
import random
from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from jupyter_mesh.config import key_hash

from .contestant import KEY, PROMPT
from .load import Connection, Target, Timings

GREEDY = "greedy"
BROKEN = 0
"""In place of a status: the connection broke, or the stream never said that it was whole."""
_MOST_IDLE = 4
"""Connections that a person keeps for their next calls, of each kind."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How much is asked.

    Attributes:
        seconds: For how long.
        users: How many people.
        rate: Calls a second, of all of them together.
        every: One of so many calls is a stream; 0: none is.
        chunks: Of a stream.
        gap_ms: Between two of them.
        greedy: Calls a second that one person more tries to make.
        seed: Of who asks when.
    """

    seconds: float
    users: int = 500
    rate: float = 50.0
    every: int = 2
    chunks: int = 50
    gap_ms: int = 20
    greedy: float = 0.0
    seed: int = 1

    @property
    def stream(self) -> str:
        """What the prompt of a stream tells the upstream."""
        return f"chunks={self.chunks} gap={self.gap_ms}"


@dataclass(slots=True)
class Seen:
    """What came back; times in seconds from when a call was due.

    Attributes:
        whole: Of calls that are answered whole.
        first: To the first content of streams.
        streams: To the end of streams.
        statuses: How often each status came; `BROKEN` counts too.
        greedy: The same for the greedy person.
    """

    whole: list[float] = field(default_factory=list[float])
    first: list[float] = field(default_factory=list[float])
    streams: list[float] = field(default_factory=list[float])
    statuses: Counter[int] = field(default_factory=Counter[int])
    greedy: Counter[int] = field(default_factory=Counter[int])


def key_of(user: str) -> str:
    """The API key that a person brings."""
    return f"{KEY}-{user}"


def names(users: int) -> list[str]:
    """Of all people but the greedy one."""
    return [f"user-{number:03}" for number in range(users)]


def keys(users: int) -> list[dict[str, object]]:
    """The `keys:` of a `mesh.yaml` for them, and for an admin who looks at the metrics."""
    everybody = [{"name": name, "user": name} for name in [*names(users), GREEDY]]
    admin = {"name": "admin", "user": "olga", "admin": True}
    return [
        {**one, "application": "crowd", "hash": key_hash(key_of(str(one["name"])))}
        for one in [*everybody, admin]
    ]


class Person:
    """One who asks; makes connections as needed, and keeps some.

    Args:
        name: Whose key is sent.
        port: Of what is asked.
        path: Of the chat completions there.
        stream: What the prompt of a stream tells the upstream.
    """

    def __init__(self, name: str, port: int, path: str, stream: str) -> None:
        headers = (("Authorization", f"Bearer {key_of(name)}"),)
        self._targets = [
            Target(port, path, headers, json.dumps(_body(name, more)).encode())
            for more in ("", stream)
        ]
        self._idle: list[deque[Connection]] = [deque(), deque()]

    async def ask(self, streamed: bool, timings: Timings) -> int:
        """One call; its status."""
        idle = self._idle[streamed]
        connection = idle.pop() if idle else Connection(self._targets[streamed])
        try:
            if not connection.is_open:
                await connection.open()
            status = await connection.ask(timings)
        except (OSError, asyncio.IncompleteReadError):
            connection.close()
            return BROKEN
        if len(idle) < _MOST_IDLE:
            idle.append(connection)
        else:
            connection.close()
        return status

    def leave(self) -> None:
        """Close the connections."""
        for idle in self._idle:
            while idle:
                idle.pop().close()


class Crowd:
    """All of them, in front of one address.

    Args:
        port: Of what is asked.
        path: Of the chat completions there.
        plan: How much is asked.
    """

    def __init__(self, port: int, path: str, plan: Plan) -> None:
        self._plan = plan
        self._people = [Person(name, port, path, plan.stream) for name in names(plan.users)]
        self._greedy = [Person(GREEDY, port, path, plan.stream)]

    async def ask(self) -> Seen:
        """What the plan says, once; returns when the last answer has come."""
        plan, seen = self._plan, Seen()
        async with asyncio.TaskGroup() as group:
            chance = random.Random(plan.seed)
            group.create_task(self._arrive(self._people, plan.rate, chance, seen, seen.statuses))
            if plan.greedy:
                aside, chance = Seen(), random.Random(plan.seed + 1)
                group.create_task(
                    self._arrive(self._greedy, plan.greedy, chance, aside, seen.greedy)
                )
        return seen

    def leave(self) -> None:
        """Close every connection."""
        for person in [*self._people, *self._greedy]:
            person.leave()

    async def _arrive(
        self,
        people: Sequence[Person],
        rate: float,
        chance: random.Random,
        seen: Seen,
        statuses: Counter[int],
    ) -> None:
        loop = asyncio.get_running_loop()
        due = loop.time()
        end = due + self._plan.seconds
        async with asyncio.TaskGroup() as group:
            number = 0
            while (due := due + chance.expovariate(rate)) < end:
                number += 1
                await asyncio.sleep(max(0.0, due - loop.time()))
                streamed = self._plan.every > 0 and number % self._plan.every == 0
                call = self._call(chance.choice(people), streamed, due, seen, statuses)
                group.create_task(call)

    async def _call(
        self, person: Person, streamed: bool, due: float, seen: Seen, statuses: Counter[int]
    ) -> None:
        timings, late = Timings(), asyncio.get_running_loop().time() - due
        status = await person.ask(streamed, timings)
        statuses[status] += 1
        if status == 200:
            (seen.streams if streamed else seen.whole).append(late + timings.total[0])
            seen.first += [late + first for first in timings.first]


def _body(user: str, stream: str) -> dict[str, object]:
    prompt = f"I am {user}. {PROMPT}{stream}"
    body = {"model": "up/m", "messages": [{"role": "user", "content": prompt}]}
    return {**body, "stream": True} if stream else body
