"""The client for asyncio."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from contextlib import aclosing
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..schemas.json import Json, JsonObject
from .answer import Answer
from .api import Api
from .call import ChatCall, Prompt, messages_of
from .caller import call_finished, current_notebook
from .chat import AsyncAnswerStream, ask
from .draft import Draft
from .endpoint import Endpoint
from .errors import MeshClientError
from .structured import Shape
from .threads import Exchange, Threads
from .transport import Transport

if TYPE_CHECKING:
    from openai import AsyncOpenAI

    from .plan import Plan

_DEFAULT_MODEL_SECONDS = 30.0
_RECALLED_EXCHANGES = 20


class AsyncMesh:
    """One gateway, for code that awaits. Every method raises `MeshClientError` when a call fails.

    Attributes:
        api: The mesh's own API: models, costs, budgets, calls, offers, dry runs.
        threads: Conversations this client remembers.
        own_document: The document given for this client, None: whichever notebook is running.
        purpose: What its calls are for, None: the running notebook's.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        *,
        document: str | None = None,
        purpose: str | None = None,
        threads: Threads | None = None,
    ) -> None:
        self.endpoint = endpoint
        self.transport = Transport(endpoint)
        self.api = Api(self.transport)
        self.threads = threads or Threads()
        self.own_document = document
        self.purpose = purpose
        self._default_model: tuple[str | None, float] = (None, 0.0)

    async def ask(
        self,
        prompt: Prompt,
        *,
        model: str | None = None,
        system: str | None = None,
        schema: object = None,
        images: Iterable[object] = (),
        thread: str | None = None,
        max_cost: Decimal | float | str | None = None,
        purpose: str | None = None,
        tags: Mapping[str, Json] | None = None,
        cache: bool = True,
        **parameters: Json,
    ) -> Answer:
        """The whole answer to one prompt: see `Mesh.ask`."""
        call = await self.prepare(
            prompt, model=model, system=system, images=images, thread=thread,
            max_cost=max_cost, purpose=purpose, tags=tags, cache=cache, **parameters,
        )  # fmt: skip
        shape = None if schema is None else Shape(schema)
        if shape is not None:
            call = call.with_parameters(response_format=shape.response_format)
        draft = Draft(call.model, format="markdown" if shape is None else "json")
        try:
            answer = await ask(self.transport, call, draft, shape)
        finally:
            call_finished()
        if thread is not None:
            exchange = Exchange(call.messages[-1:], answer.text)
            self.threads.remember(self.document, thread, exchange)
        return answer

    async def stream(
        self,
        prompt: Prompt,
        *,
        model: str | None = None,
        system: str | None = None,
        images: Iterable[object] = (),
        max_cost: Decimal | float | str | None = None,
        purpose: str | None = None,
        tags: Mapping[str, Json] | None = None,
        cache: bool = True,
        **parameters: Json,
    ) -> AsyncAnswerStream:
        """The answer's text as it arrives: see `Mesh.stream`."""
        call = await self.prepare(
            prompt, model=model, system=system, images=images, thread=None,
            max_cost=max_cost, purpose=purpose, tags=tags, cache=cache, **parameters,
        )  # fmt: skip
        return AsyncAnswerStream(self.transport, call, Draft(call.model))

    async def map(
        self,
        data: Any,
        template: str,
        *,
        schema: object = None,
        model: str | None = None,
        system: str | None = None,
        concurrency: int = 8,
        max_cost: Decimal | float | str | None = None,
        resume: str | Path | bool | None = None,
        **parameters: Json,
    ) -> Any:
        """One prompt for every row of a table: see `Mesh.map`. Nothing is shown."""
        plan = await self.plan_map(
            data, template, schema=schema, model=model, system=system, concurrency=concurrency,
            max_cost=max_cost, resume=resume, parameters=parameters,
        )  # fmt: skip
        async with aclosing(plan.mapping.run(plan.estimate)) as done:
            async for _ in done:
                pass
        return plan.table()

    async def plan_map(
        self,
        data: Any,
        template: str,
        *,
        schema: object,
        model: str | None,
        system: str | None,
        concurrency: int,
        max_cost: Decimal | float | str | None,
        resume: str | Path | bool | None,
        parameters: JsonObject,
        purpose: str | None = None,
        tags: Mapping[str, Json] | None = None,
        cache: bool = True,
    ) -> Plan:
        """A mapping that is ready to begin, with its estimate; no row has been sent."""
        from .plan import plan_mapping

        call = ChatCall(
            model=model or await self.default_model(),
            messages=(),
            parameters=parameters,
            document=self.own_document,
            purpose=purpose or self.purpose,
            tags=tags,
            cache=cache,
        )
        return await plan_mapping(
            self.transport, data, template, call, system=system, schema=schema,
            concurrency=concurrency, max_cost=_dollars(max_cost), resume=resume,
        )  # fmt: skip

    async def prepare(
        self,
        prompt: Prompt,
        *,
        model: str | None = None,
        system: str | None = None,
        images: Iterable[object] = (),
        thread: str | None = None,
        max_cost: Decimal | float | str | None = None,
        purpose: str | None = None,
        tags: Mapping[str, Json] | None = None,
        cache: bool = True,
        **parameters: Json,
    ) -> ChatCall:
        """The call that `ask` would make, within its cost limit; nothing is sent to a model."""
        earlier = (
            self.threads.messages(self.document, thread, _RECALLED_EXCHANGES) if thread else ()
        )
        call = ChatCall(
            model=model or await self.default_model(),
            messages=messages_of(prompt, system=system, images=images, earlier=earlier),
            parameters={name: value for name, value in parameters.items() if value is not None},
            document=self.own_document,
            purpose=purpose or self.purpose,
            thread=thread,
            tags=tags,
            cache=cache,
        )
        limit = _dollars(max_cost)
        if limit is None:
            return call
        from .affordable import within

        return await within(self.api, call, limit)

    @property
    def document(self) -> str | None:
        """The notebook that calls are attributed to: the one given, else the one running."""
        return self.own_document or current_notebook().document

    async def default_model(self) -> str:
        """The notebook's model, else the caller's default at the gateway (kept for 30 seconds).

        Raises:
            MeshClientError: Neither is set (`invalid_argument`).
        """
        if model := current_notebook().model:
            return model
        model, until = self._default_model
        contact = "an admin of this mesh"
        if model is None or time.monotonic() > until:
            me = await self.api.me()
            model, contact = me.default_model, me.admin_contact or contact
            self._default_model = model, time.monotonic() + _DEFAULT_MODEL_SECONDS
        if model is None:
            raise MeshClientError(
                "Name a model: `%llm list` or `connect().models()` shows those open to you; "
                f"where there is none, ask {contact} to open one.",
                code="invalid_argument",
            )
        return model

    def openai(self, **options: Any) -> AsyncOpenAI:
        """An `openai.AsyncOpenAI` that talks to the mesh."""
        from .openai_clients import async_openai_client

        return async_openai_client(self.endpoint, **options)

    async def aclose(self) -> None:
        """Close the connections."""
        await self.transport.aclose()

    async def __aenter__(self) -> AsyncMesh:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()


def _dollars(amount: Decimal | float | str | None) -> Decimal | None:
    if amount is None:
        return None
    try:
        limit = Decimal(str(amount).removeprefix("$"))
    except InvalidOperation:
        limit = Decimal("NaN")
    if not limit.is_finite() or limit < 0:
        raise MeshClientError(
            f"max_cost takes an amount in USD such as 0.05, not {amount!r}.",
            code="invalid_argument",
        )
    return limit
