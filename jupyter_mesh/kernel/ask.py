"""Sending a cell: answers grow on screen, and stop when the person says so."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing, closing

from ..client.answer import Answer, Comparison, Format, State
from ..client.call import ChatCall
from ..client.chat import complete, repair_notice, stream_chunks, value_of
from ..client.draft import Draft
from ..client.errors import MeshClientError
from ..client.loop import background
from ..client.structured import AnswerInvalid, Shape
from ..client.threads import Exchange
from ..client.transport import Transport
from ..schemas.json import JsonObject
from .cell import Cell
from .errors import CallStopped
from .frontend import frontend_of
from .near_models import naming_near_models
from .screen import EVERY_SECONDS, Part, Screen
from .session import Session

Arrived = JsonObject | MeshClientError | None
"""A chunk; why the stream failed; or None at its end."""


def ask_cell(session: Session, cell: Cell, format: Format, *, stream: bool) -> Answer | Comparison:
    """Ask every model of the cell and show the answers.

    Returns:
        What was shown; several answers where the cell compares models.

    Raises:
        MeshClientError: The call failed, or one of a comparison; the others are shown and kept.
        CallStopped: The person interrupted.
    """
    drafts = [Draft(call.model, format=format, notices=cell.notices) for call in cell.calls]
    comparison = bool(cell.options.compare)
    frontend = frontend_of(session.shell, session.notebook)
    screen = Screen(session.shell, frontend, drafts, comparison=comparison)
    try:
        screen.show()
        if comparison:
            _ask_all(session, cell.calls, screen)
        else:
            _ask_one(session.mesh.transport, cell.calls[0], cell.shape, screen, stream=stream)
    except MeshClientError as said:
        failure = naming_near_models(session, cell.calls[0].model, said)
        for part in screen.parts:
            part.draft.refuse(failure.request_id)
        _end_all(screen, "error", (failure.code, failure.message))
        raise failure from None
    except KeyboardInterrupt:
        _end_all(screen, "stopped")
        raise CallStopped("Stopped: the call was closed, what came so far is above.") from None
    except Exception:
        _end_all(screen, "error", ("internal", "The magic itself failed."))
        raise
    finally:
        screen.finish()
        shown = _remember(session, cell, screen)
    return shown


def _end_all(screen: Screen, state: State, error: tuple[str, str] | None = None) -> None:
    for part in screen.parts:
        if part.state == "streaming":
            part.end(state, error)


def _remember(session: Session, cell: Cell, screen: Screen) -> Answer | Comparison:
    """Keep what was said, tell the front end, and give it back."""
    answers = Comparison(part.draft.answer() for part in screen.parts)
    shown = answers if cell.options.compare else answers[0]
    if any(answer.text for answer in answers):
        session.last = shown
    if cell.options.out and any(part.state == "done" for part in screen.parts):
        session.shell.push({cell.options.out: shown})
    for answer in answers:
        session.notebooks.tell({"type": "call_finished", "request_id": answer.request_id})
    if isinstance(shown, Answer) and screen.parts[0].state == "done" and not shown.blocked:
        exchange = Exchange(cell.calls[0].messages[-1:], shown.text)
        session.threads.remember(session.document, cell.thread, exchange)
    return shown


def _ask_one(
    transport: Transport, call: ChatCall, shape: Shape | None, screen: Screen, *, stream: bool
) -> None:
    draft = screen.parts[0].draft
    _attempt(transport, call, screen, stream=stream)
    if shape is not None:
        try:
            draft.data = value_of(draft, shape)
        except AnswerInvalid as failure:
            second = call.repaired(draft.text, str(failure))
            draft.start_over(repair_notice(failure))
            _attempt(transport, second, screen, stream=stream)
            try:
                draft.data = value_of(draft, shape)
            except AnswerInvalid as again:
                raise shape.explain_failure(again) from again
    screen.parts[0].end("done")


def _attempt(transport: Transport, call: ChatCall, screen: Screen, *, stream: bool) -> None:
    draft = screen.parts[0].draft
    if not stream:
        draft.add_reply(background.run(complete(transport, call)))
        return
    source = stream_chunks(transport, call)
    with closing(background.batches(source, EVERY_SECONDS)) as batches:
        for batch in batches:
            for chunk in batch:
                draft.add(chunk)
            screen.show()


def _ask_all(session: Session, calls: Sequence[ChatCall], screen: Screen) -> None:
    """Several models at once; one that fails does not take the others with it."""
    transport = session.mesh.transport
    source = _side_by_side([stream_chunks(transport, call) for call in calls])
    with closing(background.batches(source, EVERY_SECONDS)) as batches:
        for batch in batches:
            for index, arrived in batch:
                if isinstance(arrived, MeshClientError):
                    arrived = naming_near_models(session, calls[index].model, arrived)
                _take(screen.parts[index], arrived)
            screen.show()
    failed = [(part.draft.requested_model, *part.error) for part in screen.parts if part.error]
    if not failed:
        return
    model, code, message = failed[0]
    if len(failed) == len(calls):
        raise MeshClientError(f"Every model failed; the first said: {message}", code=code)
    share = f"{len(failed)} of {len(calls)} models failed"
    raise MeshClientError(f"{share}. {model}: {message}", code=code)


def _take(part: Part, arrived: Arrived) -> None:
    if arrived is None:
        part.end("done")
    elif isinstance(arrived, MeshClientError):
        part.draft.refuse(arrived.request_id)
        part.end("error", (arrived.code, arrived.message))
    else:
        part.draft.add(arrived)


async def _side_by_side(
    streams: Sequence[AsyncGenerator[JsonObject, None]],
) -> AsyncGenerator[tuple[int, Arrived], None]:
    """What arrives in any of the streams, with the stream's number."""
    arrivals: asyncio.Queue[tuple[int, Arrived]] = asyncio.Queue()

    async def follow(index: int, stream: AsyncGenerator[JsonObject, None]) -> None:
        end: Arrived = None
        try:
            async with aclosing(stream) as chunks:
                async for chunk in chunks:
                    arrivals.put_nowait((index, chunk))
        except MeshClientError as failure:
            end = failure
        arrivals.put_nowait((index, end))

    tasks = [asyncio.create_task(follow(*numbered)) for numbered in enumerate(streams)]
    try:
        running = len(tasks)
        while running:
            index, arrived = await arrivals.get()
            running -= not isinstance(arrived, dict)
            yield index, arrived
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
