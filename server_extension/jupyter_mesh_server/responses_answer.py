"""A chat answer as a response: its items, and the typed events by which they come.

Source: OpenAI API reference, "The response object" and "Streaming events"; the Open Responses
specification.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Literal, TypeAlias

from jupyter_mesh.schemas.json import Json, JsonObject, as_list, as_object, as_str, dig
from jupyter_mesh.schemas.spend import Usage

from .json_body import sealed
from .responses_items import Item, part_of, tool_of, usage_json
from .signatures import signature_of

Status: TypeAlias = Literal["in_progress", "completed", "incomplete", "failed"]
_INCOMPLETE = {"length": "max_output_tokens", "content_filter": "content_filter"}
_ECHOED: JsonObject = {
    "frequency_penalty": 0.0,
    "instructions": None,
    "max_output_tokens": None,
    "max_tool_calls": None,
    "metadata": {},
    "parallel_tool_calls": True,
    "presence_penalty": 0.0,
    "prompt_cache_key": None,
    "reasoning": None,
    "safety_identifier": None,
    "service_tier": "default",
    "temperature": 1.0,
    "text": {"format": {"type": "text"}},
    "tool_choice": "auto",
    "tools": [],
    "top_logprobs": 0,
    "top_p": 1.0,
    "truncation": "disabled",
    "user": None,
}
"""Fields of the request that stand in the answer, and what they are when nothing was said; the Open
Responses specification wants each of them.
"""


class Response:
    """One response, from the chunks of a chat answer.

    Args:
        body: Of the request, in the shape of the Responses API.
        call_id: From which ids are made.
    """

    def __init__(self, body: JsonObject, call_id: str) -> None:
        self._body = body
        self._id = call_id
        self._created = int(time.time())
        self._model = as_str(body.get("model")) or ""
        self._items: list[Item] = []
        self._open: Item | None = None
        self._part = ""
        self._calls: dict[int, Item] = {}
        self._calling: list[Item] = []
        self._details: list[Json] = []
        self._reason: str | None = None
        self._number = 0

    def begin(self) -> list[JsonObject]:
        """The events before anything is said."""
        return [
            self._event("response.created", response=self.as_json("in_progress")),
            self._event("response.in_progress", response=self.as_json("in_progress")),
        ]

    def take(self, chunk: JsonObject) -> list[JsonObject]:
        """The events in a chunk of the answer."""
        self._model = as_str(chunk.get("model")) or self._model
        choice = as_object(dig(chunk, "choices", 0)) or {}
        delta = as_object(choice.get("delta")) or {}
        self._reason = as_str(choice.get("finish_reason")) or self._reason
        events: list[JsonObject] = []
        thought = as_str(delta.get("reasoning_content")) or as_str(delta.get("reasoning"))
        if thought:
            events += self._say("reasoning", "reasoning_text", thought)
        if details := as_list(delta.get("reasoning_details")):
            events += self._keep(details)
        if text := as_str(delta.get("content")):
            logprobs = as_list(dig(choice, "logprobs", "content")) or []
            events += self._say("message", "output_text", text, logprobs)
        if refusal := as_str(delta.get("refusal")):
            events += self._say("message", "refusal", refusal)
        if (signature := signature_of(delta)) is not None:
            events += self._hide(signature)
        for call in as_list(delta.get("tool_calls")) or []:
            events += self._call(as_object(call) or {})
        return events

    def end(self, usage: Usage | None) -> list[JsonObject]:
        """The events after everything is said, the whole response in the last of them."""
        events = [*self._close(), *self._close_calls()]
        status: Status = "incomplete" if self._reason in _INCOMPLETE else "completed"
        events.append(self._event(f"response.{status}", response=self.as_json(status, usage)))
        return events

    def fail(self, error: JsonObject) -> list[JsonObject]:
        """The events of a call that failed after its first byte.

        Args:
            error: `message`, `code` and `param` of the error's body.
        """
        told: JsonObject = {
            "message": error.get("message"),
            "code": error.get("code"),
            "param": error.get("param"),
        }
        limited = "limit" in (as_str(error.get("code")) or "")
        reason: JsonObject = {
            "code": "rate_limit_exceeded" if limited else "server_error",
            "message": error.get("message"),
        }
        failed = {**self.as_json("failed"), "error": reason}
        return [self._event("error", **told), self._event("response.failed", response=failed)]

    def as_json(self, status: Status, usage: Usage | None = None) -> JsonObject:
        """The response object."""
        echoed = {
            name: self._body[name] if self._body.get(name) is not None else default
            for name, default in _ECHOED.items()
        }
        echoed["tools"] = [tool_of(tool) for tool in as_list(echoed["tools"]) or []]
        if (reasoning := as_object(echoed["reasoning"])) is not None:
            echoed["reasoning"] = {"effort": None, "summary": None, **reasoning}
        why = _INCOMPLETE.get(self._reason or "")
        return {
            "id": f"resp_{self._id}",
            "object": "response",
            "created_at": self._created,
            "completed_at": int(time.time()) if status == "completed" else None,
            "background": False,
            "status": status,
            "error": None,
            "incomplete_details": {"reason": why} if status == "incomplete" else None,
            "model": self._model,
            "output": [item.data for item in self._items],
            "previous_response_id": None,
            "store": False,
            **echoed,
            "usage": None if usage is None else usage_json(usage),
        }

    def _say(
        self, kind: str, part: str, text: str, logprobs: list[Json] | None = None
    ) -> Iterator[JsonObject]:
        if self._open is None or self._open.kind != kind or self._part != part:
            yield from self._close()
            yield from self._begin_text(kind, part)
        item = self._open
        assert item is not None
        item.said.append(text)
        item.logprobs += logprobs or []
        told: JsonObject = {"logprobs": [*logprobs] if logprobs else []}
        yield self._event(
            f"response.{part}.delta",
            item_id=item.id,
            output_index=item.place,
            content_index=0,
            delta=text,
            **(told if part == "output_text" else {}),
        )

    def _begin_text(self, kind: str, part: str) -> Iterator[JsonObject]:
        if kind == "message":
            data: JsonObject = {"type": kind, "role": "assistant", "content": []}
            item = self._add({**data, "id": f"msg_{self._id}_{len(self._items)}"})
        else:
            data = {"type": kind, "summary": [], "content": []}
            item = self._add({**data, "id": f"rs_{self._id}_{len(self._items)}"})
        self._open, self._part = item, part
        yield self._event("response.output_item.added", output_index=item.place, item=item.data)
        yield self._part_event("added", item, part_of(part, "", []))

    def _call(self, piece: JsonObject) -> Iterator[JsonObject]:
        number = piece.get("index")
        number = number if isinstance(number, int) else len(self._calls)
        item = self._calls.get(number)
        call_id = as_str(piece.get("id")) or f"call_{self._id}_{number}"
        if item is not None:
            call_id = as_str(item.data["call_id"]) or call_id
        if (signature := signature_of(piece, call_id)) is not None:
            yield from self._hide(signature)
        if item is None:
            yield from self._close()
            data: JsonObject = {
                "type": "function_call",
                "id": f"fc_{self._id}_{len(self._items)}",
                "call_id": call_id,
                "name": as_str(dig(piece, "function", "name")) or "",
                "arguments": "",
            }
            item = self._calls[number] = self._add(data)
            self._calling.append(item)
            yield self._event("response.output_item.added", output_index=item.place, item=item.data)
        if arguments := as_str(dig(piece, "function", "arguments")):
            item.said.append(arguments)
            yield self._event(
                "response.function_call_arguments.delta",
                item_id=item.id,
                output_index=item.place,
                delta=arguments,
            )

    def _add(self, data: JsonObject) -> Item:
        item = Item({**data, "status": "in_progress"}, len(self._items))
        self._items.append(item)
        return item

    def _close(self) -> Iterator[JsonObject]:
        """End the message or thought that is open."""
        item, self._open = self._open, None
        if item is None:
            return
        text = "".join(item.said)
        part = part_of(self._part, text, item.logprobs)
        item.data = {**item.data, "content": [part]}
        told: JsonObject = {"logprobs": item.logprobs}
        yield self._event(
            f"response.{self._part}.done",
            item_id=item.id,
            output_index=item.place,
            content_index=0,
            **{"refusal" if self._part == "refusal" else "text": text},
            **(told if self._part == "output_text" else {}),
        )
        yield self._part_event("done", item, part)
        self._seal_thoughts(item)
        yield self._done(item)

    def _close_calls(self) -> Iterator[JsonObject]:
        """End the calls: not before the end, since a model may mix the pieces of several."""
        for item in self._calling:
            text = "".join(item.said)
            item.data = {**item.data, "arguments": text}
            yield self._event(
                "response.function_call_arguments.done",
                item_id=item.id,
                output_index=item.place,
                arguments=text,
                name=item.data["name"],
            )
            yield self._done(item)

    def _done(self, item: Item) -> JsonObject:
        cut = self._reason in _INCOMPLETE
        item.data = {**item.data, "status": "incomplete" if cut else "completed"}
        return self._event("response.output_item.done", output_index=item.place, item=item.data)

    def _keep(self, details: list[Json]) -> Iterator[JsonObject]:
        """What a model wants to have back of its thoughts: with the one that is open, or alone."""
        if self._open is not None and self._open.kind == "reasoning":
            self._details += details
        else:
            yield from self._hide(details)

    def _hide(self, kept: Json) -> Iterator[JsonObject]:
        """A thought that shows nothing, and comes back as it is."""
        yield from self._close()
        data: JsonObject = {"type": "reasoning", "summary": [], "content": []}
        data["encrypted_content"] = sealed(kept)
        item = self._add({**data, "id": f"rs_{self._id}_{len(self._items)}"})
        yield self._event("response.output_item.added", output_index=item.place, item=item.data)
        yield self._done(item)

    def _seal_thoughts(self, item: Item) -> None:
        """What a model wants to have back of its thoughts, as the client keeps it."""
        if item.kind == "reasoning" and self._details:
            details, self._details = self._details, []
            item.data = {**item.data, "encrypted_content": sealed(details)}

    def _part_event(self, what: str, item: Item, part: JsonObject) -> JsonObject:
        return self._event(
            f"response.content_part.{what}",
            item_id=item.id,
            output_index=item.place,
            content_index=0,
            part=part,
        )

    def _event(self, kind: str, **fields: Json) -> JsonObject:
        number, self._number = self._number, self._number + 1
        return {"type": kind, "sequence_number": number, **fields}
