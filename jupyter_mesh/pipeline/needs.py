"""What a request needs of a model beyond text, and which of the caller's models have it."""

from __future__ import annotations

from collections.abc import Callable

from ..errors import UnsupportedParameter
from ..schemas.catalog import Capability, ModelFacts
from ..schemas.json import JsonObject
from ..schemas.request import Operation
from .call import Call
from .snapshot import Candidate

_PARTS = {
    "image_url": Capability.VISION,
    "input_image": Capability.VISION,
    "input_audio": Capability.AUDIO,
}
_DOING = {
    Capability.VISION: "look at pictures",
    Capability.AUDIO: "listen to sound",
    Capability.TOOLS: "call tools",
}
_PARAMETERS = {
    Capability.VISION: "messages",
    Capability.AUDIO: "messages",
    Capability.TOOLS: "tools",
}
_NONE: frozenset[Capability] = frozenset()
_MOST_NAMED = 5


def needs(body: JsonObject) -> frozenset[Capability]:
    """What a chat request needs."""
    found: set[Capability] = set()
    if (body.get("tools") or body.get("functions")) and body.get("tool_choice") != "none":
        found.add(Capability.TOOLS)
    messages = body.get("messages")
    for message in messages if isinstance(messages, list) else ():
        content = message.get("content") if isinstance(message, dict) else None
        if isinstance(content, list):
            kinds = (part.get("type") for part in content if isinstance(part, dict))
            found.update(_PARTS[kind] for kind in kinds if isinstance(kind, str) and kind in _PARTS)
    return frozenset(found) if found else _NONE


def with_what_it_needs(call: Call, able: tuple[Candidate, ...]) -> tuple[Candidate, ...]:
    """The candidates of which it is not known that they lack something.

    Raises:
        UnsupportedParameter: All of them do; the message names models that do not.
    """
    request = call.request
    if request.operation is not Operation.CHAT or not (wanted := needs(request.body)):
        return able
    left = tuple(one for one in able if not wanted & one.facts.lacks)
    if left:
        for one in able:
            if one not in left:
                _skip(call, one, wanted)
        return left
    missing = min(wanted & able[0].facts.lacks)
    who = who_can(call, lambda facts: wanted <= facts.capabilities)
    raise UnsupportedParameter(
        f"{request.model!r} cannot {_DOING[missing]}. {who}",
        param=_PARAMETERS[missing],
    )


def who_can(call: Call, can: Callable[[ModelFacts], bool]) -> str:
    """A sentence that names models of the caller's of which `can` holds."""
    snapshot = call.snapshot
    open_to = snapshot.visible(call.principal)
    able = sorted(
        (one for name, one in snapshot.models.items() if name in open_to and can(one.facts)),
        key=lambda one: one.id,
    )
    if not able:
        return "None of your models is known to; ask an admin for one that can."
    names = ", ".join(one.id for one in able[:_MOST_NAMED])
    more = f" and {len(able) - _MOST_NAMED} more" if len(able) > _MOST_NAMED else ""
    return f"Of your models these can: {names}{more}."


def _skip(call: Call, candidate: Candidate, wanted: frozenset[Capability]) -> None:
    """Put down why a model was not even asked that stands behind the name."""
    lacking = min(wanted & candidate.facts.lacks)
    reason = f"{candidate.id} was not asked: it cannot {_DOING[lacking]}."
    attempt: JsonObject = {
        "model": candidate.id, "code": UnsupportedParameter.code, "message": reason,
    }  # fmt: skip
    call.report.attempts.append(attempt)
    call.notice("capability_skipped", reason)
