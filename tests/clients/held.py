"""Every answer and every event of `/v1/responses` that passes, held to the schemas: of OpenAI's own
client, and of the Open Responses specification, which wants more fields to be there.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import httpx
from openai.types.responses import Response, ResponseStreamEvent
from pydantic import TypeAdapter, ValidationError

EVENT: TypeAdapter[Any] = TypeAdapter(ResponseStreamEvent)
NUMBER = (int, float)
TEXT_OR_NONE = (str, type(None))
OBJECT_OR_NONE = (dict, type(None))
COUNT_OR_NONE = (int, type(None))

Fields = Mapping[str, Any]
"""Names of fields that must be there, and what they may be."""

RESPONSE: Fields = {
    "id": str, "object": str, "created_at": int, "completed_at": COUNT_OR_NONE, "status": str,
    "incomplete_details": OBJECT_OR_NONE, "model": str, "previous_response_id": TEXT_OR_NONE,
    "instructions": TEXT_OR_NONE, "output": list, "error": OBJECT_OR_NONE, "tools": list,
    "tool_choice": (str, dict), "truncation": str, "parallel_tool_calls": bool, "text": dict,
    "top_p": NUMBER, "presence_penalty": NUMBER, "frequency_penalty": NUMBER, "top_logprobs": int,
    "temperature": NUMBER, "reasoning": OBJECT_OR_NONE, "user": TEXT_OR_NONE,
    "usage": OBJECT_OR_NONE, "max_output_tokens": COUNT_OR_NONE, "max_tool_calls": COUNT_OR_NONE,
    "store": bool, "background": bool, "service_tier": str, "metadata": dict,
    "safety_identifier": TEXT_OR_NONE, "prompt_cache_key": TEXT_OR_NONE,
}  # fmt: skip
USAGE: Fields = {
    "input_tokens": int, "output_tokens": int, "total_tokens": int,
    "input_tokens_details": dict, "output_tokens_details": dict,
}  # fmt: skip
FUNCTION: Fields = {
    "type": str, "name": str, "description": TEXT_OR_NONE, "parameters": OBJECT_OR_NONE,
    "strict": (bool, type(None)),
}  # fmt: skip
ITEMS: Mapping[str, Fields] = {
    "message": {"id": str, "status": str, "role": str, "content": list},
    "function_call": {"id": str, "call_id": str, "name": str, "arguments": str, "status": str},
    "reasoning": {"id": str, "summary": list},
}
PARTS: Mapping[str, Fields] = {
    "output_text": {"text": str, "annotations": list, "logprobs": list},
    "refusal": {"refusal": str},
    "reasoning_text": {"text": str},
}
_IN_ITEM: Fields = {"item_id": str, "output_index": int}
_IN_PART: Fields = {**_IN_ITEM, "content_index": int}
_ITEM: Fields = {"output_index": int, "item": dict}
EVENTS: Mapping[str, Fields] = {
    **{
        f"response.{status}": {"response": dict}
        for status in ("created", "in_progress", "completed", "incomplete", "failed")
    },
    "response.output_item.added": _ITEM,
    "response.output_item.done": _ITEM,
    "response.content_part.added": {**_IN_PART, "part": dict},
    "response.content_part.done": {**_IN_PART, "part": dict},
    "response.output_text.delta": {**_IN_PART, "delta": str, "logprobs": list},
    "response.output_text.done": {**_IN_PART, "text": str, "logprobs": list},
    "response.refusal.delta": {**_IN_PART, "delta": str},
    "response.refusal.done": {**_IN_PART, "refusal": str},
    "response.reasoning_text.delta": {**_IN_PART, "delta": str},
    "response.reasoning_text.done": {**_IN_PART, "text": str},
    "response.function_call_arguments.delta": {**_IN_ITEM, "delta": str},
    "response.function_call_arguments.done": {**_IN_ITEM, "arguments": str},
    "error": {"message": str, "code": TEXT_OR_NONE, "param": TEXT_OR_NONE},
}
LAST = {"response.completed", "response.incomplete", "response.failed"}


class Held(httpx.BaseTransport):
    """Passes requests on and notes what is wrong with the answers.

    Attributes:
        problems: What is wrong, in words.
        answers: How many whole answers passed.
        kinds: The types of the events that passed.
    """

    def __init__(self) -> None:
        self._inner = httpx.HTTPTransport()
        self.problems: list[str] = []
        self.answers = 0
        self.kinds: set[str] = set()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        request.headers["Accept-Encoding"] = "identity"
        response = self._inner.handle_request(request)
        if response.status_code == 200 and request.url.path.endswith("/v1/responses"):
            assert isinstance(response.stream, httpx.SyncByteStream)
            typed = response.headers["content-type"].startswith("text/event-stream")
            response.stream = _Noted(response.stream, self.take_events if typed else self.take)
        return response

    def close(self) -> None:
        self._inner.close()

    def take(self, body: bytes) -> None:
        """A whole answer."""
        self.answers += 1
        self._hold(json.loads(body))

    def take_events(self, body: bytes) -> None:
        """A stream, or as much of it as the client has read."""
        *frames, rest = body.decode().split("\n\n")
        events = [self._event(frame) for frame in frames]
        numbers = [event.get("sequence_number") for event in events]
        self._check(numbers == list(range(len(events))), "sequence numbers", numbers)
        kinds = [event["type"] for event in events]
        self._check(kinds[:2] == ["response.created", "response.in_progress"], "start", kinds)
        self._check(not rest and kinds[-1] in LAST, "end", kinds[-1:])
        self._check(len(LAST & set(kinds)) == 1, "one end", kinds)
        self._added_before_done(events)

    def _event(self, frame: str) -> Any:
        name, data = frame.split("\n", 1)
        event = json.loads(data.removeprefix("data: "))
        kind = event["type"]
        self.kinds.add(kind)
        self._check(name == f"event: {kind}", "name of the frame", name)
        self._fields(event, EVENTS.get(kind), kind)
        try:
            EVENT.validate_python(event, strict=True)
        except ValidationError as error:
            self.problems.append(f"{kind}: {error}")
        if "response" in event:
            self._hold(event["response"])
        if "item" in event:
            self._item(event["item"])
        if "part" in event:
            self._fields(event["part"], PARTS.get(event["part"]["type"]), "part")
        return event

    def _added_before_done(self, events: list[Any]) -> None:
        open_: dict[str, int] = {}
        for event in events:
            kind = event["type"]
            if kind == "response.output_item.added":
                self._check(event["item"]["id"] not in open_, "added once", event)
                open_[event["item"]["id"]] = event["output_index"]
            elif kind == "response.output_item.done":
                self._check(open_[event["item"]["id"]] == event["output_index"], "place", event)
            elif "item_id" in event:
                self._check(open_.get(event["item_id"]) == event["output_index"], "item", event)
        if events[-1]["type"] == "response.completed":
            output = [item["id"] for item in events[-1]["response"]["output"]]
            self._check(output == list(open_), "output", output)

    def _hold(self, response: Any) -> None:
        self._fields(response, RESPONSE, "response")
        try:
            Response.model_validate(response, strict=True)
        except ValidationError as error:
            self.problems.append(f"response: {error}")
        for item in response.get("output") or []:
            self._item(item)
        for tool in response.get("tools") or []:
            self._fields(tool, FUNCTION, "tool")
        if response.get("usage") is not None:
            self._fields(response["usage"], USAGE, "usage")
        if response.get("status") == "completed":
            self._check(response.get("completed_at") is not None, "when it was completed", response)

    def _item(self, item: Any) -> None:
        self._fields(item, ITEMS.get(item["type"]), item["type"])
        if item["type"] != "function_call":
            for part in item.get("content", []):
                self._fields(part, PARTS.get(part["type"]), part["type"])

    def _fields(self, held: Any, wanted: Fields | None, where: str) -> None:
        if wanted is None:
            self.problems.append(f"{where} is unknown")
            return
        for name, kinds in wanted.items():
            right = name in held and isinstance(held[name], kinds)
            if isinstance(held.get(name), bool):  # which Python takes for a number
                right = right and kinds in (bool, (bool, type(None)))
            self._check(right, f"{where}.{name}", held.get(name, "missing"))

    def _check(self, right: bool, what: str, found: Any) -> None:
        if not right:
            self.problems.append(f"{what}: {found!r}")


class _Noted(httpx.SyncByteStream):
    def __init__(self, inner: httpx.SyncByteStream, take: Any) -> None:
        self._inner = inner
        self._take = take

    def __iter__(self) -> Iterator[bytes]:
        body = bytearray()
        for chunk in self._inner:
            body += chunk
            yield chunk
        self._take(bytes(body))

    def close(self) -> None:
        self._inner.close()
