"""AWS Bedrock: the models of many vendors in one API."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterable, Mapping
from contextlib import aclosing
from dataclasses import replace
from typing import ClassVar

from ..schemas.catalog import ModelFacts
from ..schemas.events import Answer, Event, Events, Metered, Notice
from ..schemas.json import Json, JsonObject, as_list, dig
from ..schemas.request import Operation
from ..schemas.spend import Usage
from ..spi.provider import Attempt, ProviderConfig
from .authorization import Authorization, KeyHeader
from .aws_credentials import AwsAuthorization
from .bedrock_config import BedrockConfig
from .bedrock_faults import BedrockFaults
from .bedrock_format import BedrockFormat, models_url, profiles_url
from .bedrock_invoke import TOKENS_HEADER, TOKENS_READ, inputs_of, texts_at_once
from .bedrock_models import bedrock_capabilities, plain_name
from .converted import embedding_answer
from .faults import Faults
from .http import Reply
from .model_hints import operations_of
from .remote import RemoteProvider
from .wire_format import WireFormat

_AT_ONCE = 8
"""Calls under way for one request to embed many texts, with a model that takes one at a time."""


class Bedrock(RemoteProvider):
    """AWS Bedrock, by Converse and InvokeModel; signed, or with a Bedrock API key."""

    Config: type[ProviderConfig] = BedrockConfig
    name: ClassVar[str] = "bedrock"
    label: ClassVar[str] = "AWS Bedrock"
    faults_type: ClassVar[type[Faults]] = BedrockFaults

    @property
    def _config(self) -> BedrockConfig:
        assert isinstance(self.settings, BedrockConfig)
        return self.settings

    @property
    def price_lookup(self) -> tuple[str, str | None]:
        return self.settings.price_provider or "aws", None

    def make_format(self) -> WireFormat:
        return BedrockFormat(self._who, self._config, self.facts)

    def make_authorization(self) -> Authorization:
        if self.settings.api_key is not None:
            return KeyHeader(self.context.secrets, self.settings.api_key)
        return AwsAuthorization(self._config, self.context.secrets, self._who)

    def vendor_headers(self) -> Mapping[str, str]:
        return {"Accept": "*/*"}

    def list_paths(self) -> tuple[str, ...]:
        return models_url(self._config), profiles_url(self._config)

    def describe(self, listed: ModelFacts) -> ModelFacts:
        return listed

    def facts(self, name: str) -> ModelFacts:
        return ModelFacts(
            id=f"{self.context.connection}/{name}",
            connection=self.context.connection,
            name=name,
            provider=self.name,
            operations=operations_of(plain_name(name)) or frozenset({Operation.CHAT}),
            capabilities=bedrock_capabilities(name),
        )

    def stream(self, attempt: Attempt) -> Events:
        if attempt.request.operation is Operation.EMBEDDING:
            return self._embedded(attempt)
        return super().stream(attempt)

    async def _embedded(self, attempt: Attempt) -> Events:
        """Embed texts, in as many calls as the model needs for them."""
        texts, size = inputs_of(attempt.request.body), texts_at_once(attempt.model)
        parts = [texts[at : at + size] for at in range(0, len(texts), size)]
        turns = asyncio.Semaphore(_AT_ONCE)

        async def ask(part: list[str]) -> list[Event]:
            body: JsonObject = {**attempt.request.body, "input": [*part]}
            one = replace(attempt, request=replace(attempt.request, body=body))
            async with turns, aclosing(self._whole(one)) as events:
                return [event async for event in events]

        answers = [await ask(texts)] if len(parts) == 1 else await _all(map(ask, parts))
        for event in answers[0]:
            if isinstance(event, Notice):
                yield event
        events = [event for events in answers for event in events]
        rows: list[Json] = []
        usage = Usage()
        for event in events:
            if isinstance(event, Answer):
                rows += as_list(event.data.get("data")) or []
            elif isinstance(event, Metered):
                usage += event.usage
        whole = embedding_answer(attempt, [dig(row, "embedding") for row in rows], usage)
        yield whole.answer
        yield Metered(whole.usage, model=attempt.model)
        yield whole.finished

    def _judged(self, reply: Reply, faults: Faults) -> Json:
        value = super()._judged(reply, faults)
        if isinstance(value, dict) and "message" in value and len(value) <= 2:
            raise faults.once(reply.status).from_error(value)
        tokens = reply.headers.get(TOKENS_HEADER, "")
        if isinstance(value, dict) and tokens.isdecimal():
            value.setdefault(TOKENS_READ, int(tokens))
        return value

    @property
    def _who(self) -> str:
        return f"The connection {self.context.connection!r}"


async def _all(asking: Iterable[Coroutine[None, None, list[Event]]]) -> list[list[Event]]:
    """Every answer, in order; where one fails, the others are given up."""
    tasks = [asyncio.ensure_future(one) for one in asking]
    try:
        return await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
