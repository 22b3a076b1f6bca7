"""What the audit keeps of a call's content: unless policy wants all, nothing that a detector finds;
of payloads in no case more than what they are.
"""

from __future__ import annotations

import asyncio
from base64 import b64decode
from collections.abc import Mapping
from hashlib import sha256
from typing import cast

from ..errors import Blocked, ScreeningUnavailable
from ..schemas.json import Json, JsonObject
from ..schemas.record_policy import Kept
from ..schemas.request import Operation, Request
from ..spi.guard import Detector, GuardedCall
from .call import Call
from .chunks import Channel
from .findings import Findings, find, find_in, weight
from .off_loop import off_loop, size_of
from .overlaps import Rank, merged
from .redaction import Placeholders
from .snapshot import covers

_LONG = 65_536
"""Characters of a payload from which on it is summed up in a thread."""
_LEAST_FIRST: tuple[Kept, ...] = ("none", "redacted", "full")
_WITHHELD: JsonObject = {"withheld": "It could not be screened, so it is not kept."}


async def keep_request(
    call: Call, request: Request, found: Findings, rank: Rank = lambda _: 0
) -> None:
    """Hand the audit `request`, which came, with everything in `found` replaced, also what policy
    let pass. Without such: `call.request`, which is sent. Of what overlaps the highest `rank` gives
    the name, so that it has the same as in what was sent.
    """
    if request.token_numbers:
        call.content = dict(_WITHHELD)
        return
    size = max(weight(found), size_of(request.body))
    payloads = (await off_loop(size, lambda: request.contents)).payloads
    spans = await off_loop(
        size, lambda: {t: merged(some, rank, t) for t, some in found.items() if some}
    )
    base = request if spans else call.request
    if not spans and not payloads:
        call.content = base.body
        return
    placeholders = Placeholders(taken=found)
    notes = {payload: await _note(payload) for payload in dict.fromkeys(payloads)}

    def redact(text: str) -> str:
        return placeholders.redact(text, spans[text]) if text in spans else text

    changed = await off_loop(size, lambda: base.change(redact, notes.__getitem__))
    call.content = changed.body


def least_kept(call: Call) -> Kept:
    """Of all models that may answer, the one of which policy keeps least decides."""
    audit = call.snapshot.audit
    found: set[Kept] = set()
    for candidate in call.candidates:
        fitting = (
            one
            for one in audit.content_for
            if covers(one.target, candidate, call.groups, call.principal.application)
        )
        rule = next(fitting, None)
        found.add(rule.keep if rule else audit.content)
    for kept in _LEAST_FIRST:
        if kept in found:
            return kept
    return audit.content


async def keep_in_full(call: Call) -> None:
    """Hand the audit the request as it came; of payloads what they are, not all they hold."""
    call.kept = "full"
    request = call.request
    size = size_of(request.body)
    payloads = (await off_loop(size, lambda: request.contents)).payloads
    if not payloads:
        call.content = request.body
        return
    notes = {payload: await _note(payload) for payload in dict.fromkeys(payloads)}
    changed = await off_loop(size, lambda: request.change(lambda text: text, notes.__getitem__))
    call.content = changed.body


def withhold(call: Call) -> None:
    """Hand the audit nothing of a request that nobody could look through."""
    call.content = dict(_WITHHELD)


async def keep_unscreened(call: Call, detectors: Mapping[str, Detector]) -> None:
    """Hand the audit a request that no rule covers, redacted all the same."""
    try:
        found = await find_in(detectors, call.request, call.id)
    except (Blocked, ScreeningUnavailable):
        call.content = dict(_WITHHELD)
    else:
        await keep_request(call, call.request, found)


async def keep_response(call: Call, detectors: Mapping[str, Detector]) -> None:
    """Hand the audit what came back, kept like the request; once."""
    if call.response is not None or call.content is None:
        return
    if call.request.operation not in (Operation.CHAT, Operation.COMPLETION):
        return
    said = {channel: "".join(pieces) for channel, pieces in call.produced.said.items()}
    if not said:
        return
    if call.kept == "full":
        call.response = _by_choice(said)
        return
    try:
        found = await find(detectors, said.values(), GuardedCall(call.id, call.request))
    except (Blocked, ScreeningUnavailable):
        call.response = dict(_WITHHELD)
        return
    placeholders = Placeholders(taken=found)
    call.response = _by_choice(
        {
            channel: placeholders.redact(text, merged(found[text], text=text))
            for channel, text in said.items()
        }
    )


def _by_choice(said: Mapping[Channel, str]) -> JsonObject:
    """`{"text"}` of an only choice, `{"choices": [{"index", "text"}]}` of several; never the pieces
    of one between those of another, where nobody would recognise what is cut.
    """
    choices: dict[int, str] = {}
    for channel, text in said.items():
        number = cast(int, channel[0])
        choices[number] = choices.get(number, "") + text
    if len(choices) == 1:
        return {"text": next(iter(choices.values()))}
    numbered: list[Json] = [{"index": n, "text": text} for n, text in sorted(choices.items())]
    return {"choices": numbered}


async def _note(payload: str) -> str:
    """`[image/png, 3145728 bytes, sha256 …]`, so that one can tell whether a file is the same."""
    if len(payload) > _LONG:
        return await asyncio.to_thread(_summed_up, payload)
    return _summed_up(payload)


def _summed_up(payload: str) -> str:
    kind, comma, encoded = payload.partition(",")
    media = kind.removeprefix("data:").partition(";")[0] if comma else "base64"
    try:
        data = b64decode(encoded if comma else payload)
    except ValueError:  # no ASCII, or of a length that base64 cannot have
        data = payload.encode()
    return f"[{media}, {len(data)} bytes, sha256 {sha256(data).hexdigest()}]"
