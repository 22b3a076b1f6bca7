"""One service that looks through texts: its connections, who asks, what becomes of its failures."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from time import monotonic
from typing import TypeVar

from ..errors import (
    ConfigError,
    MeshError,
    ProviderError,
    ProviderRateLimited,
    ProviderRejected,
    ProviderTimeout,
    ProviderUnavailable,
)
from ..outbound.authorization import Authorization
from ..outbound.circuit import TRIP_AFTER, Circuit
from ..outbound.faults import Faults
from ..outbound.http import Deadline, Limits, Reply, Upstream
from ..outbound.json_replies import encode, parse_reply
from ..outbound.request_headers import RequestHeaders
from ..outbound.scrub import scrub
from ..schemas.frozen import frozen
from ..schemas.json import Json, JsonObject
from ..spi.guard import GuardTools
from ..spi.happenings import Happening
from .call_turns import CallTurns
from .remote_config import RemoteGuardConfig

Value = TypeVar("Value")

_log = logging.getLogger("jupyter_mesh")
_OF_THE_CONFIGURATION = frozenset({401, 403, 404, 405})
"""Refusals that no text has caused: every call will meet them."""


@frozen
class Question:
    """What to ask.

    Attributes:
        path: After the base URL.
        body: JSON.
        texts: Those in it, so that no message quotes them.
    """

    path: str
    body: JsonObject
    texts: Sequence[str]


class RemoteService:
    """Asks one service, on behalf of one guard. For one event loop.

    It asks once: a failure refuses the call, quickly. After five calls in a row nothing is asked
    for fifteen seconds. Each failure is told to whoever listens, and so is that it works again.
    Calls take turns, and one that has more text than can be looked through in its time says nothing
    of the service.

    Args:
        name: Of the guard.
        settings: Of the guard.
        tools: What the mesh lends to the guard.
        authorization: Shows who asks.
        faults: Names failures as this service says them.
    """

    def __init__(
        self,
        name: str,
        settings: RemoteGuardConfig,
        tools: GuardTools,
        authorization: Authorization,
        faults: type[Faults],
    ) -> None:
        self._name = name
        self._settings = settings
        self._tools = tools
        self._authorization = authorization
        self._faults_type = faults
        limits = Limits(
            connect_timeout=settings.connect_timeout,
            max_connections=settings.parallel,
            max_answer_bytes=settings.max_answer_bytes,
        )
        self._upstream = Upstream(
            settings.base_url, limits, verify=settings.tls_verify, ca_file=settings.ca_file
        )
        self._headers = RequestHeaders(settings, tools.secrets, authorization, {})
        self._turns = CallTurns(settings.parallel)
        self._counted = deque[Deadline](maxlen=settings.parallel)
        """Of the calls that failed last: of each, one failure counts."""
        self._circuit = Circuit()
        self._is_ready = False
        self._fails = False

    def deadline(self) -> Deadline:
        """When the answers to what is asked for one call from now on are too late."""
        return Deadline.within(self._settings.timeout)

    def _faults(self, texts: Sequence[str]) -> Faults:
        """Names failures, without keys and without passages of `texts`."""

        def clean(said: str) -> str:
            known = [*self._tools.secrets.known_values(), *self._authorization.known_values()]
            return scrub(said, known, texts)

        return self._faults_type(f"The guard {self._name!r}", clean)

    async def ask(
        self, question: Question, read: Callable[[Json], Value], deadline: Deadline
    ) -> Value:
        """What `read` makes of its answer.

        Args:
            question: What to ask.
            read: Raises ValueError, saying what was sent instead, where the answer is not what it
                should be: as in "sent no list of findings".
            deadline: When it is too late; one for each call.

        Raises:
            ProviderError: It does not answer as it should, or not in time; or it has failed so
                often that it is not asked now.
            ConfigError: Its key is not there.
            InvalidRequest: A text is not valid Unicode.
        """
        faults, body = self._faults(question.texts), encode(question.body)
        try:
            async with self._turns.turn(deadline, deadline.at):
                return await self._once(question, body, read, deadline, faults)
        except TimeoutError:
            raise faults.timeout(deadline.allowed, "answer") from None

    async def aclose(self) -> None:
        """Close every connection."""
        await self._upstream.aclose()

    async def _once(
        self,
        question: Question,
        body: bytes,
        read: Callable[[Json], Value],
        deadline: Deadline,
        faults: Faults,
    ) -> Value:
        circuit = self._circuit
        if not circuit.allows(monotonic()):
            raise ProviderUnavailable(
                f"{faults.who} failed {TRIP_AFTER} times in a row, so it is not asked for a moment."
            )
        began = asyncio.get_running_loop().time()
        try:
            value = _understood(await self._asked(question, body, deadline, faults), read, faults)
        except MeshError as error:
            if isinstance(error, ProviderTimeout) and _had_little_time(began, deadline):
                circuit.abandon()  # the call's other texts took the time
            else:
                self._failed(error, deadline)
            raise
        except BaseException:  # the caller has left
            circuit.abandon()
            raise
        circuit.record(True, monotonic())
        self._works()
        return value

    async def _asked(
        self, question: Question, body: bytes, deadline: Deadline, faults: Faults
    ) -> Json:
        if not self._is_ready:
            await self._headers.prepare(deadline, faults)
            self._is_ready = True
        headers = await self._headers.of(question.path, body, deadline, faults)
        reply = await self._exchanged(question.path, body, headers, deadline, faults)
        try:
            return parse_reply(reply, faults)
        except ProviderRejected as error:
            if error.status in (401, 403):
                self._authorization.forget(reply.asked)
            raise

    async def _exchanged(
        self, path: str, body: bytes, headers: Mapping[str, str], deadline: Deadline, faults: Faults
    ) -> Reply:
        """Sent once more where no answer began: the service may just have closed a connection that
        was kept, and looking through a text twice does no harm.
        """
        exchange = partial(
            self._upstream.exchange,
            "POST",
            path,
            body=body,
            headers=headers,
            deadline=deadline,
            faults=faults,
        )
        try:
            return await exchange()
        except ProviderUnavailable as error:
            if error.processed:
                raise
        return await exchange()

    def _failed(self, error: MeshError, deadline: Deadline) -> None:
        if isinstance(error, ProviderRateLimited):
            self._circuit.throttled()
        elif not _is_its_own(error):
            self._circuit.record(True, monotonic())
        elif deadline in self._counted:
            self._circuit.abandon()
            return
        else:
            self._counted.append(deadline)
            self._circuit.record(False, monotonic())
        self._fails = True
        _log.warning("%s", error.message)
        self._tools.happenings.publish(
            Happening(
                kind="guard_failing",
                subject=self._name,
                message=error.message,
                details={"guard": self._name},
            )
        )

    def _works(self) -> None:
        if self._fails:
            self._fails = False
            said = f"The guard {self._name!r} works again."
            self._tools.happenings.publish(
                Happening(kind="guard_working", subject=self._name, message=said)
            )


def _had_little_time(began: float, deadline: Deadline) -> bool:
    """Whether a question ran into its deadline with less than half of its call's time."""
    is_over = asyncio.get_running_loop().time() >= deadline.at
    return is_over and deadline.at - began < deadline.allowed / 2


def _is_its_own(error: MeshError) -> bool:
    """Whether it says something of the service, rather than of the text it was shown."""
    if isinstance(error, ProviderRejected):
        return error.status in _OF_THE_CONFIGURATION
    return isinstance(error, ProviderError | ConfigError)


def _understood(answer: Json, read: Callable[[Json], Value], faults: Faults) -> Value:
    try:
        return read(answer)
    except ValueError as error:  # of other makers it may quote the text
        what = str(error) if type(error) is ValueError else "sent what cannot be read"
        raise replace(faults, answering=True).protocol(faults.scrub(what)) from None
