"""A connection to a model API over HTTP: all that is the same whatever the vendor's format is."""

from __future__ import annotations

import logging
from abc import abstractmethod
from asyncio import get_running_loop
from collections.abc import Mapping
from dataclasses import replace
from typing import ClassVar

from ..errors import MeshError, ProviderProtocolError, ProviderRejected
from ..outbound.authorization import Authorization, KeyHeader, NoAuthorization
from ..outbound.faults import Faults
from ..outbound.http import Deadline, Limits, Reply, Upstream, refuse_compressed
from ..outbound.json_replies import encode, parse_reply
from ..outbound.request_headers import RequestHeaders
from ..outbound.scrub import scrub
from ..outbound.wire import Response
from ..schemas.catalog import ModelFacts
from ..schemas.events import Events, Metered
from ..schemas.json import Json, as_object
from ..spi.provider import Attempt, Provider, ProviderConfig, ProviderContext
from .remote_config import RemoteConfig
from .sse import ServerSentEvent
from .wire_format import Outgoing, Parser, Reading, WireFormat

_log = logging.getLogger("jupyter_mesh")
_ASKED_WRONGLY = frozenset({400, 405, 415, 422})
"""Statuses of one who was let in."""
_LIST_SECONDS = 10.0
_REFUSED = frozenset({401, 403})


class RemoteProvider(Provider):
    """Base of the providers that ask over HTTP. A vendor's own file says what its format is, how
    one shows who asks, and where its models are listed.
    """

    Config: type[ProviderConfig] = RemoteConfig
    address_hint: ClassVar[str] = ""
    """What is known of right base URLs, as the end of a sentence."""
    address_settings: ClassVar[str] = "the host and port of its base URL"
    """Which settings say where the API is."""
    list_path: ClassVar[str | None] = "models"
    """Where the models are listed; None: this API lists none."""
    knock_path: ClassVar[str | None] = None
    """Where a key is tried instead, with a request that asks for nothing; None: nowhere."""
    faults_type: ClassVar[type[Faults]] = Faults
    """Names the vendor's failures."""

    def __init__(self, config: ProviderConfig, context: ProviderContext) -> None:
        super().__init__(config, context)
        assert isinstance(config, RemoteConfig)
        self.settings = config
        limits = Limits(
            connect_timeout=config.connect_timeout,
            max_connections=config.max_connections,
            max_answer_bytes=config.max_answer_bytes,
        )
        self._upstream = Upstream(
            config.base_url, limits, verify=config.tls_verify, ca_file=config.ca_file
        )
        self.format = self.make_format()
        self.authorization = self.make_authorization()
        self._headers = RequestHeaders(
            config, context.secrets, self.authorization, self.vendor_headers()
        )

    @abstractmethod
    def make_format(self) -> WireFormat:
        """The vendor's format, for this connection."""

    def make_authorization(self) -> Authorization:
        """Who asks: by default a bearer token, where one is configured."""
        if self.settings.api_key is None:
            return NoAuthorization()
        return KeyHeader(self.context.secrets, self.settings.api_key)

    def vendor_headers(self) -> Mapping[str, str]:
        """Headers that every request to this vendor has, such as the version of its API."""
        return {}

    @property
    def price_lookup(self) -> tuple[str, str | None]:
        """(provider, base URL) as `Prices.price` takes them: an id the admin chose needs no URL."""
        if self.settings.price_provider is not None:
            return self.settings.price_provider, None
        return self.name, self.settings.base_url

    def stream(self, attempt: Attempt) -> Events:
        if attempt.stream and attempt.request.operation in self.format.streamed:
            return self._streamed(attempt)
        return self._whole(attempt)

    async def models(self) -> list[ModelFacts]:
        try:
            await self._prepare(Deadline.within(_LIST_SECONDS))
        except MeshError as error:  # it may be there by the first call, which fails otherwise
            _log.warning("%s: %s", self.context.connection, error.message)
        if self.context.models:
            return await super().models()
        return await self.probe()

    async def probe(self, within: float = _LIST_SECONDS) -> list[ModelFacts]:
        """What the server itself lists: also a check that address and key are right.

        Raises:
            ProviderError: It does not answer, or not with a list of models.
        """
        deadline = Deadline.within(within)
        await self._prepare(deadline)
        paths = self.list_paths()
        if not paths:
            if self.knock_path is not None:
                await self._knock(self.knock_path, deadline)
            return [self.facts(name) for name in self.context.models]
        return [self.describe(one) for path in paths for one in await self._listed(path, deadline)]

    def list_paths(self) -> tuple[str, ...]:
        """Where the models are listed, after the base URL, or whole URLs."""
        return () if self.list_path is None else (self.list_path,)

    async def _listed(self, url: str, deadline: Deadline) -> list[ModelFacts]:
        faults = replace(self._faults(None), listing=True)
        found: list[ModelFacts] = []
        path: str | None = url
        while path is not None:
            value = await self._page(path, deadline, faults)
            facts = self.format.listed(value) if isinstance(value, (dict, list)) else None
            if facts is None:
                raise faults.protocol("did not answer with a list of models")
            found += facts
            path = self.format.next_page(value)  # also of a page with no model for us on it
        return found

    async def _knock(self, path: str, deadline: Deadline) -> None:
        """Send what no model can answer: who is not let in hears so, and nothing is charged."""
        faults, nothing = replace(self._faults(None), listing=True), b"{}"
        headers = await self._headers.of(path, nothing, deadline, faults)
        reply = await self._upstream.exchange(
            "POST", path, body=nothing, headers=headers, deadline=deadline, faults=faults
        )
        if reply.status not in _ASKED_WRONGLY:
            self._judged(reply, faults)

    async def page(self, path: str, within: float) -> Json:
        """The JSON that the vendor shows at a path.

        Raises:
            ProviderError: It does not answer, or refuses.
        """
        faults = replace(self._faults(None), listing=True)
        return await self._page(path, Deadline.within(within), faults)

    async def _page(self, path: str, deadline: Deadline, faults: Faults) -> Json:
        headers = await self._headers.of(path, b"", deadline, faults, method="GET")
        reply = await self._upstream.exchange(
            "GET", path, body=None, headers=headers, deadline=deadline, faults=faults
        )
        return self._judged(reply, faults)

    def describe(self, listed: ModelFacts) -> ModelFacts:
        """What the vendor's list says of a model, with what is known of it besides."""
        known = self.facts(listed.name)
        return replace(
            known,
            context_window=listed.context_window or known.context_window,
            max_output=listed.max_output or known.max_output,
        )

    async def aclose(self) -> None:
        await self._upstream.aclose()

    async def _whole(self, attempt: Attempt) -> Events:
        faults = self._faults(attempt)
        deadline = Deadline.within(attempt.timeout)
        outgoing = self.format.outgoing(attempt)
        body = encode(outgoing.body)
        headers = await self._headers.of(
            outgoing.path, body, deadline, faults, attempt=attempt, more=outgoing.headers
        )
        reply = await self._upstream.exchange(
            "POST", outgoing.path, body=body, headers=headers, deadline=deadline, faults=faults
        )
        data = as_object(self._judged(reply, faults))
        if data is None:
            raise faults.once(reply.status).protocol("sent an answer that is no JSON object")
        whole = self.format.whole(data, reply.body, attempt, faults.once(reply.status))
        if outgoing.dropped:
            yield outgoing.notice(self.context.connection)
        yield whole.answer
        yield Metered(whole.usage, model=attempt.model)
        yield whole.finished

    async def _streamed(self, attempt: Attempt) -> Events:
        faults = self._faults(attempt)
        loop = get_running_loop()
        deadline = Deadline(loop.time() + attempt.timeout, attempt.timeout)
        outgoing = self.format.outgoing(attempt)
        response = await self._opened(outgoing, attempt, deadline, faults)
        complete = False
        try:
            faults = faults.once(response.status)
            reading = self.format.reading(attempt, faults)
            parser = self.format.parser()
            untold = bool(outgoing.dropped)
            while not reading.done:
                piece = await self._next_piece(response, deadline, reading, faults)
                events = _events(parser, piece, faults)
                for event in events:
                    for chunk in reading.read(event):
                        if untold:
                            untold = False
                            yield outgoing.notice(self.context.connection)
                        yield chunk
                    if reading.done:
                        break
                    if (count := reading.slice()) is not None:
                        yield count
                if not piece:
                    break
                if events:
                    deadline = Deadline(loop.time() + attempt.idle_timeout, attempt.idle_timeout)
            metered, finished = reading.end()
            complete = True
        finally:
            if complete:
                self._upstream.release(response)
            else:
                response.close()
        yield metered
        yield finished

    async def _opened(
        self, outgoing: Outgoing, attempt: Attempt, deadline: Deadline, faults: Faults
    ) -> Response:
        """An answer that is a stream of events.

        Raises:
            ProviderError: The leaf that fits.
        """
        path, body = outgoing.path, encode(outgoing.body)
        headers = await self._headers.of(
            path, body, deadline, faults, attempt=attempt, more=outgoing.headers
        )
        response = await self._upstream.open(
            path, body=body, headers=headers, deadline=deadline, faults=faults
        )
        if response.status == 200 and response.content_type == self.format.stream_type:
            refuse_compressed(response, faults.once(200))
            return response
        try:
            whole = await self._upstream.read_whole(response, deadline, faults)
        finally:
            response.close()
        self._judged(Reply(response.status, response.headers, whole, asked=headers), faults)
        raise faults.once(response.status).protocol(
            f"was asked for a stream and sent {response.content_type}"
        )

    async def _next_piece(
        self, response: Response, deadline: Deadline, reading: Reading, faults: Faults
    ) -> bytes:
        """What arrives next; empty at the end, which may be a break after a complete answer."""
        try:
            return await self._upstream.read_some(response, deadline, faults)
        except ProviderProtocolError:
            if reading.complete:
                return b""
            raise

    def _judged(self, reply: Reply, faults: Faults) -> Json:
        try:
            return parse_reply(reply, faults)
        except ProviderRejected as error:
            if error.status in _REFUSED:
                self.authorization.forget(reply.asked)
            raise

    async def _prepare(self, deadline: Deadline) -> None:
        await self._headers.prepare(deadline, self._faults(None))

    def _faults(self, attempt: Attempt | None) -> Faults:
        def clean(text: str) -> str:
            request = attempt.request if attempt is not None else None
            # The name of a parameter is what a refusal is about.
            prompts = [one for one in request.texts() if one not in request.body] if request else ()
            known = [*self.context.secrets.known_values(), *self.authorization.known_values()]
            return scrub(text, known, prompts)

        who = f"The connection {self.context.connection!r}"
        return self.faults_type(
            who, clean, address=self.address_hint, settings=self.address_settings
        )


def _events(parser: Parser, piece: bytes, faults: Faults) -> list[ServerSentEvent]:
    """The events that `piece` completes; at the end of the stream, what was left unfinished."""
    try:
        return parser.feed(piece) if piece else parser.flush()
    except ValueError as error:
        raise faults.protocol(f"sent {error}") from None
