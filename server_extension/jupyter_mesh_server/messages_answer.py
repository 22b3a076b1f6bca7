"""A chat answer as a message of Anthropic's, and the typed events by which it comes.

Source: Anthropic's API reference, "Create a Message" and "Streaming messages".
"""

from __future__ import annotations

from collections.abc import Iterator

import orjson

from jupyter_mesh.schemas.json import Json, JsonObject, as_list, as_object, as_str, dig
from jupyter_mesh.schemas.spend import Usage

from .messages_thoughts import block_of, hidden
from .signatures import signature_of

_REASONS = {
    "stop": "end_turn",
    "length": "max_tokens",
    "tool_calls": "tool_use",
    "function_call": "tool_use",
    "content_filter": "refusal",
}
_DELTAS = {
    "text": ("text_delta", "text"),
    "thinking": ("thinking_delta", "thinking"),
    "tool_use": ("input_json_delta", "partial_json"),
}


class Message:
    """One message, from the chunks of a chat answer.

    Args:
        body: Of the request, in the shape of the Messages API.
        call_id: From which the message's id is made.
    """

    def __init__(self, body: JsonObject, call_id: str) -> None:
        self._id = f"msg_{call_id}"
        self._model = as_str(body.get("model")) or ""
        self._stops = as_list(body.get("stop_sequences")) or []
        self._blocks: list[JsonObject] = []
        self._said: list[str] = []
        self._open = ""
        self._call: int | None = None
        self._call_id = ""
        self._waiting: dict[int, list[JsonObject]] = {}
        self._late: list[JsonObject] = []
        self._reason: str | None = None
        self._stopped: str | None = None
        self._refusal: list[str] = []

    def begin(self) -> list[JsonObject]:
        """The event before anything is said. What the prompt holds is counted at the end."""
        counts: JsonObject = {"input_tokens": 0, "output_tokens": 0}
        return [{"type": "message_start", "message": {**self._frame(), "usage": counts}}]

    def take(self, chunk: JsonObject) -> list[JsonObject]:
        """The events in a chunk of the answer."""
        self._model = as_str(chunk.get("model")) or self._model
        choice = as_object(dig(chunk, "choices", 0)) or {}
        delta = as_object(choice.get("delta")) or {}
        self._reason = as_str(choice.get("finish_reason")) or self._reason
        if (stopped := choice.get("stop_reason")) in self._stops:
            self._stopped = as_str(stopped)
        events: list[JsonObject] = []
        details = [as_object(one) or {} for one in as_list(delta.get("reasoning_details")) or []]
        thought = as_str(delta.get("reasoning_content")) or as_str(delta.get("reasoning"))
        if thought and not any(as_str(one.get("text")) for one in details):
            events += self._say("thinking", thought)
        for detail in details:
            events += self._sign(block_of(detail))
        if text := as_str(delta.get("content")):
            events += self._say("text", text)
        for citation in as_list(delta.get("citations")) or []:
            events += self._cite(citation)
        if refusal := as_str(delta.get("refusal")):
            self._refusal.append(refusal)
        if (signature := signature_of(delta)) is not None:
            events += self._hide(signature)
        for call in as_list(delta.get("tool_calls")) or []:
            events += self._use(as_object(call) or {})
        return events

    def end(self, usage: Usage | None) -> list[JsonObject]:
        """The events after everything is said."""
        counts = usage_json(usage or Usage())
        delta: JsonObject = {"type": "message_delta", "delta": self._ending(), "usage": counts}
        late = [event for one in self._late for event in self._hide(one)]
        before = [*self._use_those_waiting(), *late, *self._close()]
        return [*before, delta, {"type": "message_stop"}]

    def as_json(self, usage: Usage | None) -> JsonObject:
        """The whole message, after `end`."""
        counts = usage_json(usage or Usage())
        return {**self._frame(), "content": [*self._blocks], **self._ending(), "usage": counts}

    def _frame(self) -> JsonObject:
        return {
            "id": self._id,
            "type": "message",
            "role": "assistant",
            "model": self._model,
            "content": [],
            "stop_reason": None,
            "stop_sequence": None,
        }

    def _ending(self) -> JsonObject:
        reason = _REASONS.get(self._reason or "stop", "end_turn")
        if self._stopped is not None and reason == "end_turn":
            reason = "stop_sequence"
        ending: JsonObject = {"stop_reason": reason, "stop_sequence": self._stopped}
        if self._refusal or reason == "refusal":
            explained = "".join(self._refusal) or None
            told: JsonObject = {"type": "refusal", "category": None, "explanation": explained}
            ending["stop_details"] = told
        return ending

    def _say(self, kind: str, text: str) -> Iterator[JsonObject]:
        if self._open != kind:
            empty: JsonObject = {"type": kind, kind: ""}
            if kind == "thinking":
                empty["signature"] = ""
            yield from self._start(kind, empty)
        self._said.append(text)
        name, field = _DELTAS[kind]
        yield self._delta({"type": name, field: text})

    def _sign(self, block: JsonObject) -> Iterator[JsonObject]:
        """A thought that is over: the one that was just shown, or one of which nothing was."""
        if block["type"] == "redacted_thinking":
            yield from self._start("redacted_thinking", block)
        else:
            if self._open != "thinking":
                text = as_str(block.get("thinking")) or ""
                yield from self._say("thinking", text)
            self._blocks[-1]["signature"] = block["signature"]
            yield self._delta({"type": "signature_delta", "signature": block["signature"]})
        yield from self._close()

    def _hide(self, signature: JsonObject) -> Iterator[JsonObject]:
        """What a vendor wants back beside what is said, as a thought that shows nothing."""
        yield from self._start("redacted_thinking", hidden(signature))
        yield from self._close()

    def _cite(self, citation: Json) -> Iterator[JsonObject]:
        if self._open == "text":
            cited = as_list(self._blocks[-1].get("citations")) or []
            self._blocks[-1]["citations"] = [*cited, citation]
            yield self._delta({"type": "citations_delta", "citation": citation})

    def _use(self, piece: JsonObject) -> Iterator[JsonObject]:
        number = piece.get("index")
        number = number if isinstance(number, int) else 0
        if self._open == "tool_use" and number != self._call and not _is_whole("".join(self._said)):
            # Blocks come one after the other, however a model mixes its calls.
            self._waiting.setdefault(number, []).append(piece)
            return
        if self._open != "tool_use" or number != self._call:
            yield from self._start_call(piece, number)
        elif (signature := signature_of(piece, self._call_id)) is not None:
            self._late.append(signature)
        if arguments := as_str(dig(piece, "function", "arguments")):
            self._said.append(arguments)
            yield self._delta({"type": "input_json_delta", "partial_json": arguments})
        if self._waiting and _is_whole("".join(self._said)):
            yield from self._use_those_waiting()

    def _start_call(self, piece: JsonObject, number: int) -> Iterator[JsonObject]:
        self._call = number
        self._call_id = as_str(piece.get("id")) or f"toolu_{self._id}_{number}"
        if (signature := signature_of(piece, self._call_id)) is not None:
            yield from self._hide(signature)
        block: JsonObject = {
            "type": "tool_use",
            "id": self._call_id,
            "name": as_str(dig(piece, "function", "name")) or "",
            "input": {},
        }
        yield from self._start("tool_use", block)

    def _use_those_waiting(self) -> Iterator[JsonObject]:
        waiting, self._waiting = self._waiting, {}
        for pieces in waiting.values():
            yield from self._close()
            for piece in pieces:
                yield from self._use(piece)

    def _start(self, kind: str, block: JsonObject) -> Iterator[JsonObject]:
        yield from self._close()
        self._open = kind
        self._blocks.append(dict(block))
        index = len(self._blocks) - 1
        yield {"type": "content_block_start", "index": index, "content_block": block}

    def _close(self) -> Iterator[JsonObject]:
        """End the block that is open."""
        if not self._open:
            return
        block, said = self._blocks[-1], "".join(self._said)
        if self._open == "tool_use":
            block["input"] = _arguments(said)
        elif self._open in _DELTAS:
            block[self._open] = said
        self._open, self._said = "", []
        yield {"type": "content_block_stop", "index": len(self._blocks) - 1}

    def _delta(self, delta: JsonObject) -> JsonObject:
        index = len(self._blocks) - 1
        return {"type": "content_block_delta", "index": index, "delta": delta}


def _is_whole(text: str) -> bool:
    """Whether the arguments of a tool are all there; one without any has none yet."""
    try:
        orjson.loads(text)
    except orjson.JSONDecodeError:
        return False
    return True


def _arguments(text: str) -> JsonObject:
    """The arguments of a tool, which a model may have broken off."""
    try:
        value = as_object(orjson.loads(text or "{}"))
    except orjson.JSONDecodeError:
        value = None
    return {"INVALID_JSON": text} if value is None else value


def usage_json(usage: Usage) -> JsonObject:
    """Tokens in Anthropic's words: what the cache held stands beside `input_tokens`."""
    hour = usage.cache_write_1h
    lives: JsonObject = {
        "ephemeral_5m_input_tokens": usage.cache_write - hour,
        "ephemeral_1h_input_tokens": hour,
    }
    return {
        "input_tokens": usage.input - usage.cache_read - usage.cache_write,
        "cache_creation_input_tokens": usage.cache_write,
        "cache_read_input_tokens": usage.cache_read,
        "cache_creation": lives,
        "output_tokens": usage.output,
        "output_tokens_details": {"thinking_tokens": usage.reasoning},
    }
