"""The client for everyday code: it blocks, and can be interrupted. A thin face of `AsyncMesh`."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Mapping
from contextlib import closing
from decimal import Decimal
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..schemas.json import Json
from .answer import Answer
from .async_mesh import AsyncMesh
from .call import Prompt
from .chat import AsyncAnswerStream
from .endpoint import find_endpoint
from .loop import background
from .openai_clients import openai_client
from .progress import Progress
from .tables import ModelList

if TYPE_CHECKING:
    from openai import AsyncOpenAI, OpenAI

    from ..schemas.api import BudgetStatus, CostSummary, Me
    from .plan import Plan


def connect(
    url: str | None = None,
    token: str | None = None,
    *,
    document: str | None = None,
    purpose: str | None = None,
) -> Mesh:
    """A client of the gateway of this notebook, hub or environment.

    Args:
        url: Its base, ending with `/mesh/`; by default JUPYTER_MESH_URL, else this hub server's.
        token: By default JUPYTER_MESH_TOKEN, else the hub's.
        document: Notebook or script that calls are attributed to; by default the running notebook.
        purpose: What the calls are for; by default the notebook's.

    Raises:
        MeshClientError: No gateway is known (`gateway_not_found`). Nothing is sent yet.
    """
    endpoint = find_endpoint(url, token)
    return Mesh(AsyncMesh(endpoint, document=document, purpose=purpose))


class Mesh:
    """One gateway. Every method that calls it raises `MeshClientError` when the call fails.

    Attributes:
        async_: The same for asyncio.
    """

    def __init__(self, mesh: AsyncMesh) -> None:
        self._mesh = mesh
        self.async_ = AsyncMesh(
            mesh.endpoint, document=mesh.own_document, purpose=mesh.purpose, threads=mesh.threads
        )
        self._last_plan: Plan | None = None

    def ask(
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
        """The whole answer to one prompt.

        Args:
            prompt: A question, or messages in OpenAI's shape.
            model: Model or alias; by default the notebook's, else yours at the gateway.
            system: System prompt.
            schema: A pydantic model, dataclass or JSON schema; the answer is validated into
                `Answer.data`, with one repair attempt.
            images: Paths, bytes, Pillow images or matplotlib figures to send along.
            thread: Name of a conversation: what was said in it is sent along and remembered.
            max_cost: USD; refused when the prompt costs more, else the output is limited.
            purpose: What the call is for.
            tags: Recorded with the call.
            cache: False: do not answer from the gateway's cache.
            **parameters: Passed on to the model, such as `temperature` or `max_tokens`.
        """
        work = self._mesh.ask(
            prompt, model=model, system=system, schema=schema, images=images, thread=thread,
            max_cost=max_cost, purpose=purpose, tags=tags, cache=cache, **parameters,
        )  # fmt: skip
        return background.run(work)

    def stream(
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
    ) -> AnswerStream:
        """The answer's text as it arrives; leaving the loop stops the call upstream.

        Arguments are those of `ask`.
        """
        work = self._mesh.stream(
            prompt, model=model, system=system, images=images,
            max_cost=max_cost, purpose=purpose, tags=tags, cache=cache, **parameters,
        )  # fmt: skip
        return AnswerStream(background.run(work))

    def map(
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
        progress: bool = True,
        purpose: str | None = None,
        tags: Mapping[str, Json] | None = None,
        cache: bool = True,
        **parameters: Json,
    ) -> Any:
        """One prompt for every row of a table, several at a time; the probable cost is shown first.

        A row that fails keeps its reason in the column `error`; the others go on. An interrupt
        keeps what is done in `last_map`, and in the journal if there is one.

        Args:
            data: A DataFrame, a Series or a list (of dictionaries, or of plain values).
            template: `{{column}}` stands for the row's value; `{{value}}` for an item of a Series
                or of a list of plain values.
            schema: As for `ask`: its fields become columns. Without one, a column `answer`.
            model: As for `ask`.
            system: As for `ask`.
            concurrency: Rows under way at a time.
            max_cost: USD at which no further row is sent. Rows under way are counted as the
                average so far, so it may be passed by what those rows cost above it.
            resume: A file that keeps each row's result; run again with the same file, only rows
                that are missing or failed are sent. True: `.jupyter_mesh/map-….jsonl` here.
            progress: Whether to show the estimate and how far it is.
            purpose: As for `ask`.
            tags: As for `ask`.
            cache: As for `ask`.
            **parameters: As for `ask`.

        Returns:
            For a DataFrame or Series a DataFrame with the same index and the columns added
            (`answer` or the schema's fields, `error`, `cost_usd` as exact Decimal, `model`); for
            a list a list of dictionaries.
        """
        plan = self._mesh.plan_map(
            data, template, schema=schema, model=model, system=system, concurrency=concurrency,
            max_cost=max_cost, resume=resume, purpose=purpose, tags=tags, cache=cache,
            parameters=parameters,
        )  # fmt: skip
        self._last_plan = background.run(plan)
        return _carry_out(self._last_plan, shown=progress)

    @property
    def last_map(self) -> Any:
        """The table of the latest `map`, also when it was interrupted; None before the first."""
        return None if self._last_plan is None else self._last_plan.table()

    def models(self) -> ModelList:
        """Models and aliases open to you, with price, context and measured speed."""
        return ModelList(background.run(self._mesh.api.models()).models)

    def cost(self, document: str | None = None) -> CostSummary:
        """What this notebook (or `document`), today and this month have cost."""
        return background.run(self._mesh.api.costs(document))

    def budget(self) -> list[BudgetStatus]:
        """The budgets that apply to you."""
        return background.run(self._mesh.api.budgets())

    def me(self) -> Me:
        """Who you are to the gateway."""
        return background.run(self._mesh.api.me())

    def openai(self, **options: Any) -> OpenAI:
        """An `openai.OpenAI` that talks to the mesh; `options` are its own."""
        return openai_client(self._mesh.endpoint, **options)

    def async_openai(self, **options: Any) -> AsyncOpenAI:
        """An `openai.AsyncOpenAI` that talks to the mesh; `options` are its own."""
        return self._mesh.openai(**options)

    @property
    def widgets(self) -> Any:
        """`chat()`, `compare()`, `cost()` and `models()`, for notebooks."""
        # By name: widgets stand on this client, so it must not import them.
        return import_module("jupyter_mesh.kernel.widgets").Widgets(self._mesh)

    def close(self) -> None:
        """Close the connections."""
        background.run(self._mesh.aclose())

    def __enter__(self) -> Mesh:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<Mesh {self._mesh.endpoint.shown}>"


class AnswerStream:
    """Text as it arrives; afterwards, `answer` is the whole of it."""

    def __init__(self, stream: AsyncAnswerStream) -> None:
        self._stream = stream

    @property
    def answer(self) -> Answer:
        """What there is so far; complete when the iteration has ended."""
        return self._stream.answer

    def __iter__(self) -> Generator[str, None, None]:
        with closing(background.batches(aiter(self._stream), every=0)) as batches:
            for batch in batches:
                yield "".join(batch)


def _carry_out(plan: Plan, *, shown: bool) -> Any:
    mapping = plan.mapping
    total = len(plan.rows)
    progress = Progress(str(plan.estimate), total, shown=shown)
    last_word = "Interrupted: run it again with the same `resume` to go on."
    try:
        progress.update(total - len(mapping.pending), mapping.failed, mapping.spent)
        source = mapping.run(plan.estimate)
        with closing(background.batches(source, every=0.25)) as batches:
            for _ in batches:
                progress.update(total - len(mapping.pending), mapping.failed, mapping.spent)
        last_word = f"Stopped: {mapping.stopped}" if mapping.stopped else None
    finally:
        progress.end(last_word)
    return plan.table()
