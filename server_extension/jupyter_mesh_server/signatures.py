"""What a vendor wants to have back beside a call of a tool or beside words, on its way through APIs
that have no field for it.

Google signs the calls of its models and wants the signatures back (`extra_content`, where its own
endpoint of OpenAI's shape puts them). Clients of the Responses API and of Anthropic's hand back
thoughts as they came, so a signature goes as a thought of which nothing is shown.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from jupyter_mesh.schemas.json import Json, JsonObject, as_object, as_str

FIELD = "extra_content"


def signature_of(said: JsonObject, call_id: str | None = None) -> JsonObject | None:
    """What stands beside a call, or beside what is said; None: nothing.

    Args:
        said: The call, or the words.
        call_id: Of the call.
    """
    extra = as_object(said.get(FIELD))
    if not extra:
        return None
    return {FIELD: extra} if call_id is None else {FIELD: extra, "call_id": call_id}


def signed(message: JsonObject, signatures: Iterable[Json]) -> None:
    """Put them back beside what they belong to, in a message of a chat.

    Args:
        message: Of the model.
        signatures: As `signature_of` made them.
    """
    beside = _by_call(signatures)
    if (extra := beside.pop(None, None)) is not None:
        message[FIELD] = extra
    calls = message.get("tool_calls")
    if beside and isinstance(calls, list):
        message["tool_calls"] = [_signed_call(call, beside) for call in calls]


def _by_call(signatures: Iterable[Json]) -> dict[str | None, Json]:
    objects = (as_object(one) or {} for one in signatures)
    return {as_str(one.get("call_id")): one.get(FIELD) for one in objects}


def _signed_call(call: Json, beside: Mapping[str | None, Json]) -> Json:
    name = as_str(call.get("id")) if isinstance(call, dict) else None
    if name is None or name not in beside or not isinstance(call, dict):
        return call
    return {**call, FIELD: beside[name]}
