"""Asking: one call, folded into an answer, with a second attempt when a schema was not met."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

from ..schemas.events import Notice
from ..schemas.json import JsonObject
from .answer import Answer
from .call import ChatCall
from .caller import call_finished
from .draft import Draft
from .errors import MeshClientError
from .structured import AnswerInvalid, Shape
from .transport import Reply, Transport

_CHAT = "v1/chat/completions"


def stream_chunks(transport: Transport, call: ChatCall) -> AsyncGenerator[JsonObject, None]:
    """The chunks of a streamed answer; closing the generator stops the call upstream."""
    return transport.stream(_CHAT, body=call.body(stream=True), headers=call.headers())


async def ask(
    transport: Transport, call: ChatCall, draft: Draft, shape: Shape | None = None
) -> Answer:
    """The whole answer, validated when a shape is given.

    Raises:
        MeshClientError: The call failed, a content filter stopped the answer (`content_blocked`),
            or neither attempt fits the shape (`invalid_answer`).
    """
    draft.add_reply(await complete(transport, call))
    if shape is not None:
        try:
            draft.data = value_of(draft, shape)
        except AnswerInvalid as failure:
            second = call.repaired(draft.text, str(failure))
            draft.start_over(repair_notice(failure))
            draft.add_reply(await complete(transport, second))
            try:
                draft.data = value_of(draft, shape)
            except AnswerInvalid as again:
                raise shape.explain_failure(again) from again
    draft.end()
    return draft.answer()


def value_of(draft: Draft, shape: Shape) -> Any:
    """What the answer says in the shape asked for.

    Raises:
        AnswerInvalid: It does not fit.
        MeshClientError: A content filter stopped it (`content_blocked`).
    """
    answer = draft.answer()
    if answer.blocked is not None:
        raise MeshClientError(
            answer.blocked, code="content_blocked", status=400, request_id=answer.request_id
        )
    return shape.parse(answer.text)


def repair_notice(failure: AnswerInvalid) -> Notice:
    """What the person sees of a repair."""
    return Notice("schema_repaired", f"The first answer did not fit the schema: {failure}.")


async def complete(transport: Transport, call: ChatCall) -> Reply:
    """A whole answer, not streamed; it may take as long as the model does."""
    return await transport.call(
        "POST", _CHAT, body=call.body(stream=False), headers=call.headers(), seconds=None
    )


class AsyncAnswerStream:
    """Text as it arrives (`async for`); afterwards, `answer` is the whole of it."""

    def __init__(self, transport: Transport, call: ChatCall, draft: Draft) -> None:
        self._transport = transport
        self._call = call
        self._draft = draft

    @property
    def answer(self) -> Answer:
        """What there is so far; complete when the iteration has ended."""
        return self._draft.answer()

    async def __aiter__(self) -> AsyncGenerator[str, None]:
        try:
            async with aclosing(stream_chunks(self._transport, self._call)) as chunks:
                async for chunk in chunks:
                    if text := self._draft.add(chunk):
                        yield text
            self._draft.end()
        finally:
            call_finished()
