"""From a name to the candidates that may answer, frozen in the call. Fails closed."""

from __future__ import annotations

from functools import partial

from ..errors import ContextTooLong, InvalidRequest, ModelNotFound, NotPermitted
from ..schemas.events import Events
from ..schemas.json import JsonObject
from ..schemas.request import Operation
from ..schemas.tokens import file_tokens_bound, plain_tokens_bound, read_at_once_bound
from .call import Call
from .judged_texts import texts_to_judge
from .needs import who_can, with_what_it_needs
from .off_loop import off_loop, size_of
from .snapshot import Candidate
from .step import Next, Step


class Resolve(Step):
    """Sets `call.candidates`: those that can do the operation and hold the prompt."""

    async def __call__(self, call: Call, next: Next) -> Events:
        await off_loop(size_of(call.request.body), partial(resolve, call))
        return await next(call)


def resolve(call: Call) -> None:
    """Find the candidates this caller may use now.

    Raises:
        ModelNotFound: Nothing stands behind the name any more.
        NotPermitted: What does is open to the caller for other purposes only.
        InvalidRequest: No candidate offers this operation.
        UnsupportedParameter: None can take what the request holds: pictures, sound, tools.
        ContextTooLong: The prompt fits none of them.
    """
    request = call.request
    snapshot = call.snapshot
    if request.operation is Operation.MODERATION:
        texts_to_judge(request)  # what nobody can judge is refused before anybody is asked
        own = snapshot.judging(request.model, call.principal)
        behind = () if own is None else (own,)
    elif call.guarded:
        behind = snapshot.candidates(request.model, call.principal)
    else:  # the mesh's own: Authorize lets it use models marked `internal`, and those only
        behind = snapshot.behind(request.model)
    if not behind:
        raise ModelNotFound(
            f"{request.model!r} has no model behind it at the moment; ask an admin to check it.",
            param="model",
        )
    if snapshot.by_purpose and call.guarded and request.operation is not Operation.MODERATION:
        behind = _for_its_purpose(call, behind)
    able = tuple([one for one in behind if request.operation in one.facts.operations])
    if not able:
        offered = sorted({operation.value for one in behind for operation in one.facts.operations})
        who = who_can(call, lambda facts: request.operation in facts.operations)
        raise InvalidRequest(
            f"{request.model!r} does {', '.join(offered)}, not {request.operation.value}. {who}",
            param="model",
        )
    able = with_what_it_needs(call, able)
    call.input_bound = plain_tokens_bound(request)
    # The bound is 1.5 times the estimate: refuse only what is too long beyond doubt, the provider
    # knows exactly.
    reads = call.input_bound if request.operation is Operation.CHAT else read_at_once_bound(request)
    surely = reads // 2
    fitting = tuple(
        [one for one in able if not one.facts.context_window or surely <= one.facts.context_window]
    )
    if not fitting:
        widest = max(one.facts.context_window or 0 for one in able)
        raise ContextTooLong(
            f"The prompt has at least {surely} tokens; {request.model!r} holds {widest}. Shorten "
            "it or choose a model with a larger context.",
            param="messages",
        )
    if len(fitting) < len(able):
        for one in able:
            if one not in fitting:
                _skip(call, one, surely)
    call.candidates = fitting
    if files := file_tokens_bound(request):
        windows = [one.facts.context_window or files for one in fitting]
        call.input_bound += min(files, max(windows))  # no model reads more than it holds


def _for_its_purpose(call: Call, behind: tuple[Candidate, ...]) -> tuple[Candidate, ...]:
    """Those that are open to the caller for what the call is for."""
    purposes = {one.id: call.snapshot.purposes_of(one.facts, call.groups) for one in behind}
    left = tuple(one for one in behind if not purposes[one.id] or call.purpose in purposes[one.id])
    if left:
        return left
    listed = ", ".join(dict.fromkeys(name for names in purposes.values() for name in names))
    name = call.request.model
    if call.purpose is None:
        raise NotPermitted(f"Name a purpose: {name!r} is open to you for {listed} only.")
    raise NotPermitted(
        f"{name!r} is not open to you for {call.purpose[:80]!r}, but for {listed} only."
    )


def _skip(call: Call, candidate: Candidate, tokens: int) -> None:
    """Put down why a model was not even asked that stands behind the name."""
    reason = (
        f"{candidate.id} was not asked: the prompt has at least {tokens} tokens, it holds "
        f"{candidate.facts.context_window}."
    )
    attempt: JsonObject = {"model": candidate.id, "code": ContextTooLong.code, "message": reason}
    call.report.attempts.append(attempt)
    call.notice("context_skipped", reason)
