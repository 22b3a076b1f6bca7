"""OpenAI's API, and every server that speaks it: what comes in that shape passes through unchanged.

Wire format: OpenAI API reference (chat completions, completions, embeddings, models); `rerank` and
`classify` as vLLM serves them.
"""

from __future__ import annotations

import logging
from asyncio import get_running_loop, to_thread
from collections.abc import Mapping
from dataclasses import replace
from typing import ClassVar

from .. import __version__
from ..errors import ConfigError, MeshError, ProviderProtocolError, ProviderRejected
from ..schemas.catalog import ModelFacts
from ..schemas.events import Answer, Events, Finished, FinishReason, Metered
from ..schemas.json import JsonObject, as_int, as_list, as_object, as_str, dig
from ..schemas.request import Operation
from ..spi.provider import Attempt, Provider, ProviderConfig, ProviderContext
from .faults import Faults
from .http import Deadline, Limits, Reply, Upstream, refuse_compressed
from .model_hints import capabilities_of, operations_of
from .openai_answer import encode, parse_reply, usage_of
from .openai_config import SECRET_REFERENCES, OpenAIConfig
from .openai_stream import StreamReading, finish_reason_of
from .scrub import scrub
from .sse import EventParser, EventTooLong, ServerSentEvent
from .wire import Response

_log = logging.getLogger("jupyter_mesh")
_LIST_SECONDS = 10.0
_STREAMED = frozenset({Operation.CHAT, Operation.COMPLETION})
_PATHS = {
    Operation.CHAT: "chat/completions",
    Operation.COMPLETION: "completions",
    Operation.EMBEDDING: "embeddings",
    Operation.RERANK: "rerank",
    Operation.CLASSIFY: "classify",
}
_RESULT_FIELDS = {
    Operation.CHAT: "choices",
    Operation.COMPLETION: "choices",
    Operation.EMBEDDING: "data",
    Operation.RERANK: "results",
    Operation.CLASSIFY: "data",
}


class OpenAICompatible(Provider):
    """OpenAI, or any server that speaks its API at the base URL that you give."""

    Config: type[ProviderConfig] = OpenAIConfig
    name: ClassVar[str] = "openai"

    def __init__(self, config: ProviderConfig, context: ProviderContext) -> None:
        super().__init__(config, context)
        assert isinstance(config, OpenAIConfig)
        self._settings = config
        limits = Limits(
            connect_timeout=config.connect_timeout,
            max_connections=config.max_connections,
            max_answer_bytes=config.max_answer_bytes,
        )
        self._upstream = Upstream(
            config.base_url, limits, verify=config.tls_verify, ca_file=config.ca_file
        )

    @property
    def price_lookup(self) -> tuple[str, str | None]:
        """(provider, base URL) as `Prices.price` takes them: an id the admin chose needs no URL."""
        if self._settings.price_provider is not None:
            return self._settings.price_provider, None
        return self.name, self._settings.base_url

    def stream(self, attempt: Attempt) -> Events:
        faults = self._faults(attempt)
        if attempt.stream and attempt.request.operation in _STREAMED:
            return self._streamed(attempt, faults)
        return self._whole(attempt, faults)

    async def models(self) -> list[ModelFacts]:
        try:
            await to_thread(self._headers)  # reading secrets takes its time only once
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
        faults = replace(self._faults(None), listing=True)
        reply = await self._upstream.exchange(
            "GET",
            "models",
            body=None,
            headers=self._headers(),
            deadline=Deadline.within(within),
            faults=faults,
        )
        value = parse_reply(reply, faults)
        items = as_list(value) or as_list(dig(value, "data"))
        if items is None:
            raise faults.protocol("did not answer with a list of models")
        listed = (as_object(item) or {} for item in items)
        return [
            self._listed_facts(name, item)
            for item in listed
            if (name := as_str(item.get("id"))) and operations_of(name)
        ]

    def facts(self, name: str) -> ModelFacts:
        return ModelFacts(
            id=f"{self.context.connection}/{name}",
            connection=self.context.connection,
            name=name,
            provider=self.name,
            operations=operations_of(name) or frozenset({Operation.CHAT}),
            capabilities=capabilities_of(name),
        )

    async def aclose(self) -> None:
        await self._upstream.aclose()

    async def _whole(self, attempt: Attempt, faults: Faults) -> Events:
        operation = attempt.request.operation
        reply = await self._upstream.exchange(
            "POST",
            self._path(operation),
            body=encode(_whole_body(attempt)),
            headers=self._headers(attempt),
            deadline=Deadline.within(attempt.timeout),
            faults=faults,
        )
        data = as_object(parse_reply(reply, faults))
        if data is None or as_list(data.get(_RESULT_FIELDS[operation])) is None:
            raise faults.once(reply.status).protocol(
                f"sent an answer without {_RESULT_FIELDS[operation]!r}"
            )
        yield Answer(data, reply.body)
        yield Metered(usage_of(data, attempt), model=attempt.model)
        yield Finished(_reason_of(data))

    async def _streamed(self, attempt: Attempt, faults: Faults) -> Events:
        loop = get_running_loop()
        deadline = Deadline(loop.time() + attempt.timeout, attempt.timeout)
        response = await self._upstream.open(
            self._path(attempt.request.operation),
            body=encode(_stream_body(attempt)),
            headers=self._headers(attempt),
            deadline=deadline,
            faults=faults,
        )
        complete = False
        try:
            await self._check_stream(response, deadline, faults)
            faults = faults.once(response.status)
            reading = StreamReading(attempt.request, attempt.model, faults)
            parser = EventParser()
            while not reading.done:
                piece = await self._next_piece(response, deadline, reading, faults)
                events = _events(parser, piece, faults)
                for event in events:
                    if (chunk := reading.read(event)) is None:
                        break
                    yield chunk
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

    async def _next_piece(
        self, response: Response, deadline: Deadline, reading: StreamReading, faults: Faults
    ) -> bytes:
        """What arrives next; empty at the end, which may be a break after a complete answer."""
        try:
            return await self._upstream.read_some(response, deadline, faults)
        except ProviderProtocolError:
            if reading.complete:
                return b""
            raise

    async def _check_stream(self, response: Response, deadline: Deadline, faults: Faults) -> None:
        """Refuse an answer that is not a stream of events.

        Raises:
            ProviderError: The leaf that fits.
        """
        kind = response.content_type
        if response.status == 200 and kind == "text/event-stream":
            return refuse_compressed(response, faults.once(200))
        body = await self._upstream.read_whole(response, deadline, faults)
        parse_reply(Reply(response.status, response.headers, body), faults)
        raise faults.once(response.status).protocol(f"was asked for a stream and sent {kind}")

    def _listed_facts(self, name: str, item: Mapping[str, object]) -> ModelFacts:
        window = as_int(item.get("max_model_len")) or as_int(item.get("context_length"))
        return replace(self.facts(name), context_window=window)

    def _path(self, operation: Operation) -> str:
        path = _PATHS.get(operation)
        if path is None:
            raise ProviderRejected(
                f"The connection {self.context.connection!r} cannot do {operation}; "
                f"it does {', '.join(_PATHS)}.",
                status=400,
            )
        if operation is Operation.CLASSIFY:  # vLLM serves it beside /v1, not under it
            return f"{self._settings.base_url.removesuffix('/v1')}/{path}"
        return path

    def _headers(self, attempt: Attempt | None = None) -> dict[str, str]:
        headers = {
            "Content-Type": "application/json",
            "Accept-Encoding": "identity",
            "User-Agent": f"jupyter-mesh/{__version__}",
        }
        if attempt is not None:
            headers["X-Client-Request-Id"] = attempt.call_id
            if attempt.traceparent is not None:
                headers["traceparent"] = attempt.traceparent
        if self._settings.organization is not None:
            headers["OpenAI-Organization"] = self._settings.organization
        if self._settings.api_key is not None:
            headers["Authorization"] = f"Bearer {self._secret(self._settings.api_key)}"
        for name, value in self._settings.headers.items():
            headers[name] = self._secret(value) if value.startswith(SECRET_REFERENCES) else value
        return headers

    def _secret(self, reference: str) -> str:
        value = self.context.secrets.resolve(reference).strip()
        if not value.isprintable() or not value.isascii():
            raise ConfigError(
                f"The secret {reference} holds characters that no key has; store it again."
            )
        return value

    def _faults(self, attempt: Attempt | None) -> Faults:
        def clean(text: str) -> str:
            request = attempt.request if attempt is not None else None
            # The name of a parameter is what a refusal is about.
            prompts = [one for one in request.texts() if one not in request.body] if request else ()
            return scrub(text, self.context.secrets.known_values(), prompts)

        return Faults(f"The connection {self.context.connection!r}", clean)


def _whole_body(attempt: Attempt) -> JsonObject:
    body: JsonObject = {**attempt.request.body, "model": attempt.model}
    if body.pop("stream", None):
        body.pop("stream_options", None)
    return body


def _stream_body(attempt: Attempt) -> JsonObject:
    options = as_object(attempt.request.body.get("stream_options")) or {}
    return {
        **attempt.request.body,
        "model": attempt.model,
        "stream": True,
        "stream_options": {**options, "include_usage": True},
    }


def _reason_of(data: JsonObject) -> FinishReason:
    choices = as_list(data.get("choices"))
    first = as_object(choices[0]) if choices else None
    return finish_reason_of(as_str(first.get("finish_reason")) if first else None)


def _events(parser: EventParser, piece: bytes, faults: Faults) -> list[ServerSentEvent]:
    """The events that `piece` completes; at the end of the stream, what was left unfinished."""
    try:
        return parser.feed(piece) if piece else parser.flush()
    except EventTooLong:
        raise faults.protocol("sent an event that is too long") from None
